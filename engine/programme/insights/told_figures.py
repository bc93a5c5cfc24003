"""Figures that a programme has published about people, kept for the next ones.

Beside them the next figure must give nobody away (insights/told_rules).

The people behind a figure are kept, each under its own contributor. So a person's erasure finds them, and little is written: only
those who changed.
"""

from collections.abc import Generator, Iterable, Mapping
from datetime import datetime
from typing import Final

from engine.core.effects import Delete, Effect, Effects, Put, Rows
from engine.core.table import Table
from engine.matching.round import RoundResult
from engine.programme.insights.small_groups import Members, hidden_cells
from engine.programme.insights.told_rules import Figure, FigureKind, Mark, Marks, Said, Told, ToldOf, due, is_changed
from engine.programme.rounds.programme import Programme
from engine.programme.tables import PARTICIPANTS
from schemas.terms.codes import EligibilityCode, RoundStanding, UnmatchedCode
from schemas.terms.ids import ERASED, PersonId, ProgrammeId

TOLD: Final = Table(Told, "told")
TOLD_OF: Final = Table(ToldOf, "told_of")
WAITING: Final = "round.waiting"
WITH_OPTION: Final = "with_option"
"""Mark of a waiting person for whom somebody was there.

Others were chosen, or nobody was good enough yet.
"""
NOTHING_TOLD: Final = Told()


def person_contributor(person_id: str) -> str:
    """Name a person among contributors."""
    return f"people/{person_id}"


def told_in(rows: Rows, programme_id: ProgrammeId) -> Told:
    """Return what a programme has published so far."""
    return rows.get(TOLD, programme_id) or NOTHING_TOLD


def told_anew(
    rows: Rows, programme: Programme, figures: Mapping[str, Figure], at: datetime, *, public: Iterable[Members]
) -> Generator[Effect, None, tuple[Told, frozenset[str]]]:
    """Publish what may be published of these figures, and remember the people behind it.

    Returns: what is published by now, and which of these figures may be published at this instant.
    """
    prefix = f"{programme.programme_id}/"
    known = {key.removeprefix(prefix): row for key, row in rows.scan(TOLD_OF, prefix)}
    said: dict[str, dict[str, Mark]] = {}
    for contributor, row in known.items():
        for name, mark in row.marks.items():
            said.setdefault(name, {})[contributor] = mark
    told = told_in(rows, programme.programme_id)
    names = due(figures, said, told, public=public, k=programme.policy.k_min)
    anew = [name for name in names if is_changed(figures[name], said.get(name, {}), told.figures.get(name))]
    more = {name: Said(value=figures[name].value, as_of=at, counted=figures[name].counted) for name in anew}
    after = Told(figures=dict(sorted({**told.figures, **more}.items())))
    if after != told:
        yield Put(TOLD, programme.programme_id, after)
    yield from _marked(prefix, known, said, {name: figures[name].behind for name in anew})
    return after, frozenset(names)


def waiting_told(
    rows: Rows, programme: Programme, result: RoundResult, at: datetime
) -> Generator[Effect, None, tuple[int | None, dict[EligibilityCode | UnmatchedCode, int] | None]]:
    """Publish how many people wait after a round, by the rule in their way.

    A number that would point at a few of them is left out.

    Returns: the count of all, and the counts by rule with small ones left out; None where nothing may be published.
    """
    left_out = [one for one in result.unmatched if one.standing is RoundStanding.WAITING]
    marks = {person_contributor(one.person_id): WITH_OPTION if one.has_option else one.code.value for one in left_out}
    found = Figure(kind=FigureKind.TABLE, value=len(marks), behind=marks)
    people = (row for _, row in rows.scan(PARTICIPANTS, f"{programme.programme_id}/"))
    taken = frozenset(person_contributor(row.person_id) for row in people if row.pairing_ids)
    _, now = yield from told_anew(rows, programme, {WAITING: found}, at, public=(taken,))
    if WAITING not in now:
        return None, None
    cells: dict[str, set[str]] = {}
    for contributor, mark in marks.items():
        cells.setdefault(mark, set()).add(contributor)
    hidden = hidden_cells({cell: frozenset(members) for cell, members in cells.items()}, (list(cells),), programme.policy.k_min)
    codes = {one.code.value: one.code for one in left_out if not one.has_option}
    return len(marks), {codes[cell]: len(cells[cell]) for cell in sorted(codes) if cell not in hidden}


def _marked(prefix: str, known: Mapping[str, ToldOf], said: Mapping[str, Marks], anew: Mapping[str, Marks]) -> Effects:
    """Write down whom the figures are about now, under each one whose mark changed."""
    changed = {
        contributor
        for name, marks in anew.items()
        for contributor in {*said.get(name, {}), *marks}
        if said.get(name, {}).get(contributor) != marks.get(contributor)
    }
    for contributor in sorted(changed):
        before = known[contributor].marks if contributor in known else {}
        kept = {name: mark for name, mark in before.items() if name not in anew}
        marks = kept | {name: of[contributor] for name, of in anew.items() if contributor in of}
        yield (
            Put(TOLD_OF, f"{prefix}{contributor}", ToldOf(marks=dict(sorted(marks.items()))))
            if marks
            else Delete(TOLD_OF, f"{prefix}{contributor}")
        )


def unnamed(rows: Rows, programme_id: ProgrammeId, erased_id: PersonId, number: str) -> Effects:
    """Keep the marks of somebody erased under a number.

    Whoever subtracts finds as many people as before.
    """
    key = f"{programme_id}/{person_contributor(erased_id)}"
    row = rows.get(TOLD_OF, key)
    if row is not None:
        yield Delete(TOLD_OF, key)
        yield Put(TOLD_OF, f"{programme_id}/{person_contributor(ERASED)}/{number}", row)
