"""Invariants of pairings: who may be proposed, which change may follow which, and what a lapse may show."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from math import isqrt
from typing import Final

from tests.model.people import kind_of
from tests.simulation.watching.seen import LIVE, OPEN, Seen
from tests.simulation.watching.watch import Json, Unit

FROM: Final[dict[str, set[str | None]]] = {
    "pairing.proposed": {None, "proposed"},
    "pairing.activated": {"proposed"},
    "pairing.lapsed": {"proposed"},
    "pairing.paused": {"active", "stalled"},
    "pairing.suspended": {"active", "stalled", "paused", "concluding"},
    "pairing.stalled": {"active"},
    "pairing.concluding": {"active"},
    "pairing.renewed": {"concluding"},
    "pairing.converted": {"active"},
    "pairing.completed": {"concluding"},
    "pairing.resumed": {"paused", "suspended", "stalled"},
    "pairing.ended": {*LIVE},
}
"""The table of transitions: a published change → the states it may start from."""
LAPSE_ATTRIBUTES: Final = frozenset(
    {"specversion", "id", "source", "type", "subject", "time", "sequence", "datacontenttype", "dataschema", "dataclassification"}
)
LAPSE_DATA: Final = frozenset({"pairing_id", "programme_id", "people"})


def changes_follow_the_table(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """A published change starts from a state that the table names."""
    kind = kind_of(output)
    if kind in FROM:
        before = seen.state.get(output["data"]["pairing_id"])
        if before not in FROM[kind]:
            yield f"{kind} from {before} ({output['data']['pairing_id']})"


def states_agree_with_changes(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """The compacted topic says what the changes say."""
    if kind_of(output) == "pairing.state":
        expected = seen.state.get(output["data"]["pairing_id"])
        if expected != output["data"]["state"]:
            yield f"state {output['data']['state']} published, changes say {expected} ({output['data']['pairing_id']})"


def lapses_look_alike(_seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """No cause, no actor, no causation: every lapse has the same shape."""
    if kind_of(output) == "pairing.lapsed":
        odd = (set(output) - {"topic", "key", "data"} ^ LAPSE_ATTRIBUTES) | (set(output["data"]) ^ LAPSE_DATA)
        if odd:
            yield f"a lapse shows {sorted(odd)}"


def state_of_a_lapse_tells_no_cause(_seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """The state record of a lapse is as untraceable as the lapse itself."""
    if kind_of(output) == "pairing.state" and output["data"]["state"] == "lapsed" and {"causation", "actor"} & set(output):
        yield f"the state record of a lapse has {sorted({'causation', 'actor'} & set(output))}"


def versions_count_up(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """A changed proposal has the next version."""
    if kind_of(output) == "pairing.proposed":
        data = output["data"]
        if data["proposal_version"] != seen.version.get(data["pairing_id"], 0) + 1:
            yield f"proposal version {data['proposal_version']} after {seen.version.get(data['pairing_id'])}"


def nobody_is_proposed_over_capacity(seen: Seen, output: Json, unit: Unit) -> Iterator[str]:
    """Live pairs and open proposals that take room, this one included, fit the capacity."""
    if kind_of(output) == "pairing.proposed":
        data = output["data"]
        for side in data["people"]:
            enrolled = seen.enrolled.get((data["programme_id"], side["person_id"]))
            if enrolled is None:
                yield f"{side['person_id']} is proposed and not enrolled"
            else:
                others = seen.taking_room(data["programme_id"], side["person_id"], unit.at) - {data["pairing_id"]}
                if len(others) + 1 > min(enrolled.capacity, seen.policy[data["programme_id"]].capacity_max):
                    yield f"{side['person_id']} has {len(others)} pairings and capacity {enrolled.capacity}"


def one_open_pairing_per_pair(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """No two open or live pairings join the same two people in a programme."""
    if kind_of(output) == "pairing.proposed":
        data = output["data"]
        pair = (data["programme_id"], frozenset(side["person_id"] for side in data["people"]))
        if any(seen.state[other] in OPEN for other, who in seen.pair.items() if who == pair and other != data["pairing_id"]):
            yield f"{sorted(pair[1])} are proposed while they have an open pairing"


def proposals_keep_the_hard_rules(seen: Seen, output: Json, unit: Unit) -> Iterator[str]:
    """Employed, present, not paused, not barred, no line of power."""
    if kind_of(output) != "pairing.proposed":
        return
    data = output["data"]
    programme_id, policy = data["programme_id"], seen.policy[data["programme_id"]]
    first, second = (side["person_id"] for side in data["people"])
    pair = (programme_id, frozenset((first, second)))
    for who in (first, second):
        enrolled = seen.enrolled.get((programme_id, who))
        if seen.people.employment(who) != "active":
            yield f"{who} is proposed while {seen.people.employment(who)}"
        if (
            enrolled is not None
            and enrolled.is_paused
            and (enrolled.paused_until is None or unit.at.date() < enrolled.paused_until - timedelta(days=1))
        ):
            yield f"{who} is proposed while pausing"
        if policy.training_required and (programme_id, who) not in seen.trained:
            yield f"{who} is proposed without training"
    if rule := seen.people.conflict(first, second, same_manager_allowed=policy.same_manager_allowed):
        yield f"{first} and {second} are proposed across {rule}"
    if data["proposal_version"] > 1:
        return
    if seen.are_barred(first, second):
        yield f"{first} and {second} are excluded or forbidden"
    if pair not in seen.locked:
        if pair in seen.partners and not policy.past_partner_allowed:
            yield f"{first} and {second} were partners before"
        if unit.at < seen.rests_until.get(pair, unit.at):
            yield f"{first} and {second} rest until {seen.rests_until[pair]}"


def scores_follow_from_their_reasons(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """Anyone can work the published score out from the published reasons."""
    if kind_of(output) != "pairing.proposed":
        return
    data = output["data"]
    score = score_of(data, track=str(seen.policy[data["programme_id"]].track))
    if score != data["score"]:
        yield f"score {data['score']}, reasons give {score} ({data['pairing_id']})"


def score_of(data: Json, *, track: str) -> int:
    """Work out a score in exact fractions."""
    points: dict[str, Fraction] = {side["person_id"]: Fraction(0) for side in data["people"]}
    required: dict[str, bool] = {}
    context = Fraction(70, 100)
    for reason in data["reasons"]:
        params = reason["params"]
        match reason["code"]:
            case "learns_topic":
                who = params["person_id"]
                points[who] = points.get(who, Fraction(0)) + Fraction(params["points"], params["need_points"])
                required[params["person_id"]] = params["is_required"]
            case "shared_hours":
                context += Fraction(int(10 * min(Fraction(params["shared_week_minutes"], 300), Fraction(4)) / 4), 100)
            case "other_department":
                context += Fraction(10, 100)
            case "bridges_bands":
                context += Fraction(5 if params["bands_apart"] == 1 else 10, 100)
    benefits = {who: min(Fraction(1), points[who]) for who in (side["person_id"] for side in data["people"])}
    if track == "mutual":
        first, second = benefits.values()
        square = 1_000_000 * first * second * context**2
        return isqrt(int(square))
    learner = next((who for who, needed in required.items() if needed and who in benefits), None)
    if learner is None:
        return 0  # a lock overrides `one_way`: the side that should learn learns nothing
    other = next(who for who in benefits if who != learner)
    return int(1000 * benefits[learner] * (Fraction(8, 10) + Fraction(2, 10) * benefits[other]) * context)


def proposals_lapse_in_time(seen: Seen, output: Json, unit: Unit) -> Iterator[str]:
    """Nothing that is answered ends a proposal before its time: only what breaks a rule, an absence, or want of room after two accepts."""
    if kind_of(output) != "pairing.lapsed" or unit.at >= seen.proposed[output["data"]["pairing_id"]].expires_at:
        return
    pairing_id = output["data"]["pairing_id"]
    programme_id, people = seen.pair[pairing_id]
    first, second = sorted(people)
    is_explained = (
        pairing_id in seen.retracted
        or unit.at in {seen.touched.get(one) for one in (programme_id, first, second)}
        or any(_is_out(seen, programme_id, who) for who in people)
        or seen.people.conflict(first, second, same_manager_allowed=seen.policy[programme_id].same_manager_allowed) is not None
        or any(not _has_room(seen, pairing_id, who, unit) for who in people)
    )
    if not is_explained:
        yield f"{pairing_id} of {first} and {second} lapses before {seen.proposed[pairing_id].expires_at}"


def _is_out(seen: Seen, programme_id: str, who: str) -> bool:
    enrolled = seen.enrolled.get((programme_id, who))
    return enrolled is None or enrolled.is_paused or seen.people.employment(who) != "active"


def _has_room(seen: Seen, pairing_id: str, who: str, unit: Unit) -> bool:
    programme_id = seen.pair[pairing_id][0]
    capacity = min(seen.enrolled[programme_id, who].capacity, seen.policy[programme_id].capacity_max)
    return len(seen.taking_room(programme_id, who, unit.at) - {pairing_id}) < capacity


def pairs_in_a_conflict_are_suspended(seen: Seen, unit: Unit) -> Iterator[str]:
    """No pair along a reporting line outlives the unit that made it one; of whoever just departed everything stays as it is."""
    for pairing_id, (programme_id, people) in seen.pair.items():
        if seen.state[pairing_id] in OPEN - {"suspended"} and not any(seen.is_departing(who, unit.at) for who in people):
            first, second = sorted(people)
            rule = seen.people.conflict(first, second, same_manager_allowed=seen.policy[programme_id].same_manager_allowed)
            if rule is not None:
                yield f"{pairing_id} is {seen.state[pairing_id]} across {rule} of {first} and {second}"


def pairs_have_two_people_who_are_there(seen: Seen, unit: Unit) -> Iterator[str]:
    """The departed have no pair, once that is settled; those on leave have none that runs."""
    for pairing_id, (_, people) in seen.pair.items():
        if seen.state[pairing_id] in OPEN and not any(seen.is_departing(who, unit.at) for who in people):
            standing = {seen.people.employment(who) for who in people}
            if not standing <= {"active", "on_leave"}:
                yield f"{pairing_id} is {seen.state[pairing_id]} with somebody {sorted(standing)}"
            if "on_leave" in standing and seen.state[pairing_id] in {"active", "stalled"}:
                yield f"{pairing_id} is {seen.state[pairing_id]} with somebody on leave"
