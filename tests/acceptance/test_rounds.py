"""Who may pair, how well, and whom a round proposes."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from tests.acceptance.story import INSIGHTS, PAIRINGS, Story

T0: Final = "2025-01-06T05:00:00Z"
FAMILIES: Final = ("digital", "data", "leadership", "career", "culture", "craft", "inclusion")
Event = dict[str, Any]


def couple(
    story: Story,
    *,
    ann: Mapping[str, Any] | None = None,
    bob: Mapping[str, Any] | None = None,
    hr: Mapping[str, Mapping[str, Any]] | None = None,
    policy: Mapping[str, Any] | None = None,
) -> None:
    """Ann gives python for strategy, bob the other way round; with changes."""
    of = hr or {}
    story.good(
        story.programme(T0, **(policy or {})),
        story.hired(T0, "ann", **{"department": "lab", **of.get("ann", {})}),
        story.hired(T0, "bob", **{"department": "board", **of.get("bob", {})}),
        story.enrolled(T0, "ann", **{"gives": "python:3", "wants": "strategy:3:0", "experience_band": 0, **(ann or {})}),
        story.enrolled(T0, "bob", **{"gives": "strategy:3", "wants": "python:3:0", "experience_band": 2, **(bob or {})}),
    )


def mornings(hours: int) -> list[dict[str, Any]]:
    """Monday to Friday from nine, so many hours."""
    return [{"weekday": day, "from": "09:00", "to": f"{9 + hours:02}:00"} for day in range(1, 6)]


REVERSE: Final = {"track": "reverse", "training_required": False}
BARRED: Final[dict[str, tuple[dict[str, Any], dict[str, list[str]]]]] = {
    "nothing": ({}, {}),
    "manager": ({"hr": {"ann": {"manager_id": "bob"}}}, {"ann": ["reporting_line"], "bob": ["reporting_line"]}),
    "dotted line": ({"hr": {"bob": {"dotted_line_ids": ["ann"]}}}, {"ann": ["reporting_line"], "bob": ["reporting_line"]}),
    "same manager": ({"hr": {"ann": {"manager_id": "z"}, "bob": {"manager_id": "z"}}}, {"ann": ["same_manager"], "bob": ["same_manager"]}),
    "same manager allowed": (
        {"hr": {"ann": {"manager_id": "z"}, "bob": {"manager_id": "z"}}, "policy": {"same_manager_allowed": True}},
        {},
    ),
    "language": ({"ann": {"languages": ["it"]}}, {"ann": ["language"], "bob": ["language"]}),
    "another English": ({"ann": {"languages": ["en-GB"]}, "bob": {"languages": ["en-US"]}}, {}),
    "one hour in common": ({"ann": {"hours": mornings(1)}}, {"ann": ["hours"], "bob": ["hours"]}),
    "two hours in common": ({"ann": {"hours": mornings(2)}}, {}),
    "far zones": ({"hr": {"ann": {"timezone": "Pacific/Auckland"}}}, {"ann": ["hours"], "bob": ["hours"]}),
    "unknown band in traditional": (
        {"ann": {"experience_band": None}, "policy": {"track": "traditional"}},
        {"ann": ["band_gap"], "bob": ["band_gap"]},
    ),
    "unknown band in mutual": ({"ann": {"experience_band": None}}, {}),
    "same band in reverse": ({"ann": {"experience_band": 2}, "policy": REVERSE}, {"ann": ["band_gap"], "bob": ["band_gap"]}),
    "same band in mutual": ({"ann": {"experience_band": 2}}, {}),
    "gap by policy": ({"bob": {"experience_band": 1}, "policy": {"experience_gap_min": 2}}, {"ann": ["band_gap"], "bob": ["band_gap"]}),
    "untrained in reverse": ({"policy": {"track": "reverse"}}, {"ann": ["training"], "bob": ["training"]}),
    "untrained by policy": ({"policy": {"training_required": True}}, {"ann": ["training"], "bob": ["training"]}),
    "one way in mutual": ({"ann": {"wants": "budgeting:1:0"}}, {"ann": ["one_way"], "bob": ["one_way"]}),
    "junior learns nothing in reverse": ({"ann": {"wants": "budgeting:1:0"}, "policy": REVERSE}, {}),
    "senior learns nothing in reverse": ({"bob": {"wants": "budgeting:1:0"}, "policy": REVERSE}, {"ann": ["one_way"], "bob": ["one_way"]}),
    "senior learns nothing in traditional": ({"bob": {"wants": "budgeting:1:0"}, "policy": {"track": "traditional"}}, {}),
    "junior learns nothing in traditional": (
        {"ann": {"wants": "budgeting:1:0"}, "policy": {"track": "traditional"}},
        {"ann": ["one_way"], "bob": ["one_way"]},
    ),
    "offer no higher than own level": (
        {"ann": {"gives": "python:1"}, "bob": {"wants": "python:3:1"}},
        {"ann": ["one_way"], "bob": ["one_way"]},
    ),
    "same department by policy": (
        {"hr": {"bob": {"department": "lab"}}, "policy": {"cross_department_only": True}},
        {"ann": ["cross_department"], "bob": ["cross_department"]},
    ),
    "not here yet": ({"hr": {"ann": {"effective_on": "2025-03-01"}}}, {"ann": ["not_active"], "bob": ["capacity"]}),
    "stage stands for band": (
        {
            "hr": {"ann": {"job_level": 2}, "bob": {"job_level": 11}},
            "ann": {"experience_band": None},
            "bob": {"experience_band": None},
            "policy": {"track": "traditional", "stage_stands_for_band": True},
        },
        {},
    ),
}


@pytest.mark.parametrize("name", BARRED)
def test_rule_stands_in_the_way(story: Story, name: str) -> None:
    """A dry run says which rule leaves somebody without any option; without one, the two are proposed."""
    changes, expected = BARRED[name]
    couple(story, **changes)

    assert story.unmatched() == expected
    assert story.dry_round()["proposed"] == (0 if expected else 1)


AFTERWARDS: Final[dict[str, tuple[Callable[[Story], list[Event]], dict[str, list[str]]]]] = {
    "paused": (lambda s: [s.by("participation.paused", T0, "ann", programme_id="p1")], {"ann": ["paused"], "bob": ["capacity"]}),
    "paused and resumed": (
        lambda s: [s.by("participation.paused", T0, "ann", programme_id="p1"), s.by("participation.resumed", T0, "ann", programme_id="p1")],
        {},
    ),
    "forbidden": (
        lambda s: [s.event("pairing.forbidden", T0, {"programme_id": "p1", "person_ids": ["bob", "ann"], "reason": "r"}, actor="c")],
        {"ann": ["forbidden"], "bob": ["forbidden"]},
    ),
    "withdrawn": (lambda s: [s.by("participation.withdrawn", T0, "ann", programme_id="p1")], {"bob": ["one_way"]}),
}


@pytest.mark.parametrize("name", AFTERWARDS)
def test_choice_stands_in_the_way(story: Story, name: str) -> None:
    """What people and coordinators say counts at once."""
    events, expected = AFTERWARDS[name]
    couple(story)
    story.good(*events(story))

    assert story.unmatched() == expected


def test_pause_ends_by_itself(story: Story) -> None:
    """A pause with a last day is over when that day is."""
    couple(story)
    story.good(story.by("participation.paused", T0, "ann", programme_id="p1", until_on="2025-01-08"))
    story.tick("2025-01-07T12:00:00Z")
    assert story.proposals() == []
    story.tick("2025-01-10T12:00:00Z")

    assert len(story.proposals()) == 1


def test_training_of_both_opens_reverse(story: Story) -> None:
    """`training_completed` is reported by a system, and counts for both sides."""
    couple(story, policy={"track": "reverse"})
    for person in ("ann", "bob"):
        story.good(story.event("participation.training_completed", T0, {"person_id": person, "programme_id": "p1"}, actor="lms"))

    assert story.unmatched() == {}


def test_exclusion_is_never_shown(story: Story) -> None:
    """Two who can't pair because one excluded the other learn of no exclusion, in any output."""
    couple(story, ann={"exclude": ["bob"]})

    answer = story.run("round", "p1", "--dry-run", "--json")
    story.tick("2025-02-20T00:00:00Z")

    assert answer.json["proposed"] == 0
    assert "exclu" not in answer.out
    assert "exclu" not in "".join(
        story.run("tail", topic).out for topic in (PAIRINGS, INSIGHTS, "mentorship.nudges.v1", "mentorship.audit.v1")
    )


