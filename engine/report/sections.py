"""The page of a programme as sections: a heading, what it means in a sentence or two, and a chart with its numbers as a table."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from engine.matching.scoring import TECH_FAMILIES
from engine.programme.insights.metrics import BAND_PAIRS_POSSIBLE
from engine.programme.insights.told_rules import Value
from engine.report import charts, words
from engine.report.charts import ChartNumber, Whisker
from engine.report.page import Amount, NudgeEffect, ProgrammePage
from engine.report.words import NOT_SHOWN, Unit, written
from schemas.nudges.catalogue import CATALOGUE
from schemas.terms.codes import EndCode, SuppressionReason, TopicFamily

HEAT_LEVELS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A chart and the table of its numbers; no chart where every number is hidden."""

    id: str
    title: str
    svg: str | None
    has_hidden: bool = False
    """Whether the chart outlines a number that is not shown."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCell:
    """A cell of the table of bands: its text, and how strongly it is tinted."""

    text: str
    level: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the page."""

    id: str
    title: str
    lead: str
    blocks: tuple[Block, ...] = ()
    heat: tuple[tuple[str, tuple[HeatCell | None, ...]], ...] = ()
    """Rows of the table of bands: a name, and a cell per band; None above the diagonal, where the pair stands already."""
    notes: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTile:
    """One headline figure in words."""

    number: str
    label: str
    sentence: str
    is_shown: bool


def figures(page: ProgrammePage) -> tuple[FigureTile, ...]:
    """Write the headline figures."""
    return tuple(
        FigureTile(
            number=written(value := page.metrics.get(headline.metric), headline.unit),
            label=headline.label,
            sentence=headline.sentence + _standing(page, headline.metric),
            is_shown=value is not None,
        )
        for headline in words.HEADLINES
    )


def _standing(page: ProgrammePage, metric: str) -> str:
    """Say since when a figure about people stands, where that was before the day of the page."""
    as_of = page.as_of_by_metric.get(metric)
    return "" if as_of is None or as_of.date() == page.as_of.date() else f" As of {as_of:%Y-%m-%d}."


def sections(page: ProgrammePage) -> tuple[Section, ...]:
    """Write every section of a programme, in the order of its story."""
    write: tuple[Callable[[ProgrammePage], Section], ...] = (
        _funnel,
        _bands,
        _balance,
        _families,
        _cadence,
        _survival,
        _nudges,
        _held_back,
        _rounds,
        _waiting,
        _endings,
    )
    return tuple(of(page) for of in write)


def metric_rows(page: ProgrammePage) -> tuple[tuple[str, str], ...]:
    """Write every metric under its published name."""
    return tuple((name, NOT_SHOWN if value is None else f"{value:,}") for name, value in sorted(page.metrics.items()))


def _funnel(page: ProgrammePage) -> Section:
    marks = _marks(page.funnel, words.FUNNEL_WORDS.__getitem__)
    lead = "How far the people who take part now have come. Each step is a part of the one above it."
    block = _chart(page, "funnel", marks, title="From enrolling to a full term", draw=charts.bars, columns=("step", "people"))
    return Section(id=_id(page, "funnel"), title="From enrolling to a full term", lead=lead, blocks=(block,))


