"""Invariants of nudges: how many, when, to whom, about what, and which are called back."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Final

from schemas.text.zones import time_zone
from tests.model.people import kind_of, moment
from tests.simulation.watching.seen import Seen
from tests.simulation.watching.told_invariants import is_waking_day
from tests.simulation.watching.watch import Json, Unit

RATION: Final = timedelta(hours=168)
AFTER_THE_END: Final = frozenset({"pairing_ended", "partner_found_next", "share_feedback"})
"""Nudges about a pair that may come when it is over."""


def behavioural_nudges_are_rationed(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """Never two in any 7 days, over all programmes."""
    if kind_of(output) == "nudge.requested" and output["data"]["class"] == "behavioural":
        data = output["data"]
        before = [seen.requested[one] for one in seen.by_person[data["person_id"]] if seen.requested[one]["class"] == "behavioural"]
        if any(abs(moment(data["not_before"]) - moment(one["not_before"])) < RATION for one in before):
            yield f"{data['person_id']} gets {data['key']} within 7 days of another behavioural nudge"


def nudges_are_capped_per_day(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """At most the cap per local date of `not_before`, cancelled ones aside."""
    if kind_of(output) == "nudge.requested":
        data = output["data"]
        day = _local(data).date()
        same = [one for one in seen.by_person[data["person_id"]] if one not in seen.cancelled and _local(seen.requested[one]).date() == day]
        if len(same) >= seen.policy_of(data).nudge_daily_cap:
            yield f"{data['person_id']} gets {data['key']} as number {len(same) + 1} of {day}"


def nudges_wait_for_waking_hours(seen: Seen, output: Json, unit: Unit) -> Iterator[str]:
    """Not at night, not at weekends, not on holidays, in the person's zone; never in the past, never after expiry."""
    if kind_of(output) == "nudge.requested":
        data = output["data"]
        local, policy = _local(data), seen.policy_of(data)
        opens, closes = time.fromisoformat(policy.quiet_to), time.fromisoformat(policy.quiet_from)
        is_quiet = policy.quiet_from != policy.quiet_to and not opens <= local.time().replace(tzinfo=None) < closes
        if is_quiet or not is_waking_day(local.date(), data, policy, seen):
            yield f"{data['person_id']} gets {data['key']} at {local}"
        if not unit.at <= moment(data["not_before"]) < moment(data["expires_at"]):
            yield f"{data['key']} from {data['not_before']} to {data['expires_at']}, requested at {unit.at}"


def nudges_use_the_zone_in_force(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """The zone is HR's; the coordinator's is UTC."""
    if kind_of(output) == "nudge.requested":
        zone = seen.people.attribute(output["data"]["person_id"], "timezone") or "UTC"
        if output["data"]["timezone"] != zone:
            yield f"{output['data']['person_id']} is nudged in {output['data']['timezone']}, lives in {zone}"


def _local(nudge: Json) -> datetime:
    return moment(nudge["not_before"]).astimezone(time_zone(nudge["timezone"]))


def nobody_away_is_nudged(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """Nothing to a person on leave or gone."""
    if kind_of(output) == "nudge.requested" and not _is_coordinator(output):
        employment = seen.people.employment(output["data"]["person_id"])
        if employment != "active":
            yield f"{output['data']['person_id']} gets {output['data']['key']} while {employment}"


def opting_out_is_respected(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """Transactional nudges about a pairing reach everybody; nothing else passes an opt-out."""
    if kind_of(output) == "nudge.requested":
        data = output["data"]
        can_opt_out = not (data["category"] == "pairing" and data["class"] == "transactional")
        if can_opt_out and (data["person_id"], data["category"]) in seen.opted_out:
            yield f"{data['person_id']} opted out of {data['category']} and gets {data['key']}"


def suspended_pairs_are_left_in_peace(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """Nothing about a suspended pair but the private choice, a code to the coordinator, and whether to go on once nothing joins the two."""
    if kind_of(output) == "nudge.requested" and not _is_coordinator(output):
        data = output["data"]
        pairing_id = data.get("pairing_id", "")
        if seen.state.get(pairing_id) == "suspended" and data["key"] != "conflict_choice":
            programme_id, people = seen.pair[pairing_id]
            first, second = sorted(people)
            is_gone = seen.people.conflict(first, second, same_manager_allowed=seen.policy[programme_id].same_manager_allowed) is None
            if not (data["key"] == "pairing_resumable" and is_gone):
                yield f"{data['person_id']} gets {data['key']} about a suspended pair"


def pairs_that_are_over_are_left_in_peace(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """No call to action about a pair that is over, and nothing at all about one that lapsed."""
    if kind_of(output) == "nudge.requested" and not _is_coordinator(output):
        data = output["data"]
        state = seen.state.get(data.get("pairing_id", ""))
        if state == "lapsed" or (state in {"ended", "completed"} and data["key"] not in AFTER_THE_END):
            yield f"{data['person_id']} gets {data['key']} about a pair that is {state}"


def lifecycle_nudges_name_no_cause(_seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """What is said about a pair's state names the state, never what HR said."""
    if kind_of(output) == "nudge.requested" and output["data"]["key"].startswith(("pairing_", "conflict_choice", "partner_found")):
        data = output["data"]
        if data["key"] != "pairing_quiet" and data["data_used"] != ["pairing.state"]:
            yield f"{data['key']} says it used {data['data_used']}"


def cancellations_follow_requests(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """Only what was requested is called back, once, with one neutral reason."""
    if kind_of(output) == "nudge.cancelled":
        data = output["data"]
        asked = seen.requested.get(data["nudge_id"])
        if asked is None or asked["person_id"] != data["person_id"] or data["nudge_id"] in seen.cancelled:
            yield f"{data['nudge_id']} is cancelled and was not requested, or is cancelled twice"
        if data["reason"] != "no_longer_needed":
            yield f"a nudge is cancelled for {data['reason']}"


def _is_coordinator(output: Json) -> bool:
    return str(output["data"]["person_id"]).startswith("coordinator:")


def suspension_calls_nudges_back(seen: Seen, unit: Unit) -> Iterator[str]:
    """What was asked of a pair before its suspension is cancelled with it."""
    for output in unit.outputs:
        if kind_of(output) in {"pairing.suspended", "pairing.lapsed"}:
            pairing_id = output["data"]["pairing_id"]
            for nudge_id, nudge in seen.requested.items():
                is_open = nudge_id not in seen.cancelled | seen.done and moment(nudge["expires_at"]) > unit.at
                is_private = not str(nudge["person_id"]).startswith("coordinator:") and nudge["key"] != "conflict_choice"
                if nudge.get("pairing_id") == pairing_id and is_open and is_private:
                    yield f"{nudge['key']} to {nudge['person_id']} stands after {kind_of(output)}"
