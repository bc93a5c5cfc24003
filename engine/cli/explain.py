"""`bothways explain`: why these two, from the proposal that was kept, in sentences and, with `--check`, in numbers.

The published reasons hold every term of the score. `--check` computes benefits and score from them alone, with the rules that the round
used, and says whether they are what was published.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from engine.cli.exits import ExitCode, Refused
from engine.cli.options import DEFAULTS, Options, opened_to_read
from engine.cli.output import plain, print_json

if TYPE_CHECKING:
    from engine.domain.messages import Reason
    from engine.domain.pairing import Pairing
    from engine.domain.scoring import Benefit
    from engine.runtimes.embedded.reader import Reader
    from schemas.codes import Track

LEVELS = ("nothing yet", "the basics", "a good deal", "it well")


def explain(
    pairing_id: str,
    /,
    *,
    check: Annotated[bool, Parameter(negative="", show_default=False, help="Compute the score again from the reasons.")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Say why two people were proposed to each other.

    Args:
        pairing_id: of any pairing, open, live or over.
    """
    from engine.cli import views

    with opened_to_read(options) as reader:
        pairing = views.pairing_in(reader, pairing_id)
        if pairing is None:
            raise Refused(f"there is no pairing {pairing_id}")
        programme = views.programme_in(reader, pairing.programme_id)
        names: dict[str, str] = {} if programme is None else {topic.id: topic.name for topic in programme.policy.topics}
        track = _track_of_proposal(reader, pairing) if check else pairing.track
    sentences = list(_sentences(pairing, names))
    found = recomputed(pairing, track) if check else None
    is_identical = found is None or found == published(pairing)
    if options.json:
        answer = {
            "pairing_id": pairing.pairing_id,
            "people": pairing.people,
            "score": pairing.proposal.score,
            "policy_version": pairing.proposal.policy_version,
            "reasons": [{"code": reason.code, "params": reason.params} for reason in pairing.proposal.reasons],
            "data_used": pairing.proposal.data_used,
            "sentences": sentences,
        }
        print_json(plain(answer if found is None else {**answer, "check": {"identical": is_identical, "recomputed": found}}))
    else:
        print("\n".join(sentences))
        if found is not None:
            print(_verdict(found, published(pairing)))
    return ExitCode.DONE if is_identical else ExitCode.REFUSED


def published(pairing: "Pairing") -> dict[str, Any]:
    """Return the numbers of the proposal as published."""
    sides = pairing.proposal.sides
    return {
        "score": pairing.proposal.score,
        "benefit": {side.person_id: round(side.benefit_points / side.need_points, 4) if side.need_points else 0.0 for side in sides},
    }


def recomputed(pairing: "Pairing", track: "Track") -> dict[str, Any]:
    """Compute benefits and score from the published reasons alone; who is the more experienced comes with the pairing."""
    from engine.domain.scoring import context_hundredths, pair_score
    from schemas.codes import PairingReasonCode as Code

    reasons = pairing.proposal.reasons
    by_code = {reason.code: reason.params for reason in reasons}
    first, second = pairing.people
    benefits = {person_id: _benefit(reasons, person_id) for person_id in pairing.people}
    context = context_hundredths(
        int(by_code.get(Code.SHARED_HOURS, {}).get("shared_week_minutes", 0)),
        int(by_code.get(Code.BRIDGES_BANDS, {}).get("bands_apart", 0)),
        is_other_department=Code.OTHER_DEPARTMENT in by_code,
    )
    lesser, greater = (second, first) if pairing.senior_id == first else (first, second)
    score = pair_score(track, context, less_experienced=benefits[lesser], more_experienced=benefits[greater])
    return {"score": score, "benefit": {person_id: round(benefit.ratio, 4) for person_id, benefit in benefits.items()}}


def _benefit(reasons: "tuple[Reason, ...]", person_id: str) -> "Benefit":
    from engine.domain.scoring import Benefit
    from schemas.codes import PairingReasonCode

    lessons = [each.params for each in reasons if each.code == PairingReasonCode.LEARNS_TOPIC and each.params["person_id"] == person_id]
    need = max((int(lesson["need_points"]) for lesson in lessons), default=0)
    return Benefit(points=min(sum(int(lesson["points"]) for lesson in lessons), need), need=need)


def _track_of_proposal(reader: "Reader", pairing: "Pairing") -> "Track":
    """Return the track that the proposal was scored under: a pair that was converted since has another one now."""
    import msgspec

    from engine.cli.views import programme_in
    from schemas.codes import Track
    from schemas.pairing import PairingProposed
    from schemas.topics import PAIRINGS

    programme = programme_in(reader, pairing.programme_id)
    if programme is None or programme.policy.track == pairing.track:
        return pairing.track
    for record in reader.outputs(PAIRINGS.name):
        event = msgspec.json.decode(record.value) if record.key == pairing.pairing_id and record.value is not None else {}
        if event.get("type") == PairingProposed.TYPE:
            return Track(event["data"]["track"])
    return pairing.track


def _sentences(pairing: "Pairing", names: Mapping[str, str]) -> Iterator[str]:
    from schemas.codes import PairingReasonCode as Code

    proposal = pairing.proposal
    first, second = pairing.people
    yield f"{first} and {second}: {proposal.score} of 1000 points, by policy version {proposal.policy_version}."
    for side in proposal.sides:
        partner_id = pairing.partner_of(side.person_id)
        if not side.learns:
            yield f"{side.person_id} gives time to {partner_id} and learns nothing that was asked for."
        for lesson in side.learns:
            share = round(100 * lesson.points / side.need_points) if side.need_points else 0
            yield (
                f"{side.person_id} can learn {names.get(lesson.topic, lesson.topic)} from {partner_id}, who knows {LEVELS[lesson.level]} "
                f"(level {lesson.level} of 3; own level {lesson.own_level}): {min(share, 100)} % of what {side.person_id} needs."
            )
    for reason in proposal.reasons:
        match reason.code:
            case Code.SHARED_HOURS:
                hours = int(reason.params["shared_week_minutes"]) / 60
                yield f"They share {hours:.4g} working hours a week."
            case Code.OTHER_DEPARTMENT:
                yield "They work in different departments."
            case Code.BRIDGES_BANDS:
                bands = int(reason.params["bands_apart"])
                yield f"Their experience lies {bands} {'band' if bands == 1 else 'bands or more'} apart."
            case Code.BEYOND_TECH:
                yield "Their topics go beyond digital and data."
            case Code.RANK_OF_OPTIONS:
                count = int(reason.params["options_count"])
                yield f"{reason.params['person_id']} had {count} possible {'partner' if count == 1 else 'partners'} in that round."
            case Code.LOCKED:
                yield "The coordinator asked for this pair."


def _verdict(found: Mapping[str, Any], shown: Mapping[str, Any]) -> str:
    if found == shown:
        return f"Checked: benefits and score follow from the reasons, identical ({found['score']})."
    return f"Checked: the reasons give {found}, published was {dict(shown)}; it differs."
