"""The reporting line, kept key by key: how a change of manager reaches those below.

Decides: when a person registers with a manager and deregisters, who hears of a new line, when programmes hear.
Never knows: what a line means for a pair (matching/line, matching/eligibility).

How it settles: a manager answers whoever registers with its own line, and tells its reports when that changes. A person puts itself under
the answer and tells its own reports only if its line became another one, so a change runs down the tree once. In a cycle each round fixes
one more entry and the line is cut before its first repeat, so it stops after at most one round through the cycle.

How conflicts are resolved: only the current manager is listened to, so an answer that was overtaken by another change is ignored. While a
new manager has not answered, the old line stands and programmes hear nothing: they never see a half-built line, which could end a conflict
and begin it again.

Source: docs/rules.md, Facts of HR.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from engine.core.effects import Delete, Effects, Note, Put, Record, Rows, Send, StageName
from engine.core.stage import processor
from engine.matching.line import line_under
from engine.programme.erasure.rules import named_at
from engine.programme.messages import FactsChanged, LineChanged, PersonFacts, ReportJoined, ReportLeft
from engine.programme.people.enrolment import Enrolment
from engine.programme.people.mentions import erasure_in_force, taken_back
from engine.programme.people.person import Person, Report
from engine.programme.people.tables import PEOPLE, REPORTS, put_person, report_key, reports_of
from schemas.frozen import Frozen, replace
from schemas.terms.ids import ERASED, PersonId


class Onset(Frozen, kw_only=True):
    """How a change came into effect."""

    since_at: datetime
    is_timed: bool = False
    """Time brought it, and may bring changes of others at the same instant."""


def manager_to_be(person: Person) -> PersonId | None:
    """Return the manager with whom a person is to be registered.

    Somebody who has left keeps its place: until HR names another manager, whoever stood over it stands over its reports. So it is with
    somebody erased, whose reports register with the one above.
    """
    manager_id = person.attributes.manager_id
    return person.above_erased if manager_id == ERASED else manager_id


def moved(before: Person, after: Person, since_at: datetime) -> Person:
    """Give a person the place in the line that the manager now in force asks for.

    Args:
        since_at: when the change took effect; kept until a new manager has answered, so that programmes hear the true instant.
    """
    is_headless = after.attributes.manager_id == ERASED
    if after.above_erased is not None and not is_headless:
        after = replace(after, above_erased=None)
    manager_id = manager_to_be(after)
    if manager_id is None:
        above = (ERASED,) if is_headless else ()
        if before.registered_with is None and after.line == above:
            return after
        return replace(after, registered_with=None, line=above, is_line_cyclic=False, line_awaited_since_at=None)
    if manager_id == before.registered_with:
        # Whoever stood over an erased manager may become the manager; the line was known all the time.
        return after if is_headless or after.line[:1] != (ERASED,) else replace(after, line=after.line[1:])
    return replace(after, registered_with=manager_id, line_awaited_since_at=before.line_awaited_since_at or since_at)


def registrations(before: Person, after: Person, *, is_timed: bool) -> Effects:
    """Tell the old manager and the new one."""
    if before.registered_with == after.registered_with:
        return
    if before.registered_with is not None:
        left = ReportLeft(manager_id=before.registered_with, report_id=before.person_id)
        yield Send(StageName.PEOPLE, before.registered_with, left)
    if after.registered_with is not None:
        said_at = named_at(after, after.registered_with)
        joined = ReportJoined(manager_id=after.registered_with, report_id=after.person_id, said_at=said_at, is_timed=is_timed)
        yield Send(StageName.PEOPLE, after.registered_with, joined)


def tell_reports(rows: Rows, before: Person, after: Person, onset: Onset) -> Effects:
    """Tell the reports of a line that has changed."""
    if before.line != after.line:
        for report_id in reports_of(rows, after.person_id):
            yield Send(StageName.PEOPLE, report_id, _line_of(after, report_id, onset))


def tell_programmes(enrolments: Iterable[Enrolment], facts: PersonFacts, onset: Onset) -> Effects:
    """Tell programmes what is in force, in the order of their ids."""
    for enrolment in enrolments:
        message = FactsChanged(
            programme_id=enrolment.programme_id,
            facts=facts,
            since_at=onset.since_at,
            is_timed=onset.is_timed,
            is_leaving=enrolment.is_leaving,
        )
        yield Send(StageName.PROGRAMMES, enrolment.programme_id, message)


def on_report_joined(rows: Rows, message: ReportJoined, record: Record) -> Effects:
    """Register a report and answer with the manager's line, hired or not.

    Or answer that the manager was erased since.
    """
    erasure = erasure_in_force(rows, message.manager_id)
    if erasure is not None and (message.said_at is None or erasure.voids(message.said_at)):
        yield from taken_back(message.report_id, message.manager_id, erasure)
        return
    yield Put(REPORTS, report_key(message.manager_id, message.report_id), Report(report_id=message.report_id))
    manager = rows.get(PEOPLE, message.manager_id) or Person(person_id=message.manager_id)
    onset = Onset(since_at=record.at, is_timed=message.is_timed)
    yield Send(StageName.PEOPLE, message.report_id, _line_of(manager, message.report_id, onset))


def on_report_left(_rows: Rows, message: ReportLeft, _record: Record) -> Effects:
    """Strike a report off."""
    yield Delete(REPORTS, report_key(message.manager_id, message.report_id))


def on_line_changed(rows: Rows, message: LineChanged, _record: Record) -> Effects:
    """Take a place under the manager's line, and pass a new line on."""
    before = rows.get(PEOPLE, message.person_id)
    if before is None or before.registered_with != message.sender_id:
        return
    above = (message.sender_id, *message.above)
    if before.attributes.manager_id == ERASED:
        above = (ERASED, *above)
    line = line_under(before.person_id, above[0], above[1:])
    after = replace(before, line=line.above, is_line_cyclic=line.is_cyclic, line_awaited_since_at=None)
    if after == before:
        return
    yield put_person(after)
    if after.is_line_cyclic and not before.is_line_cyclic:
        yield Note("bothways_line_cycles_total")
    onset = Onset(since_at=before.line_awaited_since_at or message.since_at, is_timed=message.is_timed)
    yield from tell_reports(rows, before, after, onset)
    taking_part = [enrolment for enrolment in after.enrolments if enrolment.takes_part]
    if taking_part and (before.line_awaited_since_at is not None or before.line != after.line):
        yield from tell_programmes(taking_part, after.facts(), onset)


def _line_of(manager: Person, report_id: PersonId, onset: Onset) -> LineChanged:
    return LineChanged(
        person_id=report_id, sender_id=manager.person_id, above=manager.line, since_at=onset.since_at, is_timed=onset.is_timed
    )


PROCESSOR: Final = processor(on_report_joined, on_report_left, on_line_changed)
