"""The numbers of the page, without its HTML."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from engine.core.stamp import Stamp
from engine.programme.insights.evidence import Evidence
from engine.programme.insights.people_figures import figures_of, public_groups
from engine.programme.insights.told_rules import Said, Told, due
from engine.programme.insights.trials import Arms, Attention, Tally, arm_of
from engine.programme.messages import PersonFacts
from engine.programme.pairs.pairing import Pairing
from engine.programme.participants.participant import Participant, ParticipantStatus
from engine.programme.participants.profile import Profile
from engine.programme.rounds.programme import Programme
from engine.programme.sessions.meetings import Exchange, Meeting, MeetingState
from engine.report.page import ProgrammeOutputs, ProgrammePage, Round, programme_page
from engine.report.sections import figures
from schemas.frozen import replace
from schemas.terms.codes import EndCode, NudgeKey, PairingState, TopicFamily
from schemas.terms.ids import PairingId, PersonId, ProgrammeId, SessionId
from schemas.terms.policy import Policy
from tests.unit.engine.programme.pairs.pair_rows import pair_row

START: Final = datetime(2025, 1, 6, 9, tzinfo=UTC)
AT: Final = START + timedelta(days=100)
PROGRAMME: Final = ProgrammeId("p1")


def test_each_step_of_the_funnel_is_a_part_of_the_one_before() -> None:
    """People who take part now: who is ready, has had a pair, has met, has run a term."""
    people = [_participant(number, is_complete=number < 30) for number in range(40)]
    pairs = [_pair(number, ended=EndCode.COMPLETED if number < 5 else None, taught=((0,) if number < 8 else ())) for number in range(12)]

    page = _page(participants=people, pairings=pairs)

    assert {"enrolled": 40, "ready": 30, "matched": 24, "met": 16, "completed": 10} == _values(page.funnel)


def test_a_programme_is_called_by_its_name_or_else_by_its_id() -> None:
    """The name is for people; where the coordinator gave none, there is the id."""
    programme = Programme(programme_id=PROGRAMME, policy_json=Policy().model_dump_json(), created_at=START)
    evidence = Evidence(programme=programme, participants=[], pairings=[], attention={}, tally=Tally(), notes=[], at=AT)
    named = replace(evidence, programme=replace(programme, name="Learning both ways"))

    assert ["Learning both ways", PROGRAMME] == [programme_page(each, ProgrammeOutputs(), Told()).name for each in (named, evidence)]


def test_whoever_has_left_is_no_longer_in_the_funnel() -> None:
    """A withdrawn person's pair was real, but the funnel is about those who are here."""
    people = [_participant(number) for number in range(30)]
    people += [_participant(number, status=ParticipantStatus.WITHDRAWN) for number in range(30, 40)]

    page = _page(participants=people, pairings=[_pair(number) for number in range(10, 20)])

    assert (30, 10) == (_values(page.funnel)["enrolled"], _values(page.funnel)["matched"])


def test_a_small_cell_of_bands_takes_another_with_it_in_the_same_half() -> None:
    """report.R3: the share of bridging pairs is on the page, so each half of the table has a known total."""
    bands = [(0, 3)] * 9 + [(0, 2)] * 8 + [(1, 2)] * 2 + [(1, 1)] * 6

    page = _page(pairings=[_pair(number, bands=pair) for number, pair in enumerate(bands)])

    shown = {(pair.low, pair.high): pair.count for pair in page.band_pairs}
    assert (9, None, None, 6, 0) == (shown[0, 3], shown[0, 2], shown[1, 2], shown[1, 1], shown[0, 1])
    assert 0 == page.bands_unknown_count


def test_bands_are_counted_whichever_side_comes_first() -> None:
    """Ids say nothing about who is the more experienced."""
    bands = [(0, 3)] * 5 + [(3, 0)] * 4

    page = _page(pairings=[_pair(number, bands=pair) for number, pair in enumerate(bands)])

    assert 9 == next(pair.count for pair in page.band_pairs if (pair.low, pair.high) == (0, 3))


def test_balance_is_counted_by_what_each_side_taught() -> None:
    """0, 1/3, 1/2, 1: one bin each, five pairs in each."""
    taught = [(0, 0, 0), (0, 0, 0, 1), (0, 0, 1), (0, 1)]
    pairs = [_pair(4 * number + kind, taught=sides) for number in range(5) for kind, sides in enumerate(taught)]

    page = _page(pairings=pairs)

    assert {"one_side": 10, "leaning": 0, "shared": 5, "even": 5} == _values(page.balance)


