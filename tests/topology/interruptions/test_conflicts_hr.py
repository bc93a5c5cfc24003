"""Given a pair, when HR facts join the two by a line of power, then it rests until they decide or the line is gone."""

from datetime import timedelta

import pytest

from engine.core.effects import Note, Record, StageName
from engine.core.execution import step
from engine.programme.messages import FactsChanged
from engine.topology import build
from schemas.frozen import replace
from schemas.terms.ids import PersonId
from tests import builders
from tests.builders import PROGRAMME
from tests.topology.stories.nudges_of_a_pair import choices
from tests.topology.stories.pair_story import ANN, BOB, PairStory, active_pair, proposed_pair

BETWEEN = "mid"


def reports_through(story: PairStory, low: str, high: str) -> None:
    """Somebody in between: `low` reports to `mid`, who reports to `high`."""
    story.tell(builders.hired(BETWEEN, story.now, manager_id=high))
    story.tell(builders.role_changed(low, story.now, manager_id=BETWEEN))


@pytest.mark.parametrize(("low", "high"), [(ANN, BOB), (BOB, ANN)])
def test_a_manager_anywhere_above_suspends_the_pair(low: str, high: str) -> None:
    """An ancestor is an ancestor at any distance and in either direction."""
    story = active_pair()
    reports_through(story, low, high)
    story.after(days=1, seconds=1)

    assert "suspended" == story.state
    assert "reporting_line" == story.requests("coordinator_conflict")[0]["params"]["code"]


def test_a_change_far_above_suspends_the_pair() -> None:
    """Nobody's own manager changed, but the line now leads from Bob over `mid` to Ann."""
    story = active_pair()
    story.tell(builders.hired(BETWEEN, story.now))
    story.tell(builders.role_changed(BOB, story.now, manager_id=BETWEEN))
    before = story.state
    story.tell(builders.role_changed(BETWEEN, story.now, manager_id=ANN))

    assert ("active", "suspended") == (before, story.state)


def test_a_departed_manager_leaves_no_gap_in_the_line() -> None:
    """Bob's manager has left; whoever stood over it stands over Bob until HR names a new one."""
    story = active_pair()
    reports_through(story, BOB, ANN)
    before = story.state
    story.tell(builders.departed(BETWEEN, story.now))
    story.after(days=1)
    during = story.pairing.conflict
    story.tell(builders.role_changed(BOB, story.now, manager_id="another"))

    assert ("suspended", True, False) == (before, during, story.pairing.conflict)


def test_a_report_and_the_manager_of_its_departed_manager_are_not_proposed() -> None:
    """A line of power is no shorter for a gap that HR has yet to fill."""
    story = PairStory(k_min=1)
    reports_through(story, BOB, ANN)
    story.tell(builders.departed(BETWEEN, story.now))
    story.after(days=1).round()

    (held,) = (event["data"] for event in story.read(type_="round.completed"))
    assert (0, {"reporting_line": 2}) == (held["proposed"], held["no_option_by_reason"])
    assert [] == story.read(type_="pairing.proposed")


def test_the_same_manager_suspends_the_pair_unless_policy_allows_it() -> None:
    """Two reports of one person compete, says the policy by default."""
    stories = [active_pair(same_manager_allowed=is_allowed) for is_allowed in (False, True)]
    for story in stories:
        for person_id in (ANN, BOB):
            story.tell(builders.role_changed(person_id, story.now, manager_id="boss"))
        story.after(days=1, seconds=1)

    assert ["suspended", "active"] == [story.state for story in stories]
    assert "same_manager" == stories[0].requests("coordinator_conflict")[0]["params"]["code"]


def test_a_dotted_line_suspends_the_pair() -> None:
    """Power runs along dotted lines too."""
    story = active_pair()
    story.tell(builders.role_changed(BOB, story.now, dotted_line_ids=[ANN]))

    assert "suspended" == story.state


def test_a_role_change_without_power_leaves_a_live_pair_alone() -> None:
    """A live pair is held against hard rules of power only, not against department or language."""
    story = active_pair()
    story.tell(builders.role_changed(BOB, story.now, department="sales", languages=["fr"], timezone="Asia/Tokyo"))

    assert "active" == story.state


