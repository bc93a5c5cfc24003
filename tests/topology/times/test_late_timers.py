"""Given a clock that jumps and a process that stops, when time goes on, then every timer fires once, and late as its nudge allows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from engine.core.cascade import TimeMode
from engine.core.execution import Outcome
from schemas.nudges.catalogue import CATALOGUE, RETIRED, LatePolicy
from schemas.terms.codes import ErrorCode, NudgeKey
from schemas.text.fields import instant_text
from tests import builders
from tests.topology.stories.pair_story import ANN, BOB, PEOPLE, START, PairStory
from tests.topology.stories.programme_story import ProgrammeStory
from tests.topology.stories.wall_story import MINUTE, WallPair, WallProgramme

COORDINATOR: Final = f"coordinator:{builders.PROGRAMME}"
CHANGE_ON: Final = "2025-01-20"
CHANGE_AT: Final = datetime(2025, 1, 20, tzinfo=UTC)
LANDED_AT: Final = datetime(2025, 1, 17, tzinfo=UTC)
"""Ten days after the midnight at which a leave ended."""
SECOND: Final = timedelta(seconds=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
TEN_YEARS: Final = timedelta(days=3_653)
LONG: Final = {"stall_days": 366, "term_days": 400}
REVERSE: Final = {"track": "reverse", "training_required": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When a timer is due, who is to hear of it, and the end of it where the key doesn't say."""

    at: datetime
    people: tuple[str, ...] = PEOPLE
    ends: Callable[[datetime], datetime] | None = None
    """From the instant at which it fired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How a story comes to wait for one key."""

    begins: Callable[[WallPair], None]
    dues: tuple[Due, ...]
    policy: Mapping[str, Any] = field(default_factory=dict)


def _nothing(_story: PairStory) -> None:
    """Two people wait."""


def _without_a_partner(story: PairStory) -> None:
    """A round has found nobody for either: they share no language."""
    story.enrols(BOB, languages=["de"])
    story.round()


def _proposed(story: PairStory) -> None:
    story.round()


def _active(story: PairStory) -> None:
    story.round()
    for person_id in PEOPLE:
        story.answers(person_id, "accept")


def _booked(days: float) -> Callable[[PairStory], None]:
    def begins(story: PairStory) -> None:
        _active(story)
        story.books("s1", days=days)

    return begins


def _held(story: PairStory) -> None:
    _active(story)
    story.holds("s1")


def _incomplete(story: PairStory) -> None:
    story.enrols(ANN, offers=[])


def _back_from_leave(story: PairStory) -> None:
    _active(story)
    story.goes_on_leave(ANN).after(days=1).is_back(ANN)


def _stalled(story: PairStory) -> None:
    _active(story)
    story.after(days=45)


def _convertible(story: PairStory) -> None:
    _active(story)
    story.tell(builders.paused(ANN, story.now, until_on=CHANGE_ON))
    story.enrols(BOB, experience_band=3)


def _leaves(story: PairStory) -> None:
    _active(story)
    story.tell(builders.departed(ANN, story.now, effective_on=CHANGE_ON))


def _many_leave(story: PairStory) -> None:
    _active(story)
    for person_id in (f"c{number}" for number in range(10)):
        story.tell(builders.hired(person_id, story.now))
        story.tell(builders.enrolled(person_id, story.now))
        story.tell(builders.departed(person_id, story.now, effective_on=(CHANGE_AT - DAY).date()))
    story.advance_to(instant_text(CHANGE_AT))


def _takes_leave(story: PairStory) -> None:
    _active(story)
    story.tell(builders.leave_started(ANN, story.now, effective_on=CHANGE_ON))


def _is_away(story: PairStory) -> None:
    _active(story)
    story.goes_on_leave(ANN)


def _gets_a_manager(story: PairStory) -> None:
    _active(story)
    story.tell(builders.role_changed(BOB, story.now, effective_on=CHANGE_ON, manager_id=ANN))


def _in_conflict(story: PairStory) -> None:
    _gets_a_manager(story)
    story.advance_to(instant_text(CHANGE_AT))


def _proposal_end(_at: datetime) -> datetime:
    return START + 7 * DAY


