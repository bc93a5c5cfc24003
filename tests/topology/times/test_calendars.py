"""Calendars, hours and days to answer of each person, from the policy and HR's facts to what is requested."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from engine.core.effects import StageName
from engine.programme.nudges.breaker import PARKED
from tests import builders
from tests.spread import is_spread
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, START, PairStory, active_pair, proposed_pair

DAYTIME: Final[dict[str, Any]] = {"quiet_from": "20:00", "quiet_to": "08:00", "quiet_weekends": True}
GULF: Final = {"id": "gulf", "timezones": ["Asia/Riyadh"], "weekend": [5, 6]}
SITE: Final = {"id": "site", "locations": ["Site 1"], "holidays": ["2025-01-07"]}


def utc(*parts: int) -> datetime:
    """Return an instant in UTC."""
    return datetime(*parts, tzinfo=UTC)


def not_before(story: PairStory, key: str) -> dict[str, datetime]:
    """From when on each may hear the last nudge of a key."""
    return {body["person_id"]: datetime.fromisoformat(body["not_before"]) for body in story.requests(key)}


def moved_to(story: PairStory, person_id: str, **changes: Any) -> PairStory:
    """HR says that somebody works elsewhere from today on."""
    story.tell(builders.role_changed(person_id, story.now, **changes))
    return story


def test_each_hears_by_the_calendar_of_their_own_place() -> None:
    """On a holiday of Ann's site Bob hears at once, and Ann in the first hour of the next day."""
    story = moved_to(PairStory(**DAYTIME, calendars=[SITE]), ANN, location="site 1").advance_to("2025-01-07T09:00:00+00:00").round()

    found = not_before(story, "proposal_ready")

    assert story.now == found[BOB]
    assert is_spread(found[ANN], utc(2025, 1, 8, 8))


def test_weekend_days_are_those_of_the_calendar() -> None:
    """In Riyadh Sunday is a working day and Friday is not; nothing of the policy's own weekend is added."""
    story = PairStory(**DAYTIME, calendars=[GULF])
    moved_to(moved_to(story, ANN, timezone="Asia/Riyadh"), BOB, timezone="Asia/Riyadh").advance_to("2025-01-10T09:00:00+00:00").round()

    assert all(is_spread(at, utc(2025, 1, 12, 5)) for at in not_before(story, "proposal_ready").values())


def test_a_move_changes_later_nudges_only() -> None:
    """What was intended under one calendar stays as it is; the next intent goes by the new one."""
    story = PairStory(**DAYTIME, calendars=[SITE]).advance_to("2025-01-06T21:00:00+00:00").round()
    moved_to(story, ANN, location="Site 1")
    for person_id in PEOPLE:
        story.answers(person_id, "accept")

    assert is_spread(not_before(story, "proposal_ready")[ANN], utc(2025, 1, 7, 8))
    assert is_spread(not_before(story, "pairing_started")[ANN], utc(2025, 1, 8, 8))


def test_nudges_lie_in_the_hours_that_the_person_gave_to_the_programme() -> None:
    """Ann is there in the afternoon; Bob gave no hours."""
    story = PairStory(**DAYTIME)
    story.enrols(ANN, hours=[{"weekday": 1, "from": "14:00", "to": "17:00"}, {"weekday": 2, "from": "09:00", "to": "12:00"}])
    story.round()

    found = not_before(story, "proposal_ready")

    assert story.now == found[BOB]
    assert is_spread(found[ANN], utc(2025, 1, 6, 14))


def test_intents_carry_the_holidays_up_to_their_end_and_no_others() -> None:
    """A row stays small however long a calendar is."""
    holidays = [(date(2025, 1, 1) + timedelta(days=30 * number)).isoformat() for number in range(100)]
    story = active_pair(nudge_storm_per_day=1, holidays=holidays)

    carried = {row.intent.terms.holidays for _, row in story.rows(StageName.PROGRAMMES).scan(PARKED, "")}

    assert {()} == carried


def test_reminder_of_a_session_comes_on_the_last_waking_day_before() -> None:
    """Of a session on Monday on Friday at the same time, each by the own weekend; a late booking is reminded of the same day."""
    story = moved_to(active_pair(**DAYTIME, calendars=[GULF]), ANN, timezone="Asia/Riyadh").advance_to("2025-01-08T09:00:00+00:00")
    story.books("s1", days=5)
    story.advance_to("2025-01-12T12:00:00+00:00")

    found = not_before(story, "session_tomorrow")
    ahead = {body["person_id"]: body["params"]["days_ahead"] for body in story.requests("session_tomorrow")}

    assert {ANN: utc(2025, 1, 12, 9), BOB: utc(2025, 1, 10, 9)} == found
    assert {ANN: 1, BOB: 3} == ahead