def test_an_open_proposal_between_two_with_a_line_of_power_lapses() -> None:
    """There is nothing to suspend yet."""
    story = proposed_pair()
    story.conflict_stands()

    assert "lapsed" == story.state
    assert [(ANN, "proposal_ready"), (BOB, "proposal_ready")] == story.nudges()


def test_an_open_proposal_that_another_hard_rule_bars_lapses() -> None:
    """Open proposals are re-checked after every change of facts."""
    story = proposed_pair()
    story.tell(builders.role_changed(BOB, story.now, timezone="Asia/Tokyo"))

    assert "lapsed" == story.state


def test_a_suspended_pair_hears_of_nothing_but_the_choice() -> None:
    """Each side gets a private note with two choices; what was requested before is recalled."""
    story = active_pair()
    story.books("s1", days=10)
    story.conflict_stands().after(seconds=1)
    told_before = len(story.nudges())
    story.after(days=13)

    assert [ANN, BOB] == sorted(story.told("conflict_choice"))
    assert ["end", "rematch"] == choices(story.requests("conflict_choice")[0])
    assert [] == [key for _, key in story.nudges()[told_before:]]


def test_the_coordinator_sees_a_code_and_nobodys_name() -> None:
    """Who stands over whom is not for telling."""
    story = active_pair().conflict_stands().after(seconds=1)
    note = story.requests("coordinator_conflict")[0]

    assert f"coordinator:{PROGRAMME}" == note["person_id"]
    assert {"programme_id": PROGRAMME, "programme_name": PROGRAMME, "code": "reporting_line", "pairings_count": 1} == note["params"]


def test_an_unresolved_conflict_ends_after_conflict_days_as_circumstances() -> None:
    """Nobody is kept in between for ever, and nobody is told more."""
    story = active_pair(conflict_days=14).conflict_stands()
    story.after(days=13, hours=23)
    before = story.state
    story.after(hours=1)

    assert ("suspended", "ended") == (before, story.state)
    assert "circumstances" == story.published("ended")["code"]
    assert [] == story.told("pairing_ended")
    assert [ANN, BOB] == sorted(story.told("conflict_choice"))


@pytest.mark.parametrize("answer", ["end", "rematch"])
def test_either_choice_ends_a_suspended_pair_as_circumstances(answer: str) -> None:
    """Kindly, and with a rematch first in the queue for whoever asks for it."""
    story = active_pair().conflict_stands()
    story.says(BOB, answer)

    assert "circumstances" == story.published("ended")["code"]
    assert (answer == "rematch") == story.row_of(BOB).is_first_in_queue


def test_a_conflict_that_is_gone_asks_both_and_two_continues_bring_the_pair_back() -> None:
    """One answer is not enough."""
    story = active_pair().conflict_stands()
    story.after(days=2).conflict_goes()
    asked, still = sorted(story.told("pairing_resumable")), story.state
    story.says(ANN, "continue")
    one = story.state
    story.says(BOB, "continue")

    assert ([ANN, BOB], "suspended", "suspended", "active") == (asked, still, one, story.state)
    assert "resumed" == story.changes[-1]


def test_continue_does_not_bring_a_pair_back_while_the_conflict_lasts() -> None:
    """The two can't overrule the line of power."""
    story = active_pair().conflict_stands()
    story.both_say("continue")

    assert "suspended" == story.state
    assert ["stale_answer", "stale_answer"] == story.codes()


def test_a_conflict_that_is_gone_without_answers_ends_after_resume_days() -> None:
    """Silence is no consent."""
    story = active_pair(resume_days=14).conflict_stands()
    story.after(days=2).conflict_goes()
    story.after(days=13)
    before = story.state
    story.after(days=2)

    assert ("suspended", "ended") == (before, story.state)
    assert "circumstances" == story.published("ended")["code"]


