"""When a round is held, whom it proposes first, and what it publishes."""

import pytest

from tests.acceptance.stories.round_story import couple
from tests.acceptance.stories.story import INSIGHTS, PAIRINGS, T0, Story


def test_round_on_request(story: Story) -> None:
    """A requested round is finished when the command returns, and is held at the last instant."""
    couple(story, policy={"round_every_days": 0})
    story.tick("2025-01-10T00:00:00Z")
    assert story.proposals() == []

    answer = story.run("round", "p1", "--json")

    assert (answer.code, answer.json["proposed"]) == (0, 1)
    assert [one["time"] for one in story.tail(PAIRINGS)] == ["2025-01-10T00:00:00Z"]
    assert len(story.of_type(INSIGHTS, "round.completed")) == 1


def test_round_of_no_programme_is_refused(story: Story) -> None:
    """An unknown programme ends the command with 1."""
    couple(story)

    assert story.run("round", "p9", "--json").code == 1


def test_published_round_has_its_certificate(story: Story) -> None:
    """Proposed, waiting, reasons, total and bound; no names."""
    couple(story)
    story.tick("2025-01-06T06:00:00Z")

    (found,) = story.of_type(INSIGHTS, "round.completed")

    assert found == {
        "programme_id": "p1",
        "round": 1,
        "dry_run": False,
        "proposed": 1,
        "waiting": 0,
        "no_option_by_reason": {},
        "total_score": 1000,
        "optimality_bound": 1000,
        "optimal_ratio": 1.0,
        "blocking_pairs": 0,
    }


def test_proposal_has_its_fields(story: Story) -> None:
    """Fields, ids, version, expiry after `consent_days`, and the shares of what is learned."""
    couple(story)
    story.tick("2025-01-06T06:00:00Z")

    (found,) = story.proposals()

    assert set(found) == {
        "pairing_id",
        "programme_id",
        "proposal_version",
        "people",
        "score",
        "track",
        "reasons",
        "data_used",
        "policy_version",
        "expires_at",
    }
    assert (found["proposal_version"], found["policy_version"], found["track"], found["expires_at"]) == (
        1,
        1,
        "mutual",
        "2025-01-13T06:00:00Z",
    )
    assert found["pairing_id"].startswith("p1.")
    assert len(found["pairing_id"]) == len("p1.") + 16
    assert found["people"] == [
        {"person_id": "ann", "learns": [{"topic": "strategy", "level": 3, "own_level": 0, "share": 1.0}], "benefit": 1.0},
        {"person_id": "bob", "learns": [{"topic": "python", "level": 3, "own_level": 0, "share": 1.0}], "benefit": 1.0},
    ]


def test_reserve_falls_day_by_day(story: Story) -> None:
    """A pair of 800 waits until 900 less 20 a day has come down to it: the sixth morning."""
    couple(
        story,
        ann={"experience_band": None},
        hr={"bob": {"department": "lab"}},
        policy={"reserve_start": 900, "reserve_floor": 250, "reserve_drop_per_day": 20, "reserve_first_round": 900},
    )
    story.tick("2025-01-12T00:00:00Z")

    assert [(one["time"], one["data"]["score"]) for one in story.tail(PAIRINGS)] == [("2025-01-11T06:00:00Z", 800)]


def test_reserve_never_falls_below_its_floor(story: Story) -> None:
    """At the floor it stays."""
    reserves = {"reserve_start": 900, "reserve_floor": 801, "reserve_first_round": 801}
    couple(story, ann={"experience_band": None}, hr={"bob": {"department": "lab"}}, policy=reserves)
    story.tick("2025-03-12T00:00:00Z")

    assert story.proposals() == []
    assert len(story.of_type(INSIGHTS, "round.completed")) == 65
    assert story.dry_round(policy={"reserve_floor": 800})["with_policy"]["proposed"] == 1


def test_lapsed_pair_rests(story: Story) -> None:
    """A lapsed pair isn't proposed again for `lapsed_rest_days` (180), then under a new id."""
    couple(story)
    story.tick("2025-07-12T06:00:00Z")

    proposed = [one for one in story.tail(PAIRINGS) if one["type"] == "bothways.pairing.proposed.v1"]
    assert [one["time"] for one in proposed] == ["2025-01-06T06:00:00Z", "2025-07-12T06:00:00Z"]
    assert len({one["subject"] for one in proposed}) == 2