def test_dry_run_changes_nothing(story: Story) -> None:
    """It shows the pairs of the round that follows, and proposes nobody."""
    couple(story)
    dry = story.dry_round()
    assert (story.proposals(), dry["dry_run"], dry["proposed"], dry["total_score"]) == ([], True, 1, 1000)
    story.tick("2025-01-06T06:00:00Z")

    assert [(sorted(one["people"]), one["score"]) for one in dry["proposals"]] == [(["ann", "bob"], story.proposals()[0]["score"])]


def test_dry_run_with_another_policy(story: Story) -> None:
    """`--policy` compares: what would be with these fields."""
    couple(story)

    found = story.dry_round(policy={"experience_gap_min": 3})
    assert (found["proposed"], found["with_policy"]["proposed"]) == (1, 0)


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
        policy={"reserve_start": 900, "reserve_floor": 250, "reserve_drop_per_day": 20},
    )
    story.tick("2025-01-12T00:00:00Z")

    assert [(one["time"], one["data"]["score"]) for one in story.tail(PAIRINGS)] == [("2025-01-11T06:00:00Z", 800)]


def test_reserve_never_falls_below_its_floor(story: Story) -> None:
    """At the floor it stays."""
    couple(story, ann={"experience_band": None}, hr={"bob": {"department": "lab"}}, policy={"reserve_start": 900, "reserve_floor": 801})
    story.tick("2025-03-12T00:00:00Z")

    assert story.proposals() == []


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


