"""Invariants of what nudges say, and that the two of a pair are treated alike: reminded in time, asked with content, told of the end."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Final

from engine.core.identity import drawn_percent
from schemas.terms.policy import Policy
from schemas.text.zones import ZoneInfo, time_zone
from tests.model.people import kind_of, moment
from tests.simulation.watching.seen import Seen
from tests.simulation.watching.watch import Json, Unit

SALT: Final = b"test"
"""Of the driver that plays the years."""
ABOUT_A_PROPOSAL: Final = frozenset({"proposal_ready", "answer_proposal"})
NAMES_NOTHING: Final = frozenset({"programme_id", "programme_name", "pairing_id", "partner_id", "answers"})
"""Parameters that say whom a nudge is about and how it is answered, not what it has to say."""
SAYS_ITSELF: Final = frozenset(
    {"open_invitation", "pairing_started", "still_right_for_you", "partner_away", "still_taking_part", "convert_offer", "pairing_ended"}
)
"""Keys whose name says everything; others may only say more when there is more to say."""
MAY_BE_BARE: Final = SAYS_ITSELF | {"pairing_paused", "book_first_session", "book_next_session", "protect_the_time", "pairing_resumable"}
WEEKEND: Final = frozenset({6, 7})


def is_waking_day(day: date, nudge: Json, policy: Policy, seen: Seen) -> bool:
    """Say whether somebody may be disturbed on a local day at all, by the calendar of the policy that a nudge goes by."""
    weekend, holidays = calendar_of(nudge["person_id"], policy, seen)
    return day.isoweekday() not in weekend and day not in holidays


def calendar_of(person_id: str, policy: Policy, seen: Seen) -> tuple[frozenset[int], frozenset[date]]:
    """Return weekend days and holidays of somebody: of the first calendar that fits, else the policy's own."""
    zone = seen.people.attribute(person_id, "timezone") or "UTC"
    place, entity = (seen.people.attribute(person_id, name) for name in ("location", "legal_entity"))
    for entry in policy.calendars:
        named = ((entry.locations, place), (entry.legal_entities, entity), (entry.timezones, zone))
        if all(not values or value in values for values, value in named):
            return frozenset(entry.weekend), frozenset(entry.holidays)
    return (WEEKEND if policy.quiet_weekends else frozenset()), frozenset(policy.holidays)


def sessions_are_reminded_of_the_day_before(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """On a day before the session's, unless it was booked when the last waking day before had begun; and it says how many days ahead."""
    if kind_of(output) != "nudge.requested" or output["data"]["key"] != "session_tomorrow":
        return
    data, zone = output["data"], time_zone(output["data"]["timezone"])
    told, starts = (moment(text).astimezone(zone) for text in (data["not_before"], data["params"]["starts_at"]))
    if data["params"].get("days_ahead") != (starts.date() - told.date()).days:
        yield f"session_tomorrow on {told} of {starts} says {data['params'].get('days_ahead')} days ahead"
    booked_at = seen.booked_at[data["pairing_id"], data["params"]["session_id"]]
    if told.date() >= starts.date() and _last_chance(data, starts, seen, zone) > booked_at and not _is_capped(data, starts.date(), seen):
        yield f"{data['person_id']} hears on {told} of a session at {starts}"


def _last_chance(data: Json, starts: datetime, seen: Seen, zone: ZoneInfo) -> datetime:
    """Return when the last waking day before a session begins: who booked earlier can be told on that day."""
    policy, day = seen.policy_of(data), starts.date()
    for _ in range(400):
        day -= timedelta(days=1)
        if is_waking_day(day, data, policy, seen):
            break
    return datetime.combine(day, time.fromisoformat(policy.quiet_to), zone)


def _is_capped(data: Json, starts_on: date, seen: Seen) -> bool:
    """Say whether the days before were full: then the reminder moves to the next one."""
    policy, counts = seen.policy_of(data), dict[date, int]()
    for nudge_id in seen.by_person[data["person_id"]]:
        nudge = seen.requested[nudge_id]
        day = moment(nudge["not_before"]).astimezone(time_zone(nudge["timezone"])).date()
        counts[day] = counts.get(day, 0) + 1  # what was heard and called back afterwards has been heard
    return any(counts.get(starts_on - timedelta(days=days), 0) >= policy.nudge_daily_cap for days in range(1, 8))


def nudges_say_something(_seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """A nudge names its programme, and has what its key is to say; a waiting update has a reason."""
    if kind_of(output) != "nudge.requested":
        return
    data = output["data"]
    params = {name for name, value in data["params"].items() if value not in (None, [], {})}
    if not {"programme_id", "programme_name"} <= params:
        yield f"{data['key']} names no programme"
    if data["key"] == "waiting_update" and "reason" not in params:
        yield f"{data['person_id']} gets a waiting update without a reason"
    elif data["key"] not in MAY_BE_BARE and params <= NAMES_NOTHING:
        yield f"{data['key']} says nothing but {sorted(params)}"


def both_sides_are_held_out_alike(seen: Seen, output: Json, _unit: Unit) -> Iterator[str]:
    """Whether a behavioural nudge about a pair is held out is drawn for the pair and the key, never for the person."""
    if kind_of(output) == "nudge.requested" and output["data"]["class"] == "behavioural" and output["data"].get("pairing_id"):
        data = output["data"]
        lot = drawn_percent(f"holdout/pairing/{data['pairing_id']}/{data['key']}", SALT)
        if lot < seen.policy_of(data).holdout_percent:
            yield f"{data['person_id']} gets {data['key']}, which is held out for {data['pairing_id']}"


def both_hear_that_their_pair_is_over(seen: Seen, unit: Unit) -> Iterator[str]:
    """Whoever is still there hears of the end: by a word of its own, by the question before it, or by the private note of a conflict."""
    for output in unit.outputs:
        if kind_of(output) in {"pairing.ended", "pairing.completed"}:
            data = output["data"]
            announcing = {"pairing_ended"} if kind_of(output) == "pairing.ended" else {"renew_or_finish"}
            for who in data["people"]:
                keys = {
                    seen.requested[one]["key"] for one in seen.by_person[who] if seen.requested[one].get("pairing_id") == data["pairing_id"]
                }
                is_there = seen.people.employment(who) == "active" and not seen.is_landing(who, unit.at)
                if is_there and not keys & (announcing | {"conflict_choice"}):
                    yield f"{who} never hears that {data['pairing_id']} is over ({kind_of(output)})"


def questions_about_a_proposal_are_called_back_together(seen: Seen, unit: Unit) -> Iterator[str]:
    """When one side's question about a proposal is called back, none to the other side stands; an absence or an opt-out is one's own."""
    if unit.event is not None and kind_of(unit.event) == "nudge.opted_out":
        return
    called = {output["data"]["nudge_id"] for output in unit.outputs if kind_of(output) == "nudge.cancelled"}
    asked = [seen.requested[one] for one in called if one in seen.requested and seen.requested[one]["key"] in ABOUT_A_PROPOSAL]
    questions = {(nudge["pairing_id"], nudge["key"]) for nudge in asked if seen.people.employment(nudge["person_id"]) == "active"}
    for nudge_id, nudge in seen.requested.items() if questions else ():
        is_older = nudge["at"] < unit.at and moment(nudge["expires_at"]) > unit.at
        if (nudge.get("pairing_id"), nudge["key"]) in questions and is_older and nudge_id not in seen.cancelled:
            yield f"{nudge['key']} to {nudge['person_id']} stands, the other side's was called back"
