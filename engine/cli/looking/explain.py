"""`bothways explain`: why these two, from the proposal that was kept, in sentences and, with `--check`, in numbers.

The published reasons hold every term of the score. `--check` takes the event as it was published, computes benefits and score from it alone
(matching/explanation), and says whether they are what it states. Where the event was erased, the kept row is written as an event again.
"""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from engine.cli.exits import ExitCode, Refused
from engine.cli.options import DEFAULTS, Options, opened_to_read
from engine.cli.output import plain, print_json, say_error

if TYPE_CHECKING:
    from engine.matching.explanation import Recomputed
    from engine.programme.pairs.pairing import Pairing
    from engine.runtimes.embedded.reading.reader import Reader


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
    from engine.report.sentences import sentences_of

    with opened_to_read(options) as reader:
        pairing = views.pairing_in(reader, pairing_id)
        if pairing is None:
            raise Refused(f"there is no pairing {pairing_id}")
        programme = views.programme_in(reader, pairing.programme_id)
        names: dict[str, str] = {} if programme is None else {topic.id: topic.name for topic in programme.policy.topics}
        found = _recomputed(reader, pairing) if check else None
    sentences = list(sentences_of(pairing, names))
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
