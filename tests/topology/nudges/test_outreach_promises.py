"""The promises of outreach over any history: gaps, caps, quiet hours, one end for each intent."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from engine.programme.messages import Employment, NudgeIntended, OutreachTerms
from engine.programme.nudges.ledger import Contact
from engine.programme.nudges.outreach import nudge_id_of
from engine.programme.nudges.outreach_rows import CONTACTS, NUDGED
from engine.programme.people.tables import PEOPLE
from engine.programme.times.calendar import Quiet, is_quiet, local_date
from schemas.events.nudge import NudgeOptedIn, NudgeOptedOut
from schemas.frozen import replace
from schemas.nudges.catalogue import CATALOGUE, LatePolicy
from schemas.terms.codes import NudgeCategory, NudgeClass, NudgeKey
from schemas.terms.ids import ProgrammeId
from tests.topology.stories.outreach_desk import ANN, TERMS, Desk, Somebody, a_withdrawal, an_intent

WEEK: Final = timedelta(hours=168)
KEYS: Final = (
    NudgeKey.PAIRING_STARTED,
    NudgeKey.SESSION_TOMORROW,
    NudgeKey.RENEW_OR_FINISH,
    NudgeKey.LOG_SESSION,
    NudgeKey.BOOK_NEXT_SESSION,
    NudgeKey.OPEN_DEBATE,
    NudgeKey.STILL_RIGHT_FOR_YOU,
)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland", "Australia/Lord_Howe"])
terms_drawn = st.builds(
    lambda cap, quiet_from, weekend: replace(TERMS, daily_cap=cap, quiet_from=quiet_from, weekend=weekend, holdout_percent=20),
    st.sampled_from([1, 3]),
    st.sampled_from(["20:00", "08:00", "02:30"]),
    st.sampled_from([(), (6, 7), (5, 6)]),
)
"""Each programme keeps its terms: p and q."""
CHOICES = [category for category in NudgeCategory if category is not NudgeCategory.COORDINATION]
intending = st.tuples(st.just("intend"), st.sampled_from(KEYS), st.sampled_from("pq"), st.integers(1, 6), st.sampled_from([45, 14, 2, 0.1]))
advancing = st.tuples(st.just("advance"), st.sampled_from([61, 3_600, 40_000, 86_400, 600_000]), st.booleans())
disturbing = st.one_of(
    st.tuples(st.just("withdraw"), st.sampled_from("pq"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=2, unique=True)),
    st.tuples(st.just("choice"), st.sampled_from([NudgeOptedIn, NudgeOptedOut]), st.sampled_from(CHOICES)),
    st.tuples(st.just("person"), st.sampled_from([Employment.ACTIVE, Employment.ACTIVE, Employment.ON_LEAVE]), zones),
)
chapters = st.tuples(st.lists(intending, min_size=1, max_size=6), advancing, st.lists(disturbing, max_size=1), advancing)
"""A burst of intents, some time, perhaps something that comes between, some more time."""


def lived(actions: Iterable[tuple[Any, ...]], terms: dict[str, OutreachTerms]) -> tuple[Desk, int]:
    """Let all this happen. Returns the desk, and how many intents it took."""
    desk = Desk(at=datetime(2025, 3, 26, 10, tzinfo=UTC))
    taken_count = 0
    for kind, *rest in actions:
        match kind, rest:
            case "intend", [key, programme_id, occasion, days]:
                intent = an_intent(
                    key,
                    at=desk.at,
                    days=days,
                    occasion=str(occasion),
                    programme_id=programme_id,
                    pairing=f"{programme_id}.0123456789abcdef",
                    terms=terms[programme_id],
                )
                taken_count += not _is_known(desk, intent)
                desk.send(intent)
            case "advance", [seconds, late]:
                desk.advance(timedelta(seconds=seconds), late=late)
            case "withdraw", [programme_id, keys]:
                desk.send(a_withdrawal(programme_id=ProgrammeId(programme_id), keys=tuple(keys)))
            case "choice", [data_type, category]:
                desk.send(data_type(person_id=ANN, category=category))
            case "person", [employment, zone]:
                desk.tables[PEOPLE.name][ANN] = Somebody(employment=employment, timezone=zone)
    return desk, taken_count


@given(st.lists(chapters, min_size=4, max_size=12), st.tuples(terms_drawn, terms_drawn))
def test_promises_hold_over_any_history(history: list[Any], both: tuple[OutreachTerms, OutreachTerms]) -> None:
    """nudges.O1 to nudges.O5 from outside: gaps, caps, quiet hours, one end for each intent, cancellations only of what was requested."""
    terms = dict(zip("pq", both, strict=True))

    desk, taken_count = lived((action for intents, first, between, then in history for action in (*intents, first, *between, then)), terms)

    assert taken_count > 0
    _assert_kept(desk, taken_count, terms)


def test_promises_hold_where_all_of_them_are_needed() -> None:
    """A year of too many intents, with evenings, withdrawals, an opt-out and a leave: something comes for every promise to hold."""
    terms = {"p": replace(TERMS, daily_cap=1), "q": replace(TERMS, daily_cap=3)}
    actions: list[tuple[Any, ...]] = []
    for month in range(12):
        actions += [("intend", key, programme_id, month, 45) for programme_id in "pq" for key in KEYS]
        actions += [
            ("advance", 40_000, False),
            ("intend", NudgeKey.PAIRING_STARTED, "q", 100 + month, 14),
            ("advance", 600_000, month % 2 == 1),
        ]
        actions += [("withdraw", "p", KEYS[:2]), ("advance", 600_000 * 3, False)]
        if month in {3, 5}:
            actions.append(("choice", NudgeOptedOut if month == 3 else NudgeOptedIn, NudgeCategory.SESSIONS))
        if month in {8, 9}:
            actions.append(("person", Employment.ON_LEAVE if month == 8 else Employment.ACTIVE, "Europe/Berlin"))

    desk, taken_count = lived(actions, terms)

    classes = Counter(body["class"] for body in desk.read("requested"))
    days = Counter(body["not_before"][:10] for body in desk.read("requested"))
    assert min(classes[NudgeClass.BEHAVIOURAL], classes[NudgeClass.TRANSACTIONAL]) > 20
    assert max(days.values()) == 3
    assert desk.read("cancelled")
    assert {"opted_out", "away", "expired_waiting"} <= set(desk.suppressions())
    _assert_kept(desk, taken_count, terms)


def _assert_kept(desk: Desk, taken_count: int, terms: dict[str, OutreachTerms]) -> None:
    requested = desk.read("requested")
    _assert_paced(requested)
    _assert_in_waking_hours(requested, terms)
    _assert_each_ended_once(desk, taken_count)


def _assert_paced(requested: list[dict[str, Any]]) -> None:
    behavioural = [_at(body["not_before"]) for body in requested if body["class"] == NudgeClass.BEHAVIOURAL]
    assert all(later - earlier >= WEEK for earlier, later in pairwise(behavioural))


def _assert_in_waking_hours(requested: list[dict[str, Any]], terms: dict[str, OutreachTerms]) -> None:
    counts: dict[date, int] = {}
    for body in requested:
        its, not_before = terms[body["programme_id"]], _at(body["not_before"])
        quiet = Quiet(from_clock=its.quiet_from, to_clock=its.quiet_to, weekend=its.weekend)
        assert not is_quiet(not_before, body["timezone"], quiet)
        assert body["at"] <= not_before < _at(body["expires_at"])
        day = local_date(not_before, body["timezone"])
        counts[day] = counts.get(day, 0) + 1
        assert counts[day] <= its.daily_cap


def _assert_each_ended_once(desk: Desk, taken_count: int) -> None:
    open_ids: set[str] = set()
    for body in desk.outputs:
        if body["type"].endswith("requested.v1"):
            open_ids.add(body["nudge_id"])
        elif body["type"].endswith("cancelled.v1"):
            open_ids.remove(body["nudge_id"])
    requested = {body["nudge_id"] for body in desk.read("requested")}
    contact = desk.get(CONTACTS, ANN) or Contact()
    assert len(requested) == len(desk.read("requested"))
    assert not requested & {waiting.nudge_id for waiting in contact.waiting}
    assert all(CATALOGUE[waiting.intent.key].class_ is NudgeClass.BEHAVIOURAL for waiting in contact.waiting)
    assert taken_count == len(requested) + len(desk.suppressions()) + len(contact.waiting)
    assert len({body["id"] for body in desk.outputs}) == len(desk.outputs)


def _is_known(desk: Desk, intent: NudgeIntended) -> bool:
    """Say whether an intent is the same nudge as an earlier one, and so none of its own."""
    nudge_id = nudge_id_of(intent)
    contact = desk.get(CONTACTS, ANN) or Contact()
    waits = any(waiting.nudge_id == nudge_id for waiting in contact.waiting)
    is_replaced = CATALOGUE[intent.key].late is LatePolicy.COALESCE or intent.expires_at <= desk.at
    return desk.get(NUDGED, f"{ANN}/{nudge_id}") is not None or (waits and not is_replaced)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