def _booked_start(_at: datetime) -> datetime:
    return START + 7 * DAY


def _consent_end(at: datetime) -> datetime:
    return at + 7 * DAY


NEXT_ROUND: Final = datetime(2025, 1, 7, 6, tzinfo=UTC)
DAILY: Final = {"round_every_days": 1}


def _proposed_again(story: WallPair) -> None:
    """The first proposal has lapsed; without a rest the same two are proposed again by the round of that morning."""
    for days in range(8):
        story.advance(NEXT_ROUND + days * DAY)


CASES: Final[Mapping[NudgeKey, Case]] = {
    NudgeKey.ANSWER_PROPOSAL: Case(begins=_proposed, dues=(Due(at=START + 3 * DAY, ends=_proposal_end),)),
    NudgeKey.BOOK_FIRST_SESSION: Case(
        begins=_active, dues=(Due(at=START + 5 * DAY, people=(ANN,)), Due(at=START + 12 * DAY, people=(BOB,)))
    ),
    NudgeKey.SESSION_TOMORROW: Case(begins=_booked(7), dues=(Due(at=START + 6 * DAY, ends=_booked_start),)),
    NudgeKey.LOG_SESSION: Case(begins=_booked(1), dues=(Due(at=START + 2 * DAY + HOUR, people=(ANN,)),)),
    NudgeKey.PROFILE_INCOMPLETE: Case(
        begins=_incomplete, dues=(Due(at=START + 7 * DAY, people=(ANN,)), Due(at=START + 14 * DAY, people=(ANN,)))
    ),
    NudgeKey.PROPOSAL_READY: Case(begins=_nothing, policy=DAILY, dues=(Due(at=NEXT_ROUND, ends=_consent_end),)),
    NudgeKey.PAIRING_RESUMABLE: Case(begins=_back_from_leave, dues=(Due(at=LANDED_AT),)),
    NudgeKey.PAIRING_ENDED: Case(begins=_stalled, dues=(Due(at=START + 59 * DAY),)),
    NudgeKey.RENEW_OR_FINISH: Case(begins=_active, policy={"term_days": 30}, dues=(Due(at=START + 30 * DAY),)),
    NudgeKey.CONVERT_OFFER: Case(begins=_convertible, policy=REVERSE, dues=(Due(at=CHANGE_AT),)),
    NudgeKey.PAIRING_PAUSED: Case(begins=_takes_leave, dues=(Due(at=CHANGE_AT, people=(BOB,)),)),
    NudgeKey.PARTNER_AWAY: Case(begins=_is_away, dues=(Due(at=START + 30 * DAY, people=(BOB,)),)),
    NudgeKey.CONFLICT_CHOICE: Case(begins=_in_conflict, dues=(Due(at=CHANGE_AT + DAY),)),
    NudgeKey.BOOK_NEXT_SESSION: Case(begins=_held, dues=(Due(at=START + HOUR + 14 * DAY, people=(ANN,)),)),
    NudgeKey.PAIRING_QUIET: Case(begins=_active, dues=(Due(at=START + 45 * DAY),)),
    NudgeKey.WAITING_UPDATE: Case(begins=_without_a_partner, dues=(Due(at=START + 30 * DAY),)),
    NudgeKey.STILL_TAKING_PART: Case(
        begins=_proposed_again, policy={**DAILY, "lapsed_rest_days": 0}, dues=(Due(at=NEXT_ROUND + 14 * DAY),)
    ),
    NudgeKey.COORDINATOR_STUCK: Case(begins=_active, dues=(Due(at=START + 45 * DAY, people=(COORDINATOR,)),)),
    NudgeKey.COORDINATOR_CONFLICT: Case(begins=_in_conflict, dues=(Due(at=CHANGE_AT + DAY, people=(COORDINATOR,)),)),
    NudgeKey.COORDINATOR_DEPARTURES: Case(begins=_many_leave, dues=(Due(at=CHANGE_AT + 4 * HOUR, people=(COORDINATOR,)),)),
    NudgeKey.COORDINATOR_STORM: Case(
        begins=_nothing, policy={**DAILY, "nudge_storm_per_day": 1}, dues=(Due(at=NEXT_ROUND, people=(COORDINATOR,)),)
    ),
}
"""Keys that a timer can bring, with the story that makes it do so."""

