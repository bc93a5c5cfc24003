"""Given a programme, when a coordinator commands something, then it is done or refused with a code, and the audit says so."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.core.effects import StageName
from engine.core.execution import Outcome
from engine.core.identity import pseudonym_on
from engine.programme.tables import PROGRAMMES
from tests import builders
from tests.builders import PROGRAMME, StructuredEvent
from tests.topology.stories.pair_story import ANN, BOB, POLICY, active_pair, proposed_pair
from tests.topology.stories.programme_story import DAILY, ProgrammeStory, two_ready

COORDINATOR = "carol"
AS_CAROL = {"attributes": {"actor": COORDINATOR}}


def commands(at: Any) -> list[StructuredEvent]:
    """Every command to a programme that needs no pairing."""
    return [
        builders.policy_changed(at, policy=POLICY, **AS_CAROL),
        builders.programme_paused(at, reason="planned", **AS_CAROL),
        builders.programme_resumed(at, reason="to say why", **AS_CAROL),
        builders.round_requested(at, **AS_CAROL),
        builders.round_requested(at, dry_run=True, n=1, **AS_CAROL),
        builders.pairing_locked(at, [ANN, BOB], reason="they asked", **AS_CAROL),
        builders.pairing_forbidden(at, [ANN, BOB], reason="availability", **AS_CAROL),
        builders.pairing_allowed(at, [ANN, BOB], reason="mistake", **AS_CAROL),
        builders.nudges_released(at, **AS_CAROL),
        builders.programme_closed(at, reason="budget", **AS_CAROL),
    ]


# Audit


def test_every_command_is_recorded_with_its_hashed_actor_and_its_reason() -> None:
    """Who commanded what and why, without anybody's id; a remark in words is published nowhere."""
    story = two_ready()
    for command in commands(story.now):
        story.tell(command)
    bodies = [event["data"] for event in story.read(type_="command.recorded")][1:]

    assert [command["type"] for command in commands(story.now)] == [body["type"] for body in bodies]
    assert {PROGRAMME} == {body["subject"] for body in bodies}
    assert {pseudonym_on(COORDINATOR, story.now.date(), b"test")} == {body["actor"] for body in bodies}
    assert [None, "planned", None, None, None, None, "availability", "mistake", None, "budget"] == [body.get("reason") for body in bodies]
    assert [] == story.codes()


def test_the_audit_names_nobody() -> None:
    """Neither who commanded nor whom it was about."""
    story = two_ready()
    for command in commands(story.now):
        story.tell(command)

    records = [event["data"] for event in story.read("mentorship.audit.v1") if event["type"].startswith("bothways.command")]
    said = str(records)
    assert 1 + len(commands(story.now)) == len(records)
    assert not any(f"'{person_id}'" in said for person_id in (ANN, BOB, COORDINATOR))


def test_a_retraction_is_recorded_about_its_pairing() -> None:
    """The audit's subject is the pairing; its people hear of a lapse like any other."""
    story = proposed_pair()
    story.tell(builders.proposal_retracted(story.now, story.pairing_id, reason="mistake", **AS_CAROL))
    record = story.read(type_="command.recorded")[-1]["data"]

    assert ("bothways.proposal.retracted.v1", story.pairing_id, "mistake") == (record["type"], record["subject"], record["reason"])
    assert "lapsed" == story.state
    assert "causation" not in story.read(type_="pairing.lapsed")[0]
    assert [(ANN, "proposal_ready"), (BOB, "proposal_ready")] == story.nudges()


# Refusals


def test_a_programme_that_exists_is_not_created_again() -> None:
    """The policy in force stays."""
    story = ProgrammeStory()
    story.tell(builders.programme_created(story.now, policy={"track": "reverse"}))

    assert [("programme.created", "already_exists")] == story.refusals()
    assert "mutual" == story.programme.policy.track


@pytest.mark.parametrize("number", range(10))
def test_a_command_to_an_unknown_programme_is_a_dead_letter(number: int) -> None:
    """Nobody can tell whose audit it would belong to."""
    story = ProgrammeStory()
    command = commands(story.now)[number]
    story.tell({**command, "data": {**command["data"], "programme_id": "elsewhere"}})

    assert ["unknown_programme"] == story.codes()
    assert [] == story.refusals()


@pytest.mark.parametrize("number", range(10))
def test_a_command_to_a_closed_programme_is_refused(number: int) -> None:
    """A closed programme stays closed. What it forbade holds elsewhere, too, so that alone can be taken back."""
    story = two_ready()
    story.tell(builders.programme_closed(story.now, n=9))
    outcome = story.tell(commands(story.now)[number])

    is_allowed = commands(story.now)[number]["type"] == "bothways.pairing.allowed.v1"
    assert ([] if is_allowed else ["programme_closed"]) == [code for _, code in story.refusals()]
    assert (Outcome.APPLIED if is_allowed else Outcome.REFUSED) is outcome