def test_session_booked_too_late_is_reminded_of_at_the_next_waking_instant() -> None:
    """Booked on Sunday for Monday at nine: before the start, in the first hour of Monday, nought days ahead."""
    story = active_pair(**DAYTIME).advance_to("2025-01-12T12:00:00+00:00")
    story.books("s1", hours=21)
    story.after(seconds=1)

    assert all(is_spread(at, utc(2025, 1, 13, 8)) for at in not_before(story, "session_tomorrow").values())
    assert [0, 0] == [body["params"]["days_ahead"] for body in story.requests("session_tomorrow")]


def test_days_to_answer_leave_out_the_holidays_of_either() -> None:
    """Seven days, and one more for the holiday of Ann's site; later changes move nothing."""
    story = moved_to(PairStory(calendars=[SITE]), ANN, location="Site 1").round()
    expires_at = START + timedelta(days=8)

    assert expires_at == story.pairing.proposal.expires_at
    story.tell(builders.policy_changed(story.now, policy={"round_every_days": 0, "holidays": ["2025-01-08", "2025-01-09"]}))
    assert expires_at == story.pairing.proposal.expires_at
    assert "lapsed" == story.after(days=8).state


def test_grace_conclusion_conflict_and_resumption_leave_out_holidays_too() -> None:
    """Each by the days of both; a concluding pair keeps its day whatever is reported later."""
    long_ago, soon = START + timedelta(days=45), START + timedelta(days=190)
    holidays = sorted({(at + timedelta(days=ahead)).date().isoformat() for at in (START, long_ago, soon) for ahead in (1, 2)})
    stalled = active_pair(holidays=holidays).after(days=45)
    suspended = active_pair(holidays=holidays).conflict_arises().after(days=1)
    resumed = active_pair(holidays=holidays, soft_landing_days=0).goes_on_leave(ANN).is_back(ANN)
    concluding = active_pair(holidays=holidays, stall_days=366).after(days=190)
    ends_at = {story.state: story.pairing.wake_at for story in (stalled, suspended, resumed, concluding)}
    concluding.holds("late")

    assert {
        "stalled": long_ago + timedelta(days=16),
        "suspended": START + timedelta(days=16),
        "paused": START + timedelta(days=16),
        "concluding": soon + timedelta(days=16),
    } == ends_at
    assert soon + timedelta(days=16) == concluding.pairing.wake_at


def test_nobody_is_proposed_whom_a_shutdown_keeps_from_hearing() -> None:
    """Daily rounds wait until the first waking instant is three days away at most; whoever asks is told `not_yet`."""
    shutdown = [(START + timedelta(days=days)).date().isoformat() for days in range(1, 9)]
    story = PairStory(**DAYTIME, holidays=shutdown).advance_to("2025-01-07T06:00:00+00:00").round()
    story.tell(builders.round_requested(story.now, dry_run=True))

    assert [] == story.read(type_="pairing.proposed")
    assert ["not_yet", "not_yet"] == [one["reasons"][0]["code"] for one in story.read(type_="round.completed")[-1]["data"]["unmatched"]]
    story.advance_to("2025-01-12T08:00:00+00:00").round()
    assert "proposed" == story.state


def test_nobody_is_proposed_in_the_soft_landing_after_a_leave() -> None:
    """Ten days of silence are ten days without a proposal."""
    story = PairStory().goes_on_leave(ANN).after(days=3).is_back(ANN).after(days=9).round()

    assert [] == story.read(type_="pairing.proposed")
    story.after(days=1).round()
    assert "proposed" == story.state


def test_open_proposal_outlives_a_shutdown_that_comes_near() -> None:
    """`not_yet` is asked of a round; a change of facts during the holidays doesn't take a proposal back."""
    shutdown = [(START + timedelta(days=days)).date().isoformat() for days in range(1, 9)]
    story = proposed_pair(**DAYTIME, holidays=shutdown).after(days=1)
    moved_to(story, BOB, department="lab")

    assert "proposed" == story.state