def test_families_are_shares_of_what_was_taught_the_largest_first() -> None:
    """Two in three lessons were leadership."""
    digital = [_pair(number, taught=(0,), family=TopicFamily.DIGITAL) for number in range(6)]
    leadership = [_pair(6 + number, taught=(0, 1), family=TopicFamily.LEADERSHIP) for number in range(6)]

    page = _page(pairings=[*digital, *leadership])

    assert [("leadership", 0.6667), ("digital", 0.3333)] == [(each.code, each.value) for each in page.families]


def test_a_family_that_few_pairs_taught_is_hidden_however_often_they_did() -> None:
    """report.R3: a share rests on pairs, not on lessons."""
    many = [_pair(number, taught=(0,), family=TopicFamily.DIGITAL) for number in range(20)]
    keen = [_pair(20, taught=(0, 1) * 10, family=TopicFamily.CRAFT)]

    page = _page(pairings=[*many, *keen])

    assert {"digital": None, "craft": None} == _values(page.families)


def test_sessions_are_counted_by_month_without_a_hole() -> None:
    """A month in which nobody met is a zero between two others."""
    early = [_pair(number, taught=(0,), met_at=START) for number in range(6)]
    late = [_pair(6 + number, taught=(0,), met_at=START + timedelta(days=70)) for number in range(7)]

    page = _page(pairings=[*early, *late])

    assert {"2025-01": 6, "2025-02": 0, "2025-03": 7, "2025-04": 0} == _values(page.meetings_by_month)


def test_endings_never_leave_one_small_code_to_be_worked_out() -> None:
    """report.R3: the share that completed tells the total, so one hidden code alone would follow from it."""
    codes = [EndCode.CHOICE] * 2 + [EndCode.INACTIVE] * 7 + [EndCode.CIRCUMSTANCES] * 9 + [EndCode.COMPLETED] * 10

    page = _page(pairings=[_pair(number, ended=code) for number, code in enumerate(codes)])

    endings = _values(page.endings)
    assert (None, None, 9, 10) == tuple(endings[code] for code in ("choice", "inactive", "circumstances", "completed"))
    assert page.metrics["ended_count.inactive"] is None


def test_a_nudge_has_its_effect_where_both_groups_are_large() -> None:
    """insights.X3: with four held out there is no effect to show; how often it was sent is shown all the same."""
    arms = {
        NudgeKey.LOG_SESSION.value: Arms(nudged=20, nudged_acted=15, held_out=10, held_out_acted=5),
        NudgeKey.SHARE_FEEDBACK.value: Arms(nudged=20, nudged_acted=15, held_out=4, held_out_acted=1),
    }
    asked = [(key, f"x{number}") for key in (NudgeKey.LOG_SESSION, NudgeKey.SHARE_FEEDBACK) for number in range(20)]

    behind = [Attention(tried_as=tuple(arm_of(key, is_held_out=False) for key in arms))] * 20
    behind += [Attention(tried_as=(arm_of(NudgeKey.LOG_SESSION, is_held_out=True),))] * 6
    behind += [Attention(tried_as=tuple(arm_of(key, is_held_out=True) for key in arms))] * 4

    page = _page(tally=Tally(arms=arms), attention=behind, published=ProgrammeOutputs(asked=[*asked, (NudgeKey.CONCLUDING, "x1")]))

    assert [("log_session", 20, 0.25), ("share_feedback", 20, None), ("concluding", None, None)] == [
        (line.key, line.asked_count, line.effect) for line in page.nudges
    ]


def test_rounds_come_together_by_month() -> None:
    """Proposals add up; who waits is what the month's last round told; the average stands beside the least."""
    rounds = [_round(0, 3, 12, 0.9), _round(1, 3, 9, 1.0), _round(40, 2, 3, 1.0)]

    page = _page(published=ProgrammeOutputs(rounds=rounds))

    assert [("2025-01", 2, 6, 9, 0.95, 0.9), ("2025-02", 1, None, 3, 1.0, 1.0)] == [
        (each.month, each.rounds, each.proposed, each.waiting, each.optimal_ratio_mean, each.optimal_ratio_min)
        for each in page.round_months
    ]


def test_no_id_of_a_person_or_a_pair_is_on_the_page() -> None:
    """report.R2: whatever the page holds, it holds no id."""
    people = [_participant(number) for number in range(40)]
    pairs = [_pair(number, taught=(0, 1)) for number in range(15)]
    asked = [(NudgeKey.LOG_SESSION, person.person_id) for person in people]

    told = str(asdict(_page(participants=people, pairings=pairs, published=ProgrammeOutputs(asked=asked))))

    assert "log_session" in told
    assert [] == [id_ for id_ in [*(one.person_id for one in people), *(pair.pairing_id for pair in pairs)] if id_ in told]