def locked(story: Story, at: str = T0) -> Event:
    """The coordinator's lock of the couple."""
    return story.event("pairing.locked", at, {"programme_id": "p1", "person_ids": ["ann", "bob"], "reason": "r"}, actor="coordinator")


@pytest.mark.parametrize(
    "changes",
    [{"policy": {"reserve_start": 1000, "reserve_floor": 1000}, "bob": {"experience_band": 0}}, {"ann": {"wants": "budgeting:1:0"}}],
)
def test_lock_overrides_reserve_and_one_way(story: Story, changes: dict[str, Any]) -> None:
    """A lock proposes in the next round what the reserve or `one_way` would keep apart."""
    couple(story, **changes)
    assert story.dry_round()["proposed"] == 0
    story.good(locked(story))
    story.tick("2025-01-06T06:00:00Z")

    assert len(story.proposals()) == 1


def test_lock_overrides_rest_and_past(story: Story) -> None:
    """A lock brings back a lapsed pair and past partners."""
    couple(story)
    story.tick("2025-01-14T00:00:00Z")
    story.good(locked(story, "2025-01-14T00:00:00Z"))
    story.tick("2025-01-14T06:00:00Z")
    pairing = story.proposals()[-1]["pairing_id"]
    story.good(*(story.accepted("2025-01-14T09:00:00Z", person, pairing) for person in ("ann", "bob")))
    story.good(
        story.by("pairing.continuation_answered", "2025-01-15T09:00:00Z", "ann", pairing_id=pairing, answer="end"),
        locked(story, "2025-01-15T10:00:00Z"),
    )
    story.tick("2025-01-16T09:00:00Z")

    assert story.pairings() == ["proposed", "lapsed", "proposed", "activated", "ended", "proposed"]


@pytest.mark.parametrize(
    "changes",
    [
        {"hr": {"ann": {"manager_id": "bob"}}},
        {"ann": {"languages": ["it"]}},
        {"ann": {"hours": mornings(1)}},
        {"ann": {"exclude": ["bob"]}},
    ],
)
def test_lock_overrides_no_other_rule(story: Story, changes: dict[str, Any]) -> None:
    """Never another hard rule."""
    couple(story, **changes)
    story.good(locked(story))
    story.tick("2025-01-07T06:00:00Z")

    assert story.proposals() == []


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


def test_reasons_explain_the_score(story: Story) -> None:
    """`explain --check` computes the score again from the reasons; `--json` gives them."""
    couple(story)
    story.tick("2025-01-06T06:00:00Z")
    pairing = story.proposals()[0]["pairing_id"]

    checked, told = story.run("explain", pairing, "--check"), story.run("explain", pairing, "--json")

    assert (checked.code, told.code) == (0, 0)
    assert (told.json["score"], told.json["people"], told.json["policy_version"]) == (1000, ["ann", "bob"], 1)
    assert story.run("explain", "p1.0000000000000000").code == 1