def test_a_conflict_that_returns_while_both_are_asked_is_told_again() -> None:
    """The question whether to go on is recalled, the choice comes again without it, and the days of the conflict begin anew."""
    story = active_pair(conflict_days=14).conflict_stands()
    story.after(days=2).conflict_goes()
    story.after(days=2).conflict_stands()
    asked = [sorted(choices(nudge)) for nudge in story.requests("conflict_choice")]
    recalled = sorted(story.recalled("pairing_resumable"))
    story.both_say("continue")
    story.after(days=13)
    before = story.state
    story.after(days=2)

    assert ([["end", "rematch"]] * 4, [ANN, BOB]) == (asked, recalled)
    assert ("suspended", "ended") == (before, story.state)


def test_a_paused_or_concluding_pair_is_suspended_too() -> None:
    """Power between two people does not wait for one of them to be back."""
    paused, concluding = active_pair(), active_pair(term_days=20)
    paused.tell(builders.paused(ANN, paused.now))
    concluding.after(days=21)
    before = (paused.state, concluding.state)
    for story in (paused, concluding):
        story.conflict_stands()

    assert ("paused", "concluding") == before
    assert ("suspended", "suspended") == (paused.state, concluding.state)


def test_a_leave_does_not_move_a_suspended_pair() -> None:
    """It stays suspended, and nobody hears of the leave."""
    story = active_pair().conflict_stands()
    story.goes_on_leave(ANN)

    assert "suspended" == story.state
    assert [] == story.told("pairing_paused")
    assert [ANN, BOB] == sorted(story.told("conflict_choice"))


def test_the_end_of_an_absence_asks_nobody_while_the_conflict_lasts() -> None:
    """Back from a break, Ann finds the pair suspended still, with no other choice than before."""
    story = active_pair(conflict_days=30).conflict_stands()
    story.tell(builders.paused(ANN, story.now, until_on="2025-01-10"))
    story.after(days=10)

    assert "suspended" == story.state
    assert 2 == len(story.told("conflict_choice"))


def test_the_choice_of_a_conflict_is_recalled_when_the_conflict_is_gone() -> None:
    """Its two answers are no longer all there are."""
    story = active_pair().conflict_stands()
    story.after(days=2).conflict_goes()

    assert [ANN, BOB] == sorted(story.recalled("conflict_choice"))


def test_a_conflict_that_is_gone_during_a_leave_waits_for_its_end_and_the_soft_landing() -> None:
    """Nobody is asked while away, and the pair does not end before anybody could answer."""
    story = active_pair(soft_landing_days=10, resume_days=14).conflict_stands()
    story.goes_on_leave(ANN).after(days=1)
    told = len(story.nudges())
    story.conflict_goes().after(days=60)
    away = (story.state, story.nudges()[told:])
    story.is_back(ANN).after(days=9)
    landing = story.nudges()[told:]
    story.after(days=2)
    asked = sorted(story.nudges()[told:])
    story.both_say("continue")

    assert (("suspended", []), []) == (away, landing)
    assert [(ANN, "pairing_resumable"), (BOB, "pairing_resumable")] == asked
    assert "active" == story.state


def test_the_gap_between_the_hr_event_and_the_suspension_is_measured() -> None:
    """On a slow bus the pair stays open for a while after the line of power came."""
    story = active_pair()
    row = story.row_of(BOB)
    facts = replace(row.facts, manager_id=PersonId(ANN), line=(PersonId(ANN),))
    message = FactsChanged(programme_id=row.programme_id, facts=facts, since_at=story.now)
    record = Record(stage=StageName.PROGRAMMES, key=PROGRAMME, id="late", at=story.now + timedelta(seconds=90), payload=message)

    transition = step(build().stages[StageName.PROGRAMMES], story.rows(StageName.PROGRAMMES), record, salt=b"test")

    assert [Note("bothways_conflict_exposure_seconds_total", 90.0)] == transition.notes


def test_a_conflict_in_one_process_has_no_exposure() -> None:
    """All that follows from an HR event follows at the same instant."""
    story = active_pair().conflict_stands()
    exposed = [note.value for note in story.store.notes if note.metric == "bothways_conflict_exposure_seconds_total"]

    assert [0.0] == exposed
