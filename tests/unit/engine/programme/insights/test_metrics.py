"""Rules of the daily report (engine/programme/insights/metrics.py): what is hidden does not follow from what is shown."""

from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.programme.insights.evidence import Evidence
from engine.programme.insights.metrics import report
from engine.programme.insights.told_rules import Value
from engine.programme.insights.trials import Tally
from engine.programme.pairs.pairing import Pairing
from engine.programme.rounds.programme import Programme
from schemas.terms.codes import EndCode, PairingState
from schemas.terms.ids import PairingId, PersonId, ProgrammeId
from schemas.terms.policy import Policy
from tests.unit.engine.programme.pairs.pair_rows import pair_row

AT: Final = datetime(2025, 6, 1, tzinfo=UTC)
K: Final = Policy().k_min
NAMES: Final = {code: "completed_count" if code is EndCode.COMPLETED else f"ended_count.{code}" for code in EndCode}


def pair(number: int, code: EndCode | None) -> Pairing:
    """Return a pair that began, and is over in this way or still live."""
    state = PairingState.ACTIVE if code is None else PairingState.COMPLETED if code is EndCode.COMPLETED else PairingState.ENDED
    people = (PersonId(f"a{number}"), PersonId(f"b{number}"))
    return pair_row(people, AT, pairing_id=PairingId(f"p.{number:016x}"), state=state, activated_at=AT, end_code=code)


def metrics_of(ended: dict[EndCode, int], live_count: int = 0) -> dict[str, Value]:
    """Report on so many pairs of each end."""
    codes: list[EndCode | None] = [code for code, count in ended.items() for _ in range(count)]
    pairings = [pair(number, code) for number, code in enumerate([*codes, *[None] * live_count])]
    programme = Programme(programme_id=ProgrammeId("p"), policy_json=Policy().model_dump_json(), created_at=AT)
    evidence = Evidence(programme=programme, participants=(), pairings=pairings, attention={}, tally=Tally(), notes=(), at=AT)
    return report(evidence)


def test_y1_a_small_end_takes_another_one_with_it() -> None:
    """Formed less live is the total, so one hidden cell alone could be told by subtraction: the next smallest goes, too."""
    metrics = metrics_of({EndCode.CHOICE: 2, EndCode.CIRCUMSTANCES: 7, EndCode.INACTIVE: 9, EndCode.COMPLETED: 20}, live_count=10)

    shown = {code: metrics[name] for code, name in NAMES.items()}
    assert {
        EndCode.CHOICE: None,
        EndCode.CIRCUMSTANCES: None,
        EndCode.INACTIVE: 9,
        EndCode.PROGRAMME_CLOSED: 0,
        EndCode.COMPLETED: 20,
    } == shown


def test_y1_few_completed_pairs_do_not_follow_from_the_others() -> None:
    """Two of nine completed: neither they nor their share can be had from what is shown."""
    metrics = metrics_of({EndCode.CHOICE: 7, EndCode.COMPLETED: 2}, live_count=8)

    assert (None, None, None) == (metrics["completed_count"], metrics["completion_ratio"], metrics["ended_count.choice"])


def test_y1_a_share_of_completed_pairs_goes_with_their_count() -> None:
    """The total is known, so the share is the count."""
    metrics = metrics_of({EndCode.CHOICE: 2, EndCode.COMPLETED: 6}, live_count=8)

    assert (None, None) == (metrics["completed_count"], metrics["completion_ratio"])


@pytest.mark.parametrize("hidden", [0, 1, K - 1])
def test_y1_a_total_that_is_small_shows_nothing_but_zeros(hidden: int) -> None:
    """Nobody ended otherwise, which is no group of people."""
    metrics = metrics_of({EndCode.CHOICE: hidden})

    assert {0, None} >= {metrics[name] for name in NAMES.values()}
    assert (hidden == 0) == (metrics["ended_count.choice"] == 0)


@given(counts=st.lists(st.integers(0, 3 * K), min_size=len(EndCode), max_size=len(EndCode)), live_count=st.integers(0, 3 * K))
def test_y1_what_is_hidden_comes_to_a_large_group_at_least(counts: list[int], live_count: int) -> None:
    """Whoever knows the totals learns of no group of one to k - 1 pairs, and of no number that was hidden."""
    ended = dict(zip(EndCode, counts, strict=True))
    metrics = metrics_of(ended, live_count)

    hidden = [code for code, name in NAMES.items() if metrics[name] is None]
    assert all(not 0 < ended[code] < K for code in EndCode if code not in hidden)
    if hidden and sum(counts) >= 2 * K:
        left = sum(ended[code] for code in hidden)
        assert len(hidden) > 1
        assert left >= K