BROUGHT_BY_AN_EVENT: Final = frozenset(
    {
        NudgeKey.OPEN_INVITATION,
        NudgeKey.ENROLMENT_RECORDED,
        NudgeKey.PAIRING_STARTED,
        NudgeKey.SHARE_FEEDBACK,
        NudgeKey.STILL_RIGHT_FOR_YOU,
        NudgeKey.FLIP_ROLES,
        NudgeKey.OPEN_DEBATE,
        NudgeKey.BROADEN_TOPIC,
        NudgeKey.PROTECT_THE_TIME,
        NudgeKey.FIND_A_TIME,
        NudgeKey.COORDINATOR_MOMENTUM,
    }
)
NEEDS_A_BAD_ROUND: Final = frozenset({NudgeKey.COORDINATOR_ROUND_ALARM})
"""Brought by a round that is provably not good enough, which nobody can order; test_rounds has its rule."""


def test_every_key_of_the_catalogue_has_its_place_here() -> None:
    """A new key is either brought by a timer, and then has a story here, or by an event."""
    assert set(NudgeKey) - RETIRED == {*CASES} | BROUGHT_BY_AN_EVENT | NEEDS_A_BAD_ROUND


def ends(key: NudgeKey, due: Due, fired_at: datetime) -> datetime:
    """When a nudge ends by the late policy of its key; at or before the firing if it is over already."""
    if due.ends is not None:
        return due.ends(fired_at)
    rule = CATALOGUE[key]
    return (due.at if rule.late is LatePolicy.EXPIRE else fired_at) + timedelta(days=rule.valid_days)


def beyond(key: NudgeKey) -> timedelta:
    """Later than a nudge of this key is worth hearing, counted from its timer."""
    return timedelta(days=(CATALOGUE[key].valid_days or 7) + 1)


@pytest.mark.parametrize("late", ["an hour", "three days", "too late"])
@pytest.mark.parametrize("key", sorted(CASES))
def test_a_timer_that_was_missed_fires_once_by_the_late_policy_of_its_key(tmp_path: Path, key: NudgeKey, late: str) -> None:
    """Fire and coalesce are valid from now; expire from when it was due, and nothing is said if that is over. Never early, never twice."""
    case = CASES[key]
    story = WallPair(tmp_path, **case.policy)
    case.begins(story)
    before_at = case.dues[0].at - SECOND
    story.advance(before_at)
    early = story.requests(key)

    story.now = before_at
    late_by = {"an hour": HOUR, "three days": 3 * DAY, "too late": beyond(key)}[late]
    story.is_down(seconds=(SECOND + late_by).total_seconds())
    fired_at = story.now
    story.advance(fired_at + MINUTE)  # what is rationed is chosen a minute after it came
    story.now += HOUR
    story.is_down(seconds=1)

    fired = [(due, ends(key, due, fired_at)) for due in case.dues if due.at <= fired_at]
    expected = sorted((person_id, instant_text(end)) for due, end in fired for person_id in due.people if end > fired_at + MINUTE)
    assert [] == early
    assert expected == sorted((body["person_id"], body["expires_at"]) for body in story.requests(key))


def test_engine_time_never_goes_back(tmp_path: Path) -> None:
    """A clock that jumps an hour back changes nothing: what comes is stamped with the last instant, and no timer fires again."""
    story = WallPair(tmp_path)
    story.round()
    story.after(days=3).advance(story.now + MINUTE)
    reached_at, told = story.engine.last_at, story.nudges()

    story.is_down(hours=-1)
    story.answers(ANN, "accept")
    story.advance(story.now)

    assert START + 3 * DAY + MINUTE == reached_at == story.engine.last_at
    assert told == story.nudges()
    assert (ANN,) == story.pairing.accepted_by


def test_what_is_due_by_engine_time_fires_while_the_clock_is_behind_it(tmp_path: Path) -> None:
    """After a jump back nobody waits for the clock to catch up: what is due at the last instant fires at it."""
    story = WallPair(tmp_path)
    _active(story)
    story.after(hours=2).tell(builders.hired("cat", story.now))
    story.is_down(hours=-1)

    story.books("s1", hours=20)
    story.advance(story.now)

    assert [ANN, BOB] == story.told("session_tomorrow")
    assert START + 2 * HOUR == story.engine.last_at


