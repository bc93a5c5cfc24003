"""Who may pair, how well, and whom a round proposes."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

from engine import fast
from tests.acceptance.story import INSIGHTS, OPEN_POLICY, PAIRINGS, Story

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


# What a coordinator sees before deciding


def crowd(story: Story, size: int = 12, **policy: Any) -> None:
    """People of whom every other one teaches what the rest want, with bands and levels that make some pairs better than others."""
    story.good(story.programme(T0, **policy))
    for number in range(size):
        person = f"p{number:02}"
        gives, wants = ("python", "strategy") if number % 2 else ("strategy", "python")
        story.good(
            story.hired(T0, person, department=f"d{number % 3}"),
            story.enrolled(
                T0, person, gives=f"{gives}:{1 + number % 3}", wants=f"{wants}:3:0", experience_band=number % 4, capacity=1 + number // 9
            ),
        )


def test_policies_stand_side_by_side(story: Story) -> None:
    """Matched people, scores, bridges and the worst pair under both policies, and who is matched under one of them only."""
    crowd(story)

    found = story.dry_round(policy={"experience_gap_min": 2})
    told = story.run("round", "p1", "--dry-run", "--policy", str(story.directory / "policy.json")).out

    for report in (found, found["with_policy"]):
        figures, scores = report["figures"], [pair["score"] for pair in report["proposals"]]
        assert figures["matched_count"] == len({person for pair in report["proposals"] for person in pair["people"]})
        assert (figures["total_score"], figures["mean_score"]) == (sum(scores), sum(scores) // len(scores))
        assert figures["worst_score"] == min(scores)
        spanning = [reason for pair in report["proposals"] for reason in pair["reasons"] if reason["code"] == "bridges_bands"]
        assert figures["bridges_count"] == len(spanning)
    assert found["with_policy"]["figures"]["bridges_count"] == found["with_policy"]["proposed"]
    matched = [{person for pair in report["proposals"] for person in pair["people"]} for report in (found, found["with_policy"])]
    assert (set(found["compared"]["lost_ids"]), set(found["compared"]["gained_ids"])) == (matched[0] - matched[1], matched[1] - matched[0])
    for name in ("current policy", "other policy", "people matched", "mean score", "worst pair", "bridges", "price of fairness"):
        assert name in told


def test_dry_run_leaves_no_trace(story: Story) -> None:
    """Not a byte of the data directory changes, whatever policy is tried."""
    crowd(story)
    before = (story.directory / "data" / "bothways.db").read_bytes()

    found = story.dry_round(policy={"reserve_start": 1000, "reserve_floor": 1000})

    assert found["proposed"] > found["with_policy"]["proposed"]
    assert before == (story.directory / "data" / "bothways.db").read_bytes()
    assert story.tail(INSIGHTS) == []


def test_left_out_are_told_what_would_widen_the_choice(story: Story) -> None:
    """Everybody without a pair has a reason and the one thing to change, on a terminal too."""
    couple(story, ann={"languages": ["it"]})

    found = story.dry_round()
    told = story.run("round", "p1", "--dry-run").out

    assert [one["reasons"][0]["params"]["widen"] for one in found["unmatched"]] == ["languages", "languages"]
    assert "what would widen the choice" in told


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"reserv_start": 1}', "no policy field reserv_start"),
        ('{"wait_bonus": -1}', "wait_bonus"),
        ('{"track": "sideways"}', "track"),
        ("[]", "a JSON object"),
        ("{", "no JSON"),
    ],
)
def test_unusable_policy_file_is_refused_in_one_line(story: Story, content: str, said: str) -> None:
    """A policy file that can't be used ends the command with 1 and names what is wrong with it."""
    couple(story)
    path = story.directory / "policy.json"
    path.write_text(content, "utf-8")

    answer = story.run("round", "p1", "--dry-run", "--policy", str(path))

    assert (answer.code, answer.out, len(answer.err.splitlines())) == (1, "", 1)
    assert said in answer.err
    assert str(path) in answer.err


def test_refused_lock_is_shown(story: Story) -> None:
    """A lock that a hard rule forbids stands in the dry run with the rule's code."""
    couple(story, ann={"languages": ["it"]})
    story.good(locked(story))

    assert story.dry_round()["refused_locks"] == [{"people": ["ann", "bob"], "code": "language"}]
    assert "language" in story.run("round", "p1", "--dry-run").out


# What fairness and never breaking a pair cost


def reported(story: Story) -> dict[str, Any]:
    """The metrics of the newest report."""
    return dict(story.of_type(INSIGHTS, "programme.reported")[-1]["metrics"])


def test_price_of_fairness_is_reported(story: Story) -> None:
    """What serving those who wait and those without a pair first costs, as a share of the total score, in the report of the day."""
    crowd(story, k_min=1)
    told = story.dry_round()["figures"]
    story.tick("2025-01-07T00:00:00Z")

    assert reported(story)["fairness_price_ratio"] == told["fairness_price_ratio"]
    assert 0 <= told["fairness_price_ratio"] < 0.5
    assert reported(story)["drift_ratio"] == told["drift_ratio"] == 1.0