@pytest.mark.parametrize(("allowed", "times"), [(False, 1), (True, 2)])
def test_past_partners_need_permission(story: Story, allowed: bool, times: int) -> None:
    """Past partners come again only if the policy allows it."""
    pairing = story.pair(past_partner_allowed=allowed)
    story.good(story.by("pairing.continuation_answered", "2025-01-08T09:00:00Z", "ann", pairing_id=pairing, answer="end"))
    story.tick("2025-01-09T09:00:00Z")

    assert len(story.proposals()) == times


def test_first_pair_comes_before_second_pairs(story: Story) -> None:
    """With one teacher of two and a better friend, everybody gets a first pair before anybody a second one."""
    story.good(story.programme(T0), *(story.hired(T0, person, department=person) for person in ("ann", "bob", "cy", "dan")))
    story.good(
        story.enrolled(T0, "ann", gives="python:3", wants="strategy:3:0", experience_band=0, capacity=2),
        story.enrolled(T0, "bob", gives="strategy:3", wants="python:3:0", experience_band=2, capacity=2),
        story.enrolled(T0, "cy", gives="python:1", wants="strategy:3:0", experience_band=0),
        story.enrolled(T0, "dan", gives="strategy:1", wants="python:3:0", experience_band=2),
    )
    story.tick("2025-01-06T06:00:00Z")

    people = [side["person_id"] for one in story.proposals() for side in one["people"]]
    assert {"ann", "bob", "cy", "dan"} == set(people)


def test_longer_wait_wins_at_equal_score(story: Story) -> None:
    """The waiting bonus decides between two equals, and isn't in the score."""
    story.good(story.programme(T0), *(story.hired(T0, person, department=person) for person in ("ann", "bob", "zoe")))
    story.good(story.enrolled(T0, "zoe", gives="python:3", wants="strategy:3:0", experience_band=0))
    story.tick("2025-01-08T12:00:00Z")
    story.good(
        story.enrolled("2025-01-08T12:00:00Z", "ann", gives="python:3", wants="strategy:3:0", experience_band=0),
        story.enrolled("2025-01-08T12:00:00Z", "bob", gives="strategy:3", wants="python:3:0", experience_band=2),
    )
    story.tick("2025-01-09T06:00:00Z")

    assert [([side["person_id"] for side in one["people"]], one["score"]) for one in story.proposals()] == [(["bob", "zoe"], 1000)]


def test_capacity_bounds_live_pairs_and_proposals(story: Story) -> None:
    """Room = capacity - live pairs - open proposals."""
    story.good(story.programme(T0), *(story.hired(T0, person, department=person) for person in ("ann", "bob", "cy", "dan")))
    story.good(story.enrolled(T0, "bob", gives="strategy:3", wants="python:3:0", experience_band=2, capacity=2))
    story.good(*(story.enrolled(T0, person, gives="python:3", wants="strategy:3:0", experience_band=0) for person in ("ann", "cy", "dan")))
    story.tick("2025-01-08T06:00:00Z")

    assert len(story.proposals()) == 2


def test_paused_programme_holds_no_round(story: Story) -> None:
    """A paused programme holds no rounds; a resumed one does."""
    couple(story)
    story.good(story.event("programme.paused", T0, {"programme_id": "p1"}, actor="c"))
    story.tick("2025-01-08T12:00:00Z")
    assert story.proposals() == []
    story.good(story.event("programme.resumed", "2025-01-08T12:00:00Z", {"programme_id": "p1"}, actor="c"))
    story.tick("2025-01-09T12:00:00Z")

    assert len(story.proposals()) == 1


def test_policy_change_is_cited(story: Story) -> None:
    """Every change makes the next `policy_version`, which decisions cite."""
    couple(story)
    story.good(
        story.event(
            "programme.policy_changed",
            T0,
            {"programme_id": "p1", "policy": {"reserve_start": 0, "reserve_floor": 0, "consent_days": 3}},
            actor="c",
        )
    )
    story.tick("2025-01-06T06:00:00Z")

    (found,) = story.proposals()
    assert (found["policy_version"], found["expires_at"]) == (2, "2025-01-09T06:00:00Z")