def test_what_comes_after_a_stop_never_overtakes_a_timer_that_was_due_before_it(tmp_path: Path) -> None:
    """A proposal that ran out while nothing ran can't be accepted by the first record after the start."""
    story = WallPair(tmp_path)
    story.round()
    story.answers(ANN, "accept")
    story.stops()
    story.now += 7 * DAY
    story.starts()

    story.answers(BOB, "accept")

    assert ErrorCode.STALE_ANSWER == story.answered.code
    assert "lapsed" == story.state


def test_an_answer_after_the_end_of_its_proposal_is_stale_even_where_no_tick_has_come_yet() -> None:
    """Where ticks and records come from different hands, the end that was published holds all the same."""
    story = PairStory().round()
    story.answers(ANN, "accept")
    late = json.dumps(builders.answered(BOB, START, story.pairing_id)).encode()

    *_, outcome = story._cascade.offer(story._cascade.read(story._origin(late), START + 7 * DAY), TimeMode.WALL)

    assert (Outcome.DEAD_LETTERED, ["stale_answer"]) == (outcome, story.codes())
    assert "proposed" == story.state


def waiting_programme(story: ProgrammeStory) -> None:
    """Two pairs, and somebody for whom there is nobody."""
    story.join_in_twos(("ann", "bob"), ("cat", "dan"), experience_band=3)
    story.joins("eve", "wellbeing", "wellbeing")


def test_ten_years_ahead_cost_a_bounded_number_of_steps(tmp_path: Path) -> None:
    """In wall time one late tick holds one round, one report and one quarterly timer, not one for each that was missed."""
    story = WallProgramme(tmp_path, **DAILY)
    waiting_programme(story)
    story.advance(NEXT_ROUND)
    story.now = NEXT_ROUND
    rounds, reports, position = len(story.rounds()), len(story.read(type_="programme.reported")), story.engine.log_position

    story.now += TEN_YEARS
    is_more_due = story.engine.tick_wall(story.now)

    assert (1, False) == (rounds, is_more_due)
    assert rounds + 1 == len(story.rounds())
    assert len(story.read(type_="programme.reported")) <= reports + 1
    assert story.engine.log_position - position <= 3
    assert story.now < min(story.timers())


def test_ten_years_in_data_time_are_what_ten_single_years_are() -> None:
    """A long way in one step fires the same timers at the same instants as the same way year by year."""
    at_once, yearly = ProgrammeStory(round_every_days=30), ProgrammeStory(round_every_days=30)
    for story in (at_once, yearly):
        waiting_programme(story)

    at_once.advance(START + TEN_YEARS)
    for year in range(1, 10):
        yearly.advance(START + year * 365 * DAY)
    yearly.advance(START + TEN_YEARS)

    assert at_once.read() == yearly.read()
    assert 121 == len(at_once.rounds())
    assert at_once.rows_of_people() == yearly.rows_of_people()


def test_a_mass_send_after_a_stop_is_held_until_it_is_released(tmp_path: Path) -> None:
    """Forty-six days without a process make every pair stall at once: the breaker lets a day's worth leave, the rest waits for a person."""
    story = WallProgramme(tmp_path, nudge_storm_per_day=18)
    story.join_in_twos(*((f"a{number}", f"b{number}") for number in range(8)))
    story.round()
    story.now += DAY
    for people in story.proposed():
        story.activates(*people)
    alarmed_early = story.told("coordinator_storm")

    story.is_down(days=46)
    story.advance(story.now + MINUTE)
    held = {body["person_id"] for body in story.requests("pairing_quiet")}
    alarmed = story.told("coordinator_storm")
    story.tell(builders.nudges_released(story.now))
    story.advance(story.now + 2 * MINUTE)
    released = {body["person_id"] for body in story.requests("pairing_quiet")}

    assert ([], [COORDINATOR]) == (alarmed_early, alarmed)
    assert len(held) < 16 == len(released)
