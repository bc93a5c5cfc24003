"""What the engine proposed, and whether the rules allow it. Matching is not done again: the engine's proposals are part of the history."""

from datetime import datetime, timedelta

from tests.model.people import Json, moment
from tests.model.standing import OPEN, Standing


class Disagreement(AssertionError):
    """The engine published what the rules forbid."""


class Proposals(Standing):
    """The model, and the pairings that were proposed."""

    def propose(self, at: datetime, body: Json) -> None:
        """Take in a proposal, or its next version, and say whether the rules allow it."""
        people = tuple(side["person_id"] for side in body["people"])
        known = self.pairs.get(body["pairing_id"])
        if known is not None and known["state"] == "lapsed" and known["since"] == at:
            known["version"] = body["proposal_version"]  # two facts of one instant: the first changed it, the second ended it
            return
        if known is not None:
            _agree(known["state"] == "proposed" and body["proposal_version"] == known["version"] + 1, f"new version of {known}")
            known["version"], known["answers"], known["expires_at"] = body["proposal_version"], {}, moment(body["expires_at"])
            known["proposed_at"], known["told"] = at, {}
            known["senior"] = self._senior(body["programme_id"], people)
            return
        self._check(at, body, people)
        self.pairs[body["pairing_id"]] = {
            "programme_id": body["programme_id"],
            "people": people,
            "version": 1,
            "state": "proposed",
            "since": at,
            "expires_at": moment(body["expires_at"]),
            "answers": {},
            "proposed_at": at,
            "told": {},
            "rests": False,
            "said": {},
            "feedback": {},
            "unwanted_at": None,
            "looking": set(),
            "was": None,
            "away_since": at,
            "away_days": 0,
            "track": str(self.policy[body["programme_id"]].track),
            "senior": self._senior(body["programme_id"], people),
            "is_offered": False,
            "code": None,
            "term": 1,
            "term_at": at,
            "quiet_from": at,
            "sessions": [],
            "continue_needed": False,
            "asked_at": None,
            "conflict_at": None,
        }

    def _senior(self, programme_id: str, people: tuple[str, ...]) -> str:
        """Return the more experienced one; of no meaning among equals."""
        return max(people, key=lambda who: self.enrolled[programme_id, who]["band"] or 0)

    def _check(self, at: datetime, body: Json, people: tuple[str, ...]) -> None:
        programme_id = body["programme_id"]
        policy, pair = self.policy[programme_id], frozenset(people)
        _agree(programme_id not in self.closed | self.halted, f"{programme_id} proposes while it rests")
        _agree(moment(body["expires_at"]) == at + timedelta(days=policy.consent_days), f"expires {body['expires_at']}, made {at}")
        _agree(self.people.conflict(*people, same_manager_allowed=policy.same_manager_allowed) is None, f"a line joins {people}")
        _agree(not self._is_kept_apart(people), f"{people} are excluded or forbidden")
        for who in people:
            enrolled = self.enrolled.get((programme_id, who))
            _agree(enrolled is not None, f"{who} is not enrolled")
            assert enrolled is not None
            _agree(self.people.employment(who) == "active", f"{who} is {self.people.employment(who)}")
            _agree(not enrolled["paused"], f"{who} pauses")
            _agree(who not in self.leaving, f"{who} is leaving")
            landing, rests_until = self._landing(programme_id, who), self.completed.get((programme_id, who))
            _agree(landing is None or landing <= at, f"{who} has just come back")
            rest = timedelta(days=policy.rest_after_days)
            _agree(rests_until is None or policy.repair_at_term_end or at >= rests_until + rest, f"{who} has just completed")
            _agree((programme_id, who) not in self.questioned, f"{who} was asked whether they still take part")
            _agree(self._room(programme_id, who) >= 1, f"{who} has no room")
        pair_now = {"programme_id": programme_id, "people": people, "track": str(policy.track)}
        _agree(self._is_gap_wide(pair_now, {*people}), f"the bands of {people} are too close")
        for past in self.pairs.values():
            if past["programme_id"] == programme_id and frozenset(past["people"]) == pair:
                _agree(past["state"] not in OPEN, f"{people} have an open pairing")
                is_resting = past["state"] == "lapsed" and past["rests"] and at < past["since"] + timedelta(days=policy.lapsed_rest_days)
                is_past = past["state"] != "lapsed" and not policy.past_partner_allowed
                _agree((programme_id, pair) in self.locked or not (is_resting or is_past), f"{people} met before: {past['state']}")


def _agree(holds: bool, what: str) -> None:
    if not holds:
        raise Disagreement(what)