def _bands(page: ProgrammePage) -> Section:
    count_of = {(pair.low, pair.high): pair.count for pair in page.band_pairs}
    top = max((count for count in count_of.values() if count), default=0)

    def cell(row: int, column: int) -> HeatCell | None:
        if column > row:
            return None
        count = count_of[column, row]
        level = None if count is None else -(-count * (HEAT_LEVELS - 1) // top) if top else 0
        return HeatCell(text=written(count, Unit.COUNT), level=level)

    heat = tuple((name, tuple(cell(row, column) for column in range(len(words.BAND_WORDS)))) for row, name in enumerate(words.BAND_WORDS))
    covered = page.metrics.get("band_pairs_covered_ratio")
    notes = (
        *(
            (f"Of the six ways to join two different bands, {covered * BAND_PAIRS_POSSIBLE:.0f} have at least one pair.",)
            if covered is not None
            else ()
        ),
        f"Pairs in which somebody has not told theirs: {written(page.bands_unknown_count, Unit.COUNT)}.",
    )
    lead = (
        "Every pair ever formed, by how long the two have worked. Years in work are what people say themselves; no birth date is ever read."
    )
    return Section(id=_id(page, "bands"), title="Who bridges whom", lead=lead, heat=heat, notes=notes)


def _balance(page: ProgrammePage) -> Section:
    middle = page.metrics.get("reciprocity_ratio_p50")
    typical = "" if middle is None else f" The pair in the middle stands at {middle:.2f}."
    lead = f"What the side that taught less taught, divided by what the other taught: 1 is even.{typical}"
    marks = _marks(page.balance, words.BALANCE.__getitem__)
    block = _chart(page, "balance", marks, title="Pairs by teaching balance", draw=charts.bars, columns=("balance", "pairs"))
    return Section(id=_id(page, "balance"), title="Teaching in both directions", lead=lead, blocks=(block,))


def _families(page: ProgrammePage) -> Section:
    beyond = page.metrics.get("non_tech_ratio")
    share = "" if beyond is None else f" {beyond:.0%} of it goes beyond tech (digital and data)."
    marks = _marks(
        page.families, lambda code: words.FAMILY_WORDS[TopicFamily(code)] + (" · tech" if code in TECH_FAMILIES else ""), Unit.PERCENT
    )
    block = _chart(
        page, "families", marks, title="Share of what was taught, by family of topics", draw=charts.bars, columns=("family", "share")
    )
    lead = f"What people taught each other in their sessions, by family of topics.{share}"
    return Section(id=_id(page, "families"), title="Not all about tech", lead=lead, blocks=(block,))


def _cadence(page: ProgrammePage) -> Section:
    kept, first = page.metrics.get("cadence_ratio"), page.metrics.get("first_session_days_p50")
    told = [f"The plan is {page.sessions_planned} sessions, one every {page.cadence_days} days."]
    if kept is not None:
        told.append(f"{kept:.0%} of the meetings came within that rhythm and a week's grace.")
    if first is not None:
        told.append(f"Half of the pairs met within {written(first, Unit.DAYS)} of their start.")
    marks = _months(page.meetings_by_month)
    block = _chart(page, "meetings", marks, title="Sessions held, by month", draw=charts.columns, columns=("month", "sessions"))
    return Section(id=_id(page, "cadence"), title="The rhythm of meetings", lead=" ".join(told), blocks=(block,))


def _survival(page: ProgrammePage) -> Section:
    marks = [
        ChartNumber(label=f"month {amount.code}", tick=f"{amount.code} mo", value=amount.value, text=written(amount.value, Unit.PERCENT))
        for amount in page.survival
    ]
    lead = "Of the pairs that began long enough ago: how many were still together, or had run their full term, after so many months."
    block = _chart(page, "survival", marks, title="Pairs still together, by month", draw=charts.line, columns=("after", "still together"))
    return Section(id=_id(page, "survival"), title="Pairs that last", lead=lead, blocks=(block,))


def _nudges(page: ProgrammePage) -> Section:
    measured = [line for line in page.nudges if line.effect is not None]
    marks = [
        Whisker(
            label=CATALOGUE[line.key].title,
            value=line.effect,
            low=line.low,
            high=line.high,
            text=f"{words.percentage_points(line.effect)} pts",
        )
        for line in measured
        if line.effect is not None and line.low is not None and line.high is not None
    ]
    title = "What reminders change, in percentage points"
    rows = tuple((CATALOGUE[line.key].title, written(line.asked_count, Unit.COUNT), *_effect(line)) for line in page.nudges)
    block = Block(
        id=_id(page, "nudges", "chart"),
        title=title,
        svg=charts.whiskers(_id(page, "nudges", "chart"), title, marks) if marks else None,
        columns=("nudge", "sent", "effect (points)", "95% interval", "reading"),
        rows=rows,
    )
    lead = (
        f"How many more people acted within a week after a reminder than in the comparison group ({page.holdout_percent}%, by chance), "
        "with the 95% interval. Where the line crosses zero, the data can't tell yet. Notices that go to all have no comparison."
    )
    load = page.metrics.get("nudges_per_person_week_p95")
    notes = () if load is None else (f"In 95 of 100 weeks in which a person heard anything, it was at most {load:.0f} nudges.",)
    return Section(id=_id(page, "nudges"), title="Nudges and what they change", lead=lead, blocks=(block,), notes=notes)


def _effect(line: NudgeEffect) -> tuple[str, str, str]:
    if line.effect is None or line.low is None or line.high is None:
        return "–", "–", "no comparison, or too few people"
    reading = "more people act" if line.low > 0 else "fewer people act" if line.high < 0 else "can't tell yet"
    return words.percentage_points(line.effect), f"{words.percentage_points(line.low)} to {words.percentage_points(line.high)}", reading


def _held_back(page: ProgrammePage) -> Section:
    marks = _marks(page.held_back, lambda code: words.HELD_BACK[SuppressionReason(code)])
    block = _chart(page, "held-back", marks, title="Nudges held back, by reason", draw=charts.bars, columns=("reason", "nudges"))
    lead = "Messages that were not sent, because they were not needed, not welcome, or not the moment."
    return Section(id=_id(page, "held-back"), title="Nudges held back", lead=lead, blocks=(block,))


def _rounds(page: ProgrammePage) -> Section:
    months = page.round_months
    proposed = [_in_month(month.month, month.proposed) for month in months]
    waiting = [_in_month(month.month, month.waiting) for month in months]
    ratios = [_in_month(month.month, month.optimal_ratio_mean, Unit.PERCENT) for month in months]
    rows = tuple(
        (
            words.month(month.month),
            f"{month.rounds}",
            written(month.proposed, Unit.COUNT),
            written(month.waiting, Unit.COUNT),
            f"{month.optimal_ratio_mean:.1%}",
            f"{month.optimal_ratio_min:.1%}",
        )
        for month in months
    )
    columns = ("month", "rounds", "proposals", "waiting at its end", "share of the best possible", "lowest of a round")
    blocks = (
        _chart(page, "proposed", proposed, title="Proposals, by month", draw=charts.columns, columns=("month", "proposals")),
        _chart(
            page,
            "waiting",
            waiting,
            title="People waiting after the month's last round",
            draw=charts.columns,
            columns=("month", "people waiting"),
        ),
        Block(
            id=_id(page, "ratio", "chart"),
            title="Share of the best possible, average of the month's rounds",
            svg=charts.line(_id(page, "ratio", "chart"), "Share of the best possible, average of the month's rounds", ratios)
            if months
            else None,
            columns=columns,
            rows=rows,
        ),
    )
    least = min((month.optimal_ratio_min for month in months), default=None)
    proof = "" if least is None else _proof(least)
    lead = f"Each round looks at everybody without a partner together.{proof}"
    return Section(id=_id(page, "rounds"), title="How well rounds match", lead=lead, blocks=blocks)


def _proof(least: float) -> str:
    if least >= 1:
        return " Every round reached the best total that was possible that day, by a proven upper bound."
    return f" Every round reached at least {math.floor(least * 1000) / 10:g}% of a proven upper bound of what was possible."


def _waiting(page: ProgrammePage) -> Section:
    marks = _marks(page.no_option, words.in_the_way)
    lead = "People for whom the last round had nobody at all, by what kept most of the others away. None of it is about the person."
    block = _chart(
        page, "no-option", marks, title="Without any option in the last round", draw=charts.bars, columns=("in the way", "people")
    )
    return Section(id=_id(page, "no-option"), title="Who waits, and why", lead=lead, blocks=(block,))


def _endings(page: ProgrammePage) -> Section:
    marks = _marks(page.endings, lambda code: words.ENDINGS[EndCode(code)])
    lead = "Every end has a neutral code and no cause. Leaving early is fine: it won't work for everyone."
    block = _chart(page, "endings", marks, title="Pairs that are over, by code", draw=charts.bars, columns=("how", "pairs"))
    return Section(id=_id(page, "endings"), title="How pairs end", lead=lead, blocks=(block,))


def _marks(amounts: Iterable[Amount], label: Callable[[str], str], unit: Unit = Unit.COUNT) -> list[ChartNumber]:
    return [ChartNumber(label=label(amount.code), value=amount.value, text=written(amount.value, unit)) for amount in amounts]


def _months(amounts: Iterable[Amount]) -> list[ChartNumber]:
    return [_in_month(amount.code, amount.value) for amount in amounts]


def _in_month(code: str, value: Value, unit: Unit = Unit.COUNT) -> ChartNumber:
    return ChartNumber(label=words.month(code), tick=words.month_short(code), value=value, text=written(value, unit))


def _chart(
    page: ProgrammePage,
    name: str,
    marks: Sequence[ChartNumber],
    *,
    title: str,
    draw: Callable[[str, str, Sequence[ChartNumber]], str],
    columns: tuple[str, str],
) -> Block:
    """Draw a chart unless there is nothing to see in it."""
    id_ = _id(page, name, "chart")
    is_empty = all(mark.value is None for mark in marks)
    return Block(
        id=id_,
        title=title,
        svg=None if is_empty else draw(id_, title, marks),
        has_hidden=any(mark.value is None for mark in marks),
        columns=columns,
        rows=tuple((mark.label, mark.text) for mark in marks),
    )


def _id(page: ProgrammePage, *parts: str) -> str:
    return "-".join(("programme", page.programme_id, *parts))