def test_a_lock_of_somebody_who_does_not_take_part_is_refused_at_once() -> None:
    """A coordinator never enrols anybody. A refused command counts as refused and as nothing else."""
    story = two_ready()
    accepted = story.tally.accepted
    story.tell(builders.pairing_locked(story.now, [ANN, "stranger"]))

    assert (accepted, 1, 0) == (story.tally.accepted, story.tally.refused, story.tally.dead_lettered)
    assert [("pairing.locked", "not_participants")] == story.refusals()


def test_a_retraction_of_what_is_no_proposal_is_refused() -> None:
    """A live pair is theirs to end."""
    story = active_pair()
    story.tell(builders.proposal_retracted(story.now, story.pairing_id))
    refused = story.read(type_="command.refused")[-1]["data"]

    assert ("not_proposed", story.pairing_id) == (refused["code"], refused["subject"])
    assert "active" == story.state


def test_a_retraction_of_an_unknown_pairing_is_a_dead_letter() -> None:
    """`unknown_programme` is checked before `unknown_pairing`."""
    story = ProgrammeStory()
    for programme_id in (PROGRAMME, "elsewhere"):
        story.tell(builders.proposal_retracted(story.now, f"{programme_id}.0123456789abcdef"))

    assert ["unknown_pairing", "unknown_programme"] == story.codes()


# Forbidding


def test_a_forbidden_pair_is_never_proposed() -> None:
    """Not by a round, and not by a lock either."""
    story = two_ready()
    story.tell(builders.pairing_forbidden(story.now, [BOB, ANN]))
    story.tell(builders.pairing_locked(story.now, [ANN, BOB]))
    story.round()

    assert [] == story.proposed()
    assert [("pairing.locked", "forbidden")] == story.refusals()


def test_forbidding_declines_the_open_proposal_in_silence_and_leaves_a_live_pair_alone() -> None:
    """A coordinator never ends a pair; an open proposal stays until it expires, and two accepts make it no pair."""
    proposed, active = proposed_pair(), active_pair()
    for story in (proposed, active):
        story.tell(builders.pairing_forbidden(story.now, [ANN, BOB]))

    proposed.answers(ANN, "accept")
    proposed.answers(BOB, "accept")

    assert ("proposed", "active") == (proposed.state, active.state)
    assert "lapsed" == proposed.after(days=7).state


# Policy


def test_every_policy_change_makes_the_next_version_which_decisions_cite() -> None:
    """An open proposal keeps the version it was made under; the next one has the new."""
    story = two_ready()
    story.round().tell(builders.policy_changed(story.now, policy=POLICY))
    story.join_in_twos(("cat", "dan"))
    story.round()

    assert [1, 2] == [proposal["policy_version"] for proposal in story.proposals()]


def test_a_policy_change_keeps_the_expiry_of_open_proposals() -> None:
    """What was promised to two people holds."""
    story = proposed_pair(consent_days=7)
    story.tell(builders.policy_changed(story.now, policy={**POLICY, "consent_days": 1}))
    story.after(days=6, hours=23)
    before = story.state
    story.after(hours=1)

    assert ("proposed", "lapsed") == (before, story.state)


def test_a_policy_change_that_bars_a_pair_lets_its_open_proposal_lapse() -> None:
    """A hard rule breaks, whoever broke it."""
    story = proposed_pair()
    story.tell(builders.policy_changed(story.now, policy={**POLICY, "cross_department_only": True}))

    assert "lapsed" == story.state


def test_a_policy_change_that_bars_no_pair_leaves_open_proposals_alone() -> None:
    """A new version is no reason to begin again."""
    story = proposed_pair()
    story.tell(builders.policy_changed(story.now, policy={**POLICY, "reserve_start": 1000, "reserve_floor": 1000}))

    assert "proposed" == story.state


def test_a_policy_change_about_managers_holds_for_live_pairs_at_once() -> None:
    """Otherwise an unrelated change months later would suspend them."""
    story = active_pair(same_manager_allowed=True)
    for person_id in (ANN, BOB):
        story.tell(builders.role_changed(person_id, story.now, manager_id="boss"))
    story.tell(builders.policy_changed(story.now, policy={**POLICY, "same_manager_allowed": False}))
    strict = story.state
    story.tell(builders.policy_changed(story.now, policy={**POLICY, "same_manager_allowed": True}, n=1))
    story.both_say("continue")

    assert ("suspended", "active") == (strict, story.state)


def test_a_policy_change_moves_the_next_round() -> None:
    """The new `round_at` counts from the next round on."""
    story = two_ready(**DAILY)
    story.tell(builders.policy_changed(story.now, policy={**POLICY, **DAILY, "round_at": "23:00"}))
    story.after(days=1)

    assert "2025-01-06T23:00:00Z" == story.read(type_="round.completed")[0]["time"]


# Pausing


def test_a_paused_programme_holds_no_rounds() -> None:
    """Not by timer and not on request; a rehearsal changes nothing and is allowed."""
    story = two_ready(**DAILY)
    story.tell(builders.programme_paused(story.now))
    story.after(days=5).round()
    rehearsed = story.rehearses()

    assert [] == story.proposed()
    assert [("round.requested", "programme_paused")] == story.refusals()
    assert (True, 1) == (rehearsed["dry_run"], rehearsed["proposed"])