def test_without_fairness_rules_it_has_no_price(story: Story) -> None:
    """A policy that looks at scores alone pays nothing."""
    crowd(story)

    found = story.dry_round(policy={"wait_bonus": 0, "first_pair_first": False})

    assert found["with_policy"]["figures"]["fairness_price_ratio"] == 0


def test_drift_shows_what_kept_pairs_cost(story: Story) -> None:
    """Ann and bob keep each other although zoe would be better for bob: the score kept is a share of what pairing anew would come to."""
    story.good(story.programme(T0, k_min=1), *(story.hired(T0, person, department=person) for person in ("ann", "bob", "yan", "zoe")))
    story.good(
        story.enrolled(T0, "ann", gives="python:1", wants="strategy:3:0", experience_band=0),
        story.enrolled(T0, "bob", gives="strategy:3", wants="python:3:0", experience_band=2),
    )
    story.tick("2025-01-06T06:00:00Z")
    pairing = story.proposals()[0]["pairing_id"]
    story.good(*(story.accepted("2025-01-06T09:00:00Z", person, pairing) for person in ("ann", "bob")))
    story.good(story.enrolled("2025-01-06T10:00:00Z", "zoe", gives="python:3", wants="strategy:3:0", experience_band=0))
    assert story.dry_round()["figures"]["drift_ratio"] == 0.816

    story.good(story.enrolled("2025-02-05T10:00:00Z", "yan", gives="strategy:1", wants="python:3:0", experience_band=2))
    story.tick("2025-02-07T00:00:00Z")

    assert [one["people"][0]["person_id"] for one in story.proposals()] == ["ann", "yan"]
    assert story.state(pairing) == "active"
    assert reported(story)["drift_ratio"] == round((816 + 816) / (1000 + 666), 4)


def test_round_that_is_too_small_is_not_measured(story: Story) -> None:
    """With fewer pairs than `k_min` the report has no such figure, for it would tell of a few people."""
    couple(story, policy={"k_min": 2})
    story.tick("2025-01-07T00:00:00Z")

    assert (reported(story)["fairness_price_ratio"], reported(story)["drift_ratio"]) == (None, None)


# The exact matcher


@pytest.mark.skipif(not fast.has_ortools(), reason="needs the extra `exact` (OR-tools)")
def test_exact_matcher_from_end_to_end(story: Story) -> None:
    """`matcher: exact` holds the daily round and proves the optimum."""
    crowd(story, matcher="exact")
    dry = story.dry_round()
    story.tick("2025-01-06T06:00:00Z")

    (held,) = story.of_type(INSIGHTS, "round.completed")
    assert (held["optimal_ratio"], held["proposed"], held["total_score"]) == (1.0, dry["proposed"], dry["total_score"])
    assert story.run("verify", "--json").json["identical"]


WITHOUT_ORTOOLS: Final = "import sys; sys.modules['ortools'] = None; from engine.cli.app import run; sys.exit(run(sys.argv[1:]))"


def test_exact_matcher_that_is_not_installed_is_refused(story: Story) -> None:
    """Without OR-tools nothing falls back: one line says what to install; the round waits until it is there, or the policy is changed."""
    crowd(story, matcher="exact")
    data = str(story.directory / "data")
    for command in (["round", "p1"], ["round", "p1", "--dry-run"], ["tick", "--to", "2025-01-06T06:00:00Z"]):
        ended = subprocess.run(
            [sys.executable, "-c", WITHOUT_ORTOOLS, *command, "--data", data], capture_output=True, text=True, check=False
        )

        assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1), ended.stderr
        assert "OR-tools" in ended.stderr
        assert "bothways[exact]" in ended.stderr
    assert story.proposals() == []

    change = {"programme_id": "p1", "policy": {**OPEN_POLICY, "matcher": "auction"}}
    story.good(story.event("programme.policy_changed", T0, change, actor="coordinator"))
    story.tick("2025-01-06T06:00:00Z")

    assert len(story.proposals()) > 0


# Why these two


def test_explanation_names_the_two_alone(story: Story) -> None:
    """What each learns, both levels, the share, shared hours, options; never a third person; and the event alone proves it."""
    crowd(story)
    story.tick("2025-01-06T06:00:00Z")

    for proposal in story.proposals():
        answer = story.run("explain", proposal["pairing_id"], "--check", "--json").json
        first, second = answer["people"]
        told = " ".join(answer["sentences"])
        assert set(re.findall(r"p\d\d", json.dumps(answer["reasons"]) + told)) == {first, second}
        for side in proposal["people"]:
            for lesson in side["learns"]:
                assert f"level {lesson['level']} of 3; own level {lesson['own_level']}" in told
                assert f"{round(100 * lesson['share'])} % of what {side['person_id']} needs" in told
        for said in ("working hours a week", "of 1000 points", f"{first} had ", f"{second} had ", "in that round"):
            assert said in told
        benefits = {side["person_id"]: side["benefit"] for side in proposal["people"]}
        assert answer["check"] == {
            "identical": True,
            "recomputed": {"score": proposal["score"], "benefit": benefits},
            "published": {"score": proposal["score"], "benefit": benefits},
        }