def test_an_empty_programme_has_a_page() -> None:
    """The first day has nothing to show and fails at nothing."""
    page = _page()

    assert ({"enrolled": 0, "ready": 0, "matched": 0, "met": 0, "completed": 0}, ()) == (_values(page.funnel), page.families)


def test_participants_without_a_band_are_counted_unless_they_are_nearly_all() -> None:
    """report.R3: with 6 of 10 missing, the 4 others would be a small group."""
    told = [replace(_participant(number), profile=_profile(band=2)) for number in range(4)]

    page = _page(participants=[*told, *(_participant(number) for number in range(4, 10))])

    assert page.without_band.value is None


def test_a_figure_about_people_is_as_it_was_told() -> None:
    """The page has nothing newer than the report: the two together would say who came in between."""
    evidence = Evidence(
        programme=Programme(programme_id=PROGRAMME, policy_json=Policy().model_dump_json(), created_at=START),
        participants=[_participant(number) for number in range(12)],
        pairings=[],
        attention={},
        tally=Tally(),
        notes=[],
        at=AT,
    )
    told = Told(figures={"enrolled_count": Said(value=11, as_of=START)})

    page = programme_page(evidence, ProgrammeOutputs(), told)

    assert (11, None) == (page.metrics["enrolled_count"], page.metrics["ready_count"])
    assert {"enrolled_count": START} == page.as_of_by_metric
    assert next(tile.sentence for tile in figures(page) if tile.number == "11").endswith(" As of 2025-01-06.")


def _values(amounts: tuple[Any, ...]) -> dict[str, Any]:
    return {amount.code: amount.value for amount in amounts}


def _page(
    *,
    participants: list[Participant] | None = None,
    pairings: list[Pairing] | None = None,
    tally: Tally | None = None,
    attention: list[Attention] | None = None,
    published: ProgrammeOutputs | None = None,
) -> ProgrammePage:
    evidence = Evidence(
        programme=Programme(programme_id=PROGRAMME, policy_json=Policy().model_dump_json(), created_at=START),
        participants=participants or [],
        pairings=pairings or [],
        attention={str(number): one for number, one in enumerate(attention or ())},
        tally=tally or Tally(),
        notes=[],
        at=AT,
    )
    return programme_page(evidence, published or ProgrammeOutputs(), _told_first(evidence))


def _told_first(evidence: Evidence) -> Told:
    """Return what a programme tells in its first report."""
    figures = figures_of(evidence)
    names = due(figures, {}, Told(), public=public_groups(evidence), k=evidence.programme.policy.k_min)
    return Told(figures={name: Said(value=figures[name].value, as_of=evidence.at) for name in names})


def _person_id(number: int) -> PersonId:
    return PersonId(f"someone-{number:03}")


def _profile(*, band: int | None = None) -> Profile:
    return Profile(offers=(("python", 2),), wants=(("strategy", 3, 0),), experience_band=band)


def _participant(number: int, *, is_complete: bool = True, status: ParticipantStatus = ParticipantStatus.ENROLLED) -> Participant:
    person_id = _person_id(number)
    return Participant(
        programme_id=PROGRAMME,
        person_id=person_id,
        status=status,
        profile=_profile() if is_complete and status is ParticipantStatus.ENROLLED else Profile(),
        facts=PersonFacts(person_id=person_id),
        enrolled_at=START,
    )


def _pair(
    number: int,
    *,
    bands: tuple[int, int] | None = (0, 1),
    ended: EndCode | None = None,
    taught: tuple[int, ...] = (),
    family: TopicFamily = TopicFamily.CRAFT,
    met_at: datetime = START,
) -> Pairing:
    """Make a formed pair of people 2n and 2n + 1; `taught` names the side of each exchange of its one meeting."""
    people = (_person_id(2 * number), _person_id(2 * number + 1))
    meeting = Meeting(
        session_id=SessionId(f"session-{number:03}"),
        state=MeetingState.COMPLETED,
        starts_at=met_at,
        duration_minutes=60,
        exchanges=tuple(Exchange(topic="storytelling", family=family, taught_by=people[side]) for side in taught),
        stamp=Stamp(met_at, 0, "e"),
    )
    state = PairingState.ACTIVE if ended is None else PairingState.COMPLETED if ended is EndCode.COMPLETED else PairingState.ENDED
    return pair_row(
        people,
        START,
        pairing_id=PairingId(f"{PROGRAMME}.pair-{number:03}"),
        programme_id=PROGRAMME,
        state=state,
        bands=bands,
        activated_at=START,
        meetings=(meeting,) if taught else (),
        end_code=ended,
    )


def _round(day: int, proposed: int, waiting: int, ratio: float) -> Round:
    return Round(at=START + timedelta(days=day), proposed=proposed, waiting=waiting, optimal_ratio=ratio, no_option_by_reason={})