def test_a_resumed_programme_holds_its_rounds_again() -> None:
    """On the next round day, at `round_at`."""
    story = two_ready(**DAILY)
    story.tell(builders.programme_paused(story.now))
    story.after(days=5).tell(builders.programme_resumed(story.now))
    story.after(days=1)

    assert ["2025-01-12T06:00:00Z"] == [event["time"] for event in story.read(type_="round.completed")]


def test_a_paused_programme_sends_no_behavioural_nudges() -> None:
    """Neither those that would come up nor those that wait for their turn already."""
    story = active_pair()
    story.after(days=5, seconds=30)
    story.tell(builders.programme_paused(story.now))
    story.after(days=30)

    assert {"transactional"} == {nudge["class"] for nudge in story.requests()}
    assert [("book_first_session", "done")] == story.withheld()


def test_consent_and_pairs_go_on_while_a_programme_is_paused() -> None:
    """People who have been asked may answer, and pairs may meet."""
    story = proposed_pair()
    story.tell(builders.programme_paused(story.now))
    for person_id in (ANN, BOB):
        story.answers(person_id, "accept")
    story.holds("s1")

    assert "active" == story.state
    assert 1 == story.latest["sessions_count"]
    assert [] == story.codes()


def test_a_nomination_to_a_paused_programme_invites_nobody_and_uses_nothing_up() -> None:
    """Nominated again after the pause, the person is invited."""
    story = ProgrammeStory()
    story.tell(builders.hired(ANN, story.now))
    story.tell(builders.programme_paused(story.now))
    story.tell(builders.nominated(ANN, story.now))
    story.after(days=2).tell(builders.programme_resumed(story.now))
    before = story.told("open_invitation")
    story.tell(builders.nominated(ANN, story.now))
    story.after(days=1)

    assert ([], [ANN]) == (before, story.told("open_invitation"))


def test_a_programme_keeps_its_name() -> None:
    """For people to read; ids and rules don't know of it."""
    story = ProgrammeStory()
    story.tell(builders.programme_created(story.now, "named", name="Learning both ways"))
    row = story.row(StageName.PROGRAMMES, PROGRAMMES, "named")

    assert ("Learning both ways", None) == (row.name, story.programme.name)


# Closing


def test_closing_lets_proposals_lapse_and_ends_live_pairs_as_programme_closed() -> None:
    """Both hear that it is over."""
    proposed, active = proposed_pair(), active_pair()
    for story in (proposed, active):
        story.tell(builders.programme_closed(story.now))

    assert ("lapsed", "ended") == (proposed.state, active.state)
    assert "programme_closed" == active.published("ended")["code"]
    assert [ANN, BOB] == sorted(active.told("pairing_ended"))


def test_an_enrolment_in_a_closed_programme_is_refused_as_unknown() -> None:
    """There is nothing to enrol in any more."""
    story = ProgrammeStory()
    story.tell(builders.programme_closed(story.now))
    story.joins(ANN, "strategy", "python")

    assert ["unknown_programme"] == story.codes()


@pytest.mark.parametrize(
    "build", [builders.enrolled, builders.updated, builders.paused, builders.resumed, builders.nominated, builders.training_completed]
)
def test_a_closed_programme_takes_nobody_and_nothing_but_a_farewell(build: Callable[..., StructuredEvent]) -> None:
    """It is as good as unknown: what a participant says to it is a dead letter, and changes nothing. Only `withdrawn` is taken."""
    story = two_ready()
    story.tell(builders.programme_closed(story.now))
    before = story.row_of(ANN)
    story.tell(build(ANN, story.now))

    assert ["unknown_programme"] == story.codes()
    assert before == story.row_of(ANN)


def test_a_withdrawal_from_a_closed_programme_is_taken() -> None:
    """What somebody said about itself can be taken back at any time."""
    story = two_ready()
    story.tell(builders.programme_closed(story.now))
    story.tell(builders.withdrawn(ANN, story.now))

    assert [] == story.codes()
    assert ("withdrawn", ()) == (story.row_of(ANN).status, story.row_of(ANN).profile.offers)


def test_a_closed_programme_waits_for_nothing() -> None:
    """No round, no reminder, no timer is left, and none comes with a later change of facts."""
    story = two_ready(**DAILY)
    story.joins("cat", "strategy", None)
    story.round().activates(ANN, BOB)
    story.after(days=1).tell(builders.programme_closed(story.now))
    told = len(story.nudges())
    story.tell(builders.role_changed("cat", story.now, department="sales"))
    story.after(days=100)

    assert [ANN, BOB] == sorted(story.told("pairing_ended"))
    assert [] == story.nudges()[told:]
    assert [None] * 4 == [story.programme.wake_at, *(story.row_of(person_id).wake_at for person_id in (ANN, BOB, "cat"))]
