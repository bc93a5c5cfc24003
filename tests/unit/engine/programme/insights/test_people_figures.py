"""Rules of figures about people (engine/programme/insights/people_figures.py): the ratings of sessions."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from engine.core.stamp import Stamp
from engine.programme.insights.evidence import Evidence
from engine.programme.insights.people_figures import figures_of
from engine.programme.insights.told_rules import Figure, Told, due
from engine.programme.insights.trials import Tally
from engine.programme.pairs.pairing import Pairing
from engine.programme.rounds.programme import Programme
from engine.programme.sessions.feedback_rules import Word
from schemas.terms.codes import Fit
from schemas.terms.ids import PairingId, PersonId, ProgrammeId, SessionId
from schemas.terms.policy import Policy
from tests.unit.engine.programme.pairs.pair_rows import pair_row

AT: Final = datetime(2025, 6, 1, tzinfo=UTC)
K: Final = Policy().k_min
NAMES: Final = ("rating_mean", "rating_high_ratio")


def pair(number: int, first: tuple[int | None, ...], second: tuple[int | None, ...]) -> Pairing:
    """Build a pair whose sides rated their sessions so; None where somebody said something without a rating."""
    people = (PersonId(f"a{number}"), PersonId(f"b{number}"))
    words = tuple(
        Word(
            person_id=person_id,
            session_id=SessionId(f"s{session}"),
            learned=True,
            fit=Fit.GOOD,
            rating=rating,
            stamp=Stamp(AT + timedelta(hours=session), 0, "e"),
        )
        for person_id, ratings in zip(people, (first, second), strict=True)
        for session, rating in enumerate(ratings)
    )
    return pair_row(people, AT, pairing_id=PairingId(f"p.{number:016x}"), activated_at=AT, feedback=words)


def ratings_of(*pairs: Pairing) -> dict[str, Figure]:
    """Return the two figures."""
    programme = Programme(programme_id=ProgrammeId("p"), policy_json=Policy().model_dump_json(), created_at=AT)
    figures = figures_of(Evidence(programme=programme, participants=(), pairings=pairs, attention={}, tally=Tally(), notes=(), at=AT))
    return {name: figures[name] for name in NAMES}


def told(figures: dict[str, Figure]) -> dict[str, float | int | None]:
    """Return what may be told of them, where nothing was told before."""
    names = due(figures, {}, Told(), public=(), k=K)
    return {name: figures[name].value for name in names}


def test_mean_and_share_of_all_ratings() -> None:
    """Of every session that was rated, whoever rated it; a word without a rating is none."""
    figures = ratings_of(*(pair(number, (5, 4), (3, None)) for number in range(K)))

    assert {"rating_mean": 4.0, "rating_high_ratio": round(2 / 3, 4)} == told(figures)


def test_somebody_who_rates_many_sessions_is_still_one() -> None:
    """So many people must be behind a figure, not so many ratings."""
    assert {} == told(ratings_of(pair(1, (5, 4, 1, 2, 3) * 2, (5, 1, 4))))


@pytest.mark.parametrize("odd", [(1,), (1, 1, 1, 1, 1)])
def test_small_part_of_the_share_is_hidden(odd: tuple[int, ...]) -> None:
    """Nobody's rating follows from the share, however many sessions it is about; the mean of so many may stand."""
    figures = ratings_of(pair(0, odd, (5,)), *(pair(number, (5,), (4,)) for number in range(1, K)))

    assert ["rating_mean"] == list(told(figures))


def test_one_more_rating_of_the_same_person_is_not_told() -> None:
    """People who changed are counted, and they are none or many."""
    pairs = [pair(number, (5,), (2,)) for number in range(K)]
    before, after = ratings_of(*pairs), ratings_of(*pairs[1:], pair(0, (5, 1, 1, 1, 1, 1), (2,)))
    said = {name: figure.behind for name, figure in before.items()}

    assert [] == due(after, said, Told(), public=(), k=K)
    assert [*NAMES] == due(before, said, Told(), public=(), k=K)
