"""Nudge intents: what a programme would like somebody to hear, and what it takes back.

Decides: the typed parameters, reasons and validity of each intent. The person's calendar and hours are put in at the door
(nudges/breaker), so whoever intends something need not look up the person.
Never knows: when or whether it goes out; that is `outreach`, in the stage of the person.

Reasons and data used of a pair's nudges name the pairing's state only, never the HR event behind it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from engine.core.effects import Effects, Send, StageName
from engine.programme.messages import NudgeIntended, NudgesReturned, NudgesWithdrawn, OutreachTerms, ParamValue, Reason
from engine.programme.pairs.pairing import Pairing
from engine.programme.rounds.programme import Programme, ProgrammeStatus, topic_names_of
from engine.programme.times.calendars import quiet_of
from engine.programme.times.waking import Waking
from schemas.frozen import replace
from schemas.nudges.catalogue import CATALOGUE
from schemas.terms.codes import NudgeClass, NudgeKey, NudgeReasonCode
from schemas.terms.ids import COORDINATOR_PREFIX, PersonId, ProgrammeId
from schemas.text.fields import instant_text

Params = Mapping[str, ParamValue]

_ANY_ZONE: Final = timedelta(days=2)
"""Local dates of two zones at one instant are never this far apart."""


def terms_of(programme: Programme) -> OutreachTerms:
    """Return the rationing rules of a programme, as they are for a coordinator."""
    policy, quiet = programme.policy, quiet_of(programme, None)
    return OutreachTerms(
        quiet_from=policy.quiet_from,
        quiet_to=policy.quiet_to,
        weekend=quiet.weekend,
        holidays=quiet.holidays,
        daily_cap=policy.nudge_daily_cap,
        holdout_percent=policy.holdout_percent,
        soft_landing_days=policy.soft_landing_days,
        policy_version=programme.policy_version,
    )


def placed(intent: NudgeIntended, waking: Waking, at: datetime) -> NudgeIntended:
    """Put a person's own calendar, up to the end of the intent, and hours into its terms.

    A later move changes only later intents.
    """
    first_on, last_on = at.date() - _ANY_ZONE, intent.expires_at.date() + _ANY_ZONE
    terms = replace(
        intent.terms,
        weekend=waking.quiet.weekend,
        holidays=tuple(day for day in waking.quiet.holidays if first_on <= day <= last_on),
        hours=waking.hours,
    )
    return replace(intent, terms=terms)


def nudged(
    programme: Programme,
    pairing: Pairing,
    key: NudgeKey,
    person_id: PersonId,
    *,
    at: datetime,
    occasion: str = "",
    expires_at: datetime | None = None,
    about_at: datetime | None = None,
    params: Params = MappingProxyType({}),
    **more: ParamValue,
) -> Effects:
    """Intend a nudge about a pair to one of the two.

    Args:
        occasion: tells two nudges of one key, person and pairing apart; one occasion is never nudged twice.
        expires_at: when it stops making sense, if not the key's own number of valid days after `at`.
        about_at: when the session begins that it reminds of.
        params: of the key, beside the two ids that every nudge of a pair has; `more` are the same by name.
    """
    yield from intended(
        programme,
        key,
        person_id,
        at=at,
        occasion=occasion,
        expires_at=expires_at,
        about_at=about_at,
        pairing=pairing,
        params={"pairing_id": pairing.pairing_id, "partner_id": pairing.partner_of(person_id), **params, **more},
    )


def intended(
    programme: Programme,
    key: NudgeKey,
    person_id: PersonId,
    *,
    at: datetime,
    occasion: str = "",
    expires_at: datetime | None = None,
    about_at: datetime | None = None,
    pairing: Pairing | None = None,
    params: Params | None = None,
) -> Effects:
    """Intend any nudge. A paused programme sends no behavioural ones."""
    nudge = CATALOGUE[key]
    if programme.status is not ProgrammeStatus.RUNNING and nudge.class_ is NudgeClass.BEHAVIOURAL:
        return
    state = {"state": pairing.state.value} if pairing is not None and nudge.reason is NudgeReasonCode.PAIRING_STATE else {}
    message = NudgeIntended(
        person_id=person_id,
        programme_id=programme.programme_id,
        pairing_id=pairing.pairing_id if pairing is not None else None,
        key=key,
        occasion=occasion,
        params={"programme_id": programme.programme_id, "programme_name": programme.name or programme.programme_id, **(params or {})},
        expires_at=expires_at if expires_at is not None else at + timedelta(days=nudge.valid_days),
        terms=terms_of(programme),
        about_at=about_at,
        reasons=(Reason(code=nudge.reason, params=dict(state)),),
        data_used=("pairing.state",) if pairing is not None else ("participation",),
    )
    yield Send(StageName.PEOPLE, person_id, message)


def named_topics(programme: Programme, topics: Iterable[str]) -> tuple[dict[str, str], ...]:
    """Return topics with their names.

    A topic that the catalogue no longer has goes by its id.
    """
    names = topic_names_of(programme.policy_json)
    return tuple({"topic": topic, "name": names.get(topic, topic)} for topic in topics)


def proposal_params(programme: Programme, pairing: Pairing) -> Params:
    """Return the parameters of a proposal, the same for both.

    They are the version, what each would learn, and until when to answer.
    """
    proposal, names = pairing.proposal, topic_names_of(programme.policy_json)
    learns: tuple[Mapping[str, str | int], ...] = tuple(
        {
            "person_id": side.person_id,
            "topic": lesson.topic,
            "name": names.get(lesson.topic, lesson.topic),
            "level": lesson.level,
            "own_level": lesson.own_level,
        }
        for side in proposal.sides
        for lesson in side.learns
    )
    answer_by = instant_text(proposal.expires_at)
    return {"proposal_version": proposal.version, "learns": learns or None, "answer_by": answer_by}


def coordinator_of(programme_id: ProgrammeId) -> PersonId:
    """Name the coordinator of a programme as a receiver."""
    return PersonId(f"{COORDINATOR_PREFIX}{programme_id}")


def withdrawn(
    pairing: Pairing,
    *,
    people: Iterable[PersonId] | None = None,
    keys: tuple[NudgeKey, ...] = (),
    spared: tuple[NudgeKey, ...] = (),
    occasion: str | None = None,
    is_conflict: bool = False,
    is_settling: bool = False,
    is_correction: bool = False,
) -> Effects:
    """Take back a pair's nudges from both, or from some.

    Args:
        keys: which ones; none named means all.
        spared: which of them stay all the same.
        is_settling: the pair may soon be what it was, and is then asked again (`returned`).
        is_correction: the ledger was corrected; what was sent stays sent, only what waits is taken back.
    """
    for person_id in pairing.people if people is None else people:
        message = NudgesWithdrawn(
            person_id=person_id,
            programme_id=pairing.programme_id,
            pairing_id=pairing.pairing_id,
            keys=keys,
            spared=spared,
            occasion=occasion,
            is_conflict=is_conflict,
            is_settling=is_settling,
            is_correction=is_correction,
        )
        yield Send(StageName.PEOPLE, person_id, message)


def returned(pairing: Pairing, at: datetime) -> Effects:
    """Ask both again for what was set aside."""
    for person_id in pairing.people:
        message = NudgesReturned(
            person_id=person_id,
            programme_id=pairing.programme_id,
            pairing_id=pairing.pairing_id,
            occasion=instant_text(at),
        )
        yield Send(StageName.PEOPLE, person_id, message)
