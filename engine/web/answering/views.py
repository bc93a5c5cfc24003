"""Read models: what everybody may know who reads the published topics, and not more, from the rows.

Of a pairing its published state and its proposal; of a person the pairings that are published and open; of a programme its rules, its
rounds, what can be counted from published pairings, and figures about people as they were last told. Nothing here says who has answered,
who takes part and isn't paired, what HR said, or how many people there are now.

Source: docs/http.md, What is shown; guarantees.P12.
"""

from engine.core.effects import StageName
from engine.programme.insights.insights import OF_ROUNDS
from engine.programme.insights.people_figures import PAGE
from engine.programme.insights.told_figures import NOTHING_TOLD, TOLD
from engine.programme.pairs.lifecycle import state_of
from engine.programme.pairs.pairing import Pairing, is_published
from engine.programme.people.tables import PEOPLE
from engine.programme.rounds.rounds import described
from engine.programme.tables import PAIRINGS, PARTICIPANTS, PROGRAMMES
from engine.report.sentences import sentences_of
from engine.runtimes.embedded.reading.reader import Reader
from engine.web.answering.answers import FigureView, PairingView, PersonView, ProgrammeView, WhyView
from schemas.terms.codes import PairingState
from schemas.terms.ids import ERASED
from schemas.terms.policy import changed_fields


def pairing_view(reader: Reader, pairing_id: str) -> PairingView | None:
    """Show a pairing as it is published."""
    found = _published(reader, pairing_id)
    return None if found is None else _state(reader, found)


def why_view(reader: Reader, pairing_id: str) -> WhyView | None:
    """Show the proposal of a pairing as it was published, and say it in sentences."""
    found = _published(reader, pairing_id)
    if found is None:
        return None
    programme = reader.get(StageName.PROGRAMMES, PROGRAMMES, found.programme_id)
    names: dict[str, str] = {} if programme is None else {topic.id: topic.name for topic in programme.policy.topics}
    return WhyView(
        pairing_id=found.pairing_id,
        proposal=described(found).model_dump(mode="json", exclude_none=True),
        sentences=list(sentences_of(found, names)),
    )


def person_view(reader: Reader, person_id: str) -> PersonView | None:
    """Show the pairings of a person that are open and published. None where nothing is published about somebody of that id."""
    person = None if person_id == ERASED else reader.get(StageName.PEOPLE, PEOPLE, person_id)
    pairings: list[PairingView] = []
    for enrolment in person.enrolments if person is not None else ():
        participant = reader.get(StageName.PROGRAMMES, PARTICIPANTS, f"{enrolment.programme_id}/{person_id}")
        rows = [_published(reader, pairing_id) for pairing_id in (participant.pairing_ids if participant is not None else ())]
        pairings += [_state(reader, row) for row in rows if row is not None]
    return PersonView(person_id=person_id, pairings=pairings) if pairings else None


def programme_view(reader: Reader, programme_id: str) -> ProgrammeView | None:
    """Show a programme."""
    found = reader.get(StageName.PROGRAMMES, PROGRAMMES, programme_id)
    if found is None:
        return None
    rows = [row for _, row in reader.scan(StageName.PROGRAMMES, PAIRINGS, f"{programme_id}.")]
    told = reader.get(StageName.PROGRAMMES, TOLD, programme_id) or NOTHING_TOLD
    return ProgrammeView(
        programme_id=found.programme_id,
        name=found.name,
        status=found.status.value,
        created_at=found.created_at,
        policy_version=found.policy_version,
        policy=changed_fields(found.policy),
        rounds_held=found.rounds_held,
        next_round_at=found.next_round_at,
        open_proposals=sum(row.state is PairingState.PROPOSED for row in rows),
        live_pairs=sum(row.is_live for row in rows),
        figures={
            name: FigureView(value=one.value, as_of=one.as_of)
            for name, one in told.figures.items()
            if not name.startswith((PAGE, OF_ROUNDS))
        },
    )


def _published(reader: Reader, pairing_id: str) -> Pairing | None:
    found = reader.get(StageName.PROGRAMMES, PAIRINGS, pairing_id)
    return found if found is not None and is_published(found) else None


def _state(reader: Reader, found: Pairing) -> PairingView:
    at = reader.last_at
    assert at is not None, "a pairing was made at some time"
    state = state_of(found, at)
    return PairingView(
        pairing_id=state.pairing_id,
        programme_id=state.programme_id,
        state=PairingState(state.state),
        people=list(state.people),
        track=state.track,
        term=state.term,
        policy_version=state.policy_version,
        since=state.since,
        sessions_count=state.sessions_count,
        next_session_at=state.next_session_at,
        taught_count=list(state.taught_count),
    )
