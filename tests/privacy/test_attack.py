"""Nobody who reads all public topics learns a secret: an attacker guesses no better than a coin, and does see what is planted."""

from collections import Counter
from collections.abc import Callable

import pytest

from tests.privacy.attack import attacked, exact_interval
from tests.privacy.secrets import KINDS, Secret
from tests.privacy.world import View, events_of

SECRETS: int = 8
"""Of each kind; `python -m tests.privacy.attack` tries 1,000."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.replace(" ", "_"))
def test_no_channel_tells_a_secret_and_each_sees_a_leak_that_is_planted(kind: Secret) -> None:
    """What is published is the same whatever the truth, in bodies, ids, order, times, causation and all the rest."""
    found = attacked(kind, SECRETS)

    assert [] == [score.channel for score, _ in found if score.is_better_than_chance]
    assert [] == [score.channel for score, planted in found if planted.hits < planted.guesses]
    assert [] == [(score.channel, score.informed) for score, _ in found if score.informed]


def lapses(view: View) -> bool:
    """A proposal lapsed, and the two were not proposed again."""
    pairs = Counter(tuple(sorted(side["person_id"] for side in event["data"]["people"])) for event in events_of(view, "pairing.proposed"))
    return len(events_of(view, "pairing.lapsed")) >= 1 and max(pairs.values()) == 1


HAPPENS: dict[str, Callable[[View], bool]] = {
    "who declined": lapses,
    "whether anybody declined": lapses,
    "who gave a misfit": lambda view: [event["data"]["code"] for event in events_of(view, "pairing.ended")] == ["choice"],
    "who excluded whom": bool,
    "who ended a pair": lambda view: [event["data"]["code"] for event in events_of(view, "pairing.ended")] == ["choice"],
    "who is held out": lambda view: [event["data"]["reason"] for event in events_of(view, "nudge.suppressed")] == ["withheld"],
    "who is behind a hash": lambda view: [event["data"]["reason"] for event in events_of(view, "nudge.suppressed")] == ["withheld"],
    "a count under k": lambda view: len(events_of(view, "programme.reported")) >= 1,
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name.replace(" ", "_"))
def test_each_history_has_its_secret(kind: Secret) -> None:
    """An attack on a history in which nothing happens would show nothing."""
    assert all(HAPPENS[kind.name](kind.play(seed, b"salt", truth)) for seed in range(2) for truth in range(kind.truths))


def test_somebody_excludes_somebody_at_every_stage() -> None:
    """Before a proposal there is none; an open one lapses; a live pair ends."""
    kind = next(kind for kind in KINDS if kind.name == "who excluded whom")
    seen = [kind.play(seed, b"salt", 0) for seed in range(12)]

    assert any(events_of(view, "pairing.ended") for view in seen)
    assert any(not events_of(view, "pairing.ended") and events_of(view, "pairing.lapsed") for view in seen)


@pytest.mark.parametrize(("hits", "count", "low", "high"), [(0, 10, 0.0, 0.4113), (5, 10, 0.1283, 0.8717), (10, 10, 0.5887, 1.0)])
def test_the_interval_is_exact(hits: int, count: int, low: float, high: float) -> None:
    """As tables of Clopper and Pearson have it at 99 %."""
    assert (low, high) == pytest.approx(exact_interval(hits, count), abs=1e-4)
