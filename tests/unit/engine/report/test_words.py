"""Every code that the page may meet has words."""

from collections.abc import Collection, Mapping
from enum import StrEnum

import pytest

from engine.programme.insights.metrics import Value
from engine.programme.rounds.programme import ProgrammeStatus
from engine.report import findings, page, words
from engine.report.words import Unit
from schemas.nudges.catalogue import CATALOGUE
from schemas.terms.codes import EligibilityCode, EndCode, ErrorCode, NudgeKey, SuppressionReason, TopicFamily, Track, UnmatchedCode


@pytest.mark.parametrize(
    ("codes", "named"),
    [
        (TopicFamily, words.FAMILY_WORDS),
        (NudgeKey, {key: nudge.title for key, nudge in CATALOGUE.items()}),
        (SuppressionReason, words.HELD_BACK),
        (EndCode, words.ENDINGS),
        (EligibilityCode, words.NO_OPTION),
        (UnmatchedCode, words.LEFT_OUT),
        (ErrorCode, words.DEAD_LETTERS),
        (Track, words.TRACKS),
        (ProgrammeStatus, words.STATUS),
    ],
)
def test_every_code_has_words(codes: type[StrEnum], named: Mapping[str, object]) -> None:
    """A code without words would reach a coordinator as it is."""
    assert set(codes) == set(named)


@pytest.mark.parametrize(
    ("codes", "named"),
    [
        (page.FUNNEL, words.FUNNEL_WORDS),
        ([name for name, _ in page.BALANCE_BINS], words.BALANCE),
        ([*findings._GAPS, "unknown_employment"], words.FINDINGS),
    ],
)
def test_every_step_bin_and_finding_has_words(codes: Collection[str], named: Mapping[str, object]) -> None:
    """The same for the page's own names, in the same order."""
    assert list(codes) == list(named)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, Unit.COUNT, "not shown"),
        (1234, Unit.COUNT, "1,234"),
        (0.666, Unit.PERCENT, "67%"),
        (1.2, Unit.DAYS, "1 day"),
        (14.9, Unit.DAYS, "15 days"),
        (0.5, Unit.RATIO, "0.50"),
    ],
)
def test_numbers_are_written_as_people_read_them(value: Value, unit: Unit, text: str) -> None:
    """No digits that mean nothing; a hidden number says so."""
    assert text == words.written(value, unit)


@pytest.mark.parametrize(("value", "text"), [(0.388, "+39"), (-0.02, "−2"), (0.001, "0"), (-0.001, "0")])
def test_an_effect_is_written_in_points_with_its_sign(value: float, text: str) -> None:
    """A difference of shares is no share."""
    assert text == words.percentage_points(value)


def test_months_are_named() -> None:
    """In full in a table, short under a column."""
    assert ("Mar 2025", "Mar 25") == (words.month("2025-03"), words.month_short("2025-03"))
