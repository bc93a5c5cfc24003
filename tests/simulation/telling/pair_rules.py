"""What a story may tell of pairs: answers, how to go on, sessions, feedback."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests import builders
from tests.model.standing import LIVE
from tests.simulation.telling.story import PEOPLE, Telling, has_pairings, picks


class PairRules(Telling):
    """The words of the two of a pair, and of a stranger now and then."""

    @precondition(has_pairings)
    @rule(pick=picks)
    def accept_both(self, pick: int) -> None:
        """A pair begins."""
        for side in (0, 1):
            self.answer(pick, side, "accept", 0)

    @precondition(has_pairings)
    @rule(pick=picks, side=st.integers(0, 2), answer=st.sampled_from(("accept", "accept", "decline")), ahead=st.sampled_from((0, 0, 0, 1)))
    def answer(self, pick: int, side: int, answer: str, ahead: int) -> None:
        """A side answers a version; the third side is a stranger."""
        pairing_id, pair = self._pick(pick, {"proposed"})
        who = (*pair["people"], next(one for one in PEOPLE if one not in pair["people"]))[side]
        version = pair["version"] + ahead
        self._tell(builders.answered(who, self._now(), pairing_id, answer=answer, proposal_version=version))

    @precondition(has_pairings)
    @rule(
        pick=picks,
        side=st.integers(0, 2),
        answer=st.sampled_from(("continue", "continue", "renew", "finish", "end", "rematch", "convert")),
    )
    def go_on(self, pick: int, side: int, answer: str) -> None:
        """A side says how to go on."""
        pairing_id, pair = self._pick(pick, LIVE)
        who = (*pair["people"], next(one for one in PEOPLE if one not in pair["people"]))[side]
        self._tell(builders.continuation_answered(who, self._now(), pairing_id, answer=answer))

    @precondition(has_pairings)
    @rule(pick=picks, is_over=st.booleans())
    def agree(self, pick: int, is_over: bool) -> None:
        """Both say what fits: on with it, or that was it."""
        state = self._pick(pick, LIVE)[1]["state"]
        answer = ("finish" if is_over else "renew") if state == "concluding" else "continue"
        for side in (0, 1):
            self.go_on(pick, side, answer)

    @precondition(has_pairings)
    @rule(pick=picks, teacher=st.integers(0, 1))
    def meet(self, pick: int, teacher: int) -> None:
        """A session like any other."""
        pairing_id, pair = self._pick(pick, {"active", "stalled"})
        number = 10 + len(pair["sessions"])
        self._tell(builders.session_completed(f"s{number}", self._now(), pairing_id, exchanges=[("python", pair["people"][teacher])]))
        self._pass(timedelta(hours=2))

    @precondition(has_pairings)
    @rule(pick=picks, days=st.integers(1, 12), session=st.integers(1, 4), sequence=st.sampled_from((None, None, 1, 2)))
    def book(self, pick: int, days: int, session: int, sequence: int | None) -> None:
        """A session is to take place."""
        pairing_id, _ = self._pick(pick, LIVE)
        starts_at = self.now + timedelta(days=days)
        attributes = {"sequence": sequence}
        self._tell(builders.session_scheduled(f"s{session}", self._now(), pairing_id, starts_at=starts_at, attributes=attributes))

    @precondition(has_pairings)
    @rule(
        pick=picks,
        ago=st.sampled_from((0, 0, 1, 30)),
        session=st.integers(1, 6),
        teachers=st.lists(st.integers(0, 1), max_size=3),
        sequence=st.sampled_from((None, None, 1, 2, 3)),
    )
    def hold(self, pick: int, ago: int, session: int, teachers: list[int], sequence: int | None) -> None:
        """A session was held; the same number again is a double or a correction."""
        pairing_id, pair = self._pick(pick, LIVE)
        exchanges = [("python", pair["people"][teacher]) for teacher in teachers]
        started_at = self._now() - timedelta(hours=ago)
        attributes = {"sequence": sequence}
        self._tell(
            builders.session_completed(
                f"s{session}", self.now, pairing_id, exchanges=exchanges, started_at=started_at, attributes=attributes
            )
        )

    @precondition(has_pairings)
    @rule(pick=picks, session=st.integers(1, 6), sequence=st.sampled_from((None, 1, 2, 4)))
    def call_off(self, pick: int, session: int, sequence: int | None) -> None:
        """A session did not take place after all."""
        pairing_id, _ = self._pick(pick, LIVE)
        self._tell(builders.session_cancelled(f"s{session}", self._now(), pairing_id, attributes={"sequence": sequence}))

    @precondition(has_pairings)
    @rule(
        pick=picks,
        side=st.integers(0, 2),
        fit=st.sampled_from(("good", "not_a_fit")),
        session=st.sampled_from((None, None, 1, 2, 10, 11, 12)),
    )
    def give_feedback(self, pick: int, side: int, fit: str, session: int | None) -> None:
        """A side says how it was; the third one is a stranger."""
        pairing_id, pair = self._pick(pick, LIVE)
        who = (*pair["people"], next(one for one in PEOPLE if one not in pair["people"]))[side]
        about: dict[str, Any] = {} if session is None else {"session_id": f"s{session}"}
        self._tell(builders.feedback_given(who, self._now(), pairing_id, fit=fit, **about))
