"""Does a nudge help? Nudged people against the held-out group, and how much anybody hears.

Decides: what counts as a trial, what counts as acting on it, the effect and its interval.
Never knows: which person is held out (nudges/ledger); single people once they are counted.

Invariants
    insights.X1  A trial is one behavioural nudge that was requested, or would have been without the held-out group: to a person, or about a
        pair, whose two sides are one trial, for one lot holds out both.
    insights.X2  Acting counts within 7 days of the trial, once.
    insights.X3  An effect is P(acted | nudged) − P(acted | held out), shown only when both groups are large enough.

Source: house rule; interval after Newcombe (1998), method 10, which stays inside [−1, 1] for small groups.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from schemas.frozen import Frozen, field, replace
from schemas.terms.codes import NudgeKey

ACTION_DAYS: Final = 7
WEEKS_KEPT: Final = 5
"""Full weeks of attention that a person's row remembers, the current one included."""
_Z: Final = 1.959963984540054
"""Two-sided 95 %."""


class Trial(Frozen, kw_only=True):
    """One open trial of one person."""

    key: NudgeKey
    is_held_out: bool
    at: datetime


class Attention(Frozen, kw_only=True):
    """What one person of a programme has heard lately, and its open trials."""

    trials: tuple[Trial, ...] = ()
    weeks: tuple[tuple[date, int], ...] = ()
    """(Monday, nudges requested), oldest first."""
    has_opted_out: bool = False
    tried_as: tuple[str, ...] = ()
    """Arms that the person has been in, as `<key>/nudged` or `<key>/held_out`.

    They say how many people are behind an effect.
    """
    held_back: dict[str, int] = field(default_factory=dict)
    """How many nudges of the person never left, by the true reason."""

    @property
    def wake_at(self) -> None:
        """It waits for nothing: what is old is dropped when the row is next written."""
        return


class Arms(Frozen, kw_only=True):
    """The four counts behind an effect."""

    nudged: int = 0
    nudged_acted: int = 0
    held_out: int = 0
    held_out_acted: int = 0


class Tally(Frozen, kw_only=True):
    """What a programme has counted of its nudges since it began."""

    arms: dict[str, Arms] = field(default_factory=dict)
    conflict_exposure_seconds: int = 0
    exposures_count: int = 0
    """Conflicts behind those seconds."""

    @property
    def wake_at(self) -> None:
        """It waits for nothing."""
        return


ACTED_BY: Final[Mapping[str, frozenset[NudgeKey]]] = MappingProxyType(
    {
        "enrolled": frozenset({NudgeKey.OPEN_INVITATION}),
        "profile_completed": frozenset({NudgeKey.PROFILE_INCOMPLETE}),
        "answered": frozenset({NudgeKey.ANSWER_PROPOSAL}),
        "scheduled": frozenset(
            {
                NudgeKey.BOOK_FIRST_SESSION,
                NudgeKey.BOOK_NEXT_SESSION,
                NudgeKey.PAIRING_QUIET,
                NudgeKey.PROTECT_THE_TIME,
                NudgeKey.FIND_A_TIME,
            }
        ),
        "held": frozenset({NudgeKey.LOG_SESSION, NudgeKey.PAIRING_QUIET, NudgeKey.PROTECT_THE_TIME}),
        "balanced": frozenset({NudgeKey.FLIP_ROLES}),
        "broadened": frozenset({NudgeKey.BROADEN_TOPIC}),
        "debated": frozenset({NudgeKey.OPEN_DEBATE}),
        "feedback": frozenset({NudgeKey.SHARE_FEEDBACK}),
        "continued": frozenset({NudgeKey.STILL_RIGHT_FOR_YOU}),
        "widened": frozenset({NudgeKey.WAITING_UPDATE}),
    }
)
"""What a person does → the nudges that asked for it."""


def arm_of(key: str, *, is_held_out: bool) -> str:
    """Name one arm of a nudge's trial."""
    return f"{key}/{'held_out' if is_held_out else 'nudged'}"


def tried(attention: Attention, tally: Tally, trial: Trial) -> tuple[Attention, Tally]:
    """Open a trial and count it (insights.X1)."""
    arms = tally.arms.get(trial.key, Arms())
    counted = replace(arms, held_out=arms.held_out + 1) if trial.is_held_out else replace(arms, nudged=arms.nudged + 1)
    kept = (*_open(attention.trials, trial.at), trial)
    tried_as = tuple(sorted({*attention.tried_as, arm_of(trial.key, is_held_out=trial.is_held_out)}))
    arms_counted = dict(sorted({**tally.arms, trial.key.value: counted}.items()))
    return replace(attention, trials=kept, tried_as=tried_as), replace(tally, arms=arms_counted)


def is_open(attention: Attention, trial: Trial) -> bool:
    """Say whether the same nudge is on trial already."""
    return any(known.key is trial.key for known in _open(attention.trials, trial.at))


def held_back(attention: Attention, reason: str) -> Attention:
    """Count a nudge that was suppressed."""
    return replace(attention, held_back=dict(sorted({**attention.held_back, reason: attention.held_back.get(reason, 0) + 1}.items())))


def acted(attention: Attention, tally: Tally, keys: frozenset[NudgeKey], at: datetime) -> tuple[Attention, Tally]:
    """Close the trials that an action answers, and count them (insights.X2)."""
    answered = [trial for trial in _open(attention.trials, at) if trial.key in keys]
    if not answered:
        return attention, tally
    arms = dict(tally.arms)
    for trial in answered:
        before = arms.get(trial.key, Arms())
        arms[trial.key.value] = (
            replace(before, held_out_acted=before.held_out_acted + 1)
            if trial.is_held_out
            else replace(before, nudged_acted=before.nudged_acted + 1)
        )
    left = tuple(trial for trial in _open(attention.trials, at) if trial.key not in keys)
    return replace(attention, trials=left), replace(tally, arms=arms)


def _open(trials: Iterable[Trial], at: datetime) -> tuple[Trial, ...]:
    since = at - timedelta(days=ACTION_DAYS)
    return tuple(trial for trial in trials if trial.at >= since)


def heard(attention: Attention, at: datetime) -> Attention:
    """Count a nudge in its week (UTC)."""
    monday = at.date() - timedelta(days=at.weekday())
    counts = dict(attention.weeks)
    counts[monday] = counts.get(monday, 0) + 1
    return replace(attention, weeks=tuple(sorted(counts.items())[-WEEKS_KEPT:]))


def effect(arms: Arms) -> tuple[float, float, float] | None:
    """Return the effect of a nudge and its 95 % interval (insights.X3).

    It is (difference, low, high); None without both groups.
    """
    if not arms.nudged or not arms.held_out:
        return None
    p, q = arms.nudged_acted / arms.nudged, arms.held_out_acted / arms.held_out
    p_low, p_high = _wilson(arms.nudged_acted, arms.nudged)
    q_low, q_high = _wilson(arms.held_out_acted, arms.held_out)
    low = p - q - math.sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + math.sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return p - q, low, high


def _wilson(successes: int, trials: int) -> tuple[float, float]:
    p, z2 = successes / trials, _Z * _Z
    centre = p + z2 / (2 * trials)
    spread = _Z * math.sqrt(p * (1 - p) / trials + z2 / (4 * trials * trials))
    return max(0.0, (centre - spread) / (1 + z2 / trials)), min(1.0, (centre + spread) / (1 + z2 / trials))
