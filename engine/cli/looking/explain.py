"""`bothways explain`: why these two, from the proposal that was kept, in sentences and, with `--check`, in numbers.

The published reasons hold every term of the score. `--check` takes the event as it was published, computes benefits and score from it alone
(matching/explanation), and says whether they are what it states. Where the event was erased, the kept row is written as an event again.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from engine.cli.exits import ExitCode, Refused
from engine.cli.options import DEFAULTS, Options, opened_to_read
from engine.cli.output import plain, print_json, say_error

if TYPE_CHECKING:
    from engine.matching.explanation import Recomputed
    from engine.programme.pairs.pairing import Pairing
    from engine.runtimes.embedded.reading.reader import Reader

LEVEL_WORDS = ("nothing yet", "the basics", "a good deal", "it well")


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
    from engine.cli.looking import views

    with opened_to_read(options) as reader:
        pairing = views.pairing_in(reader, pairing_id)
        if pairing is None:
            raise Refused(f"there is no pairing {pairing_id}")
        programme = views.programme_in(reader, pairing.programme_id)
        names: dict[str, str] = {} if programme is None else {topic.id: topic.name for topic in programme.policy.topics}
        found = _recomputed(reader, pairing) if check else None
    sentences = list(_sentences(pairing, names))
    is_identical = found is None or found.is_identical
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
        print_json(plain(answer if found is None else {**answer, "check": _checked(found)}))
    else:
        print("\n".join(sentences))
        if found is not None:
            print(_verdict(found))
    if is_identical:
        return ExitCode.DONE
    say_error("the published score doesn't follow from its reasons; `bothways verify` says whether the data is damaged")
    return ExitCode.REFUSED


def _recomputed(reader: "Reader", pairing: "Pairing") -> "Recomputed":
    """Compute benefits and score from the published event alone."""
    from engine.matching.explanation import recomputed
    from engine.programme.rounds.rounds import described

    return recomputed(_published(reader, pairing) or described(pairing).model_dump(mode="json"))


def _published(reader: "Reader", pairing: "Pairing") -> dict[str, Any] | None:
    """Find the body of the event that published the proposal, in its last version."""
    import msgspec

    from schemas.events.pairing import PairingProposed
    from schemas.topics import PAIRINGS

    found: dict[str, Any] | None = None
    for record in reader.outputs(PAIRINGS.name):
        if record.key == pairing.pairing_id and record.value is not None:
            event = msgspec.json.decode(record.value)
            found = event["data"] if event["type"] == PairingProposed.TYPE else found
    return found


def _sentences(pairing: "Pairing", names: Mapping[str, str]) -> Iterator[str]:
    from schemas.terms.codes import PairingReasonCode as Code

    proposal = pairing.proposal
    first, second = pairing.people
    yield f"{first} and {second}: {proposal.score} of 1000 points, by policy version {proposal.policy_version}."
    for side in proposal.sides:
        partner_id = pairing.partner_of(side.person_id)
        if not side.learns:
            yield f"{side.person_id} gives time to {partner_id} and learns nothing that was asked for."
        for lesson in side.learns:
            share = round(100 * lesson.points / side.need_points) if side.need_points else 0
            topic = names.get(lesson.topic, lesson.topic)
            yield (
                f"{side.person_id} can learn {topic} from {partner_id}, who knows {LEVEL_WORDS[lesson.level]} "
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


def _checked(found: "Recomputed") -> dict[str, Any]:
    return {
        "identical": found.is_identical,
        "recomputed": {"score": found.score, "benefit": found.benefit_by_person},
        "published": {"score": found.published_score, "benefit": found.published_benefit_by_person},
    }


def _verdict(found: "Recomputed") -> str:
    if found.is_identical:
        return f"Checked: benefits and score follow from the published event alone, identical ({found.score})."
    checked = _checked(found)
    return f"Checked: the reasons give {checked['recomputed']}, published was {checked['published']}; it differs."
