"""`bothways round`: hold a round, or see what it would do, under this policy or another."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from engine.cli.exits import Misused, Refused
from engine.cli.operate import programme_of
from engine.cli.options import DEFAULTS, Options, opened
from engine.cli.output import Bar, counted, print_facts, print_json, print_table

if TYPE_CHECKING:
    from engine.domain.programme import Programme
    from engine.runtimes.embedded.engine import EmbeddedEngine
    from schemas.policy import Policy


def round_(
    programme: str,
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative="", show_default=False, help="Change nothing.")] = False,
    policy: Annotated[Path | None, Parameter(help="With --dry-run: a JSON object of policy fields to compare with.")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Hold a round of pairing now: show the pairs, and everybody without one with the reason.

    Args:
        programme: its id.
    """
    if policy is not None and not dry_run:
        raise Misused("round: --policy needs --dry-run")
    with opened(options) as engine, Bar("pairing") as bar:
        bar.show(None)
        found = programme_of(engine, programme)
        other = None if policy is None else _policy_with(found, policy)
        report = _rehearsed(engine, found)
        compared = None if other is None else _rehearsed(engine, found, other)
        if not dry_run:
            report = _held(engine, found, report)
    if options.json:
        print_json(report if compared is None else {**report, "with_policy": compared})
    elif compared is None:
        _print_report(report)
    else:
        _print_side_by_side(report, compared)
        _print_report(compared, title="with the other policy")


def _rehearsed(engine: "EmbeddedEngine", programme: "Programme", policy: "Policy | None" = None) -> dict[str, Any]:
    from engine.effects import StageName
    from engine.processors.rounds import rehearsed

    at = engine.last_at
    assert at is not None, "a programme was created at some time"
    report: dict[str, Any] = rehearsed(engine.rows(StageName.PROGRAMMES), programme, at, policy).model_dump(mode="json")
    return report


def _held(engine: "EmbeddedEngine", programme: "Programme", rehearsal: dict[str, Any]) -> dict[str, Any]:
    """Hold the round for good: the same rows at the same instant give what was rehearsed; the pairs now have ids."""
    from engine.effects import StageName
    from engine.processors.tables import PAIRINGS
    from schemas.round import RoundRequested

    prefix = f"{programme.programme_id}."
    before = {pairing_id for pairing_id, _ in engine.scan(StageName.PROGRAMMES, PAIRINGS, prefix)}
    answer = engine.command(RoundRequested.TYPE, {"programme_id": programme.programme_id})
    if answer.code is not None:
        raise Refused(f"the round was refused: {answer.code}, {answer.message}")
    made = {row.people: id_ for id_, row in engine.scan(StageName.PROGRAMMES, PAIRINGS, prefix) if id_ not in before}
    proposals = [{"pairing_id": made[tuple(pair["people"])], **pair} for pair in rehearsal["proposals"]]
    return {**rehearsal, "dry_run": False, "proposals": proposals}


def _policy_with(programme: "Programme", file: Path) -> "Policy":
    """Lay the fields of a file over what the programme has set itself, and fill the rest with defaults."""
    import json

    from pydantic import ValidationError

    from engine.cli.views import changed_fields
    from schemas.policy import Policy

    try:
        fields = json.loads(file.read_bytes())
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise Refused(f"{file} holds no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise Refused(f"{file} must hold a JSON object of policy fields")
    if unknown := sorted(set(fields) - set(Policy.model_fields)):
        raise Refused(f"{file}: there is no policy field {', '.join(unknown)}")
    try:
        return Policy.model_validate_json(json.dumps({**changed_fields(programme.policy), **fields}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Refused(f"{file}: {'.'.join(map(str, first['loc'])) or 'policy'}: {first['msg']}") from error


def _print_report(report: dict[str, Any], title: str = "") -> None:
    name = title or f"round {report['round']} of {report['programme_id']}" + (", not held" if report["dry_run"] else "")
    print_facts(name, _figures(report))
    if report["proposals"]:
        columns = ("pairing", "one", "other", "score", "they can learn")
        print_table(columns, (_pair_row(pair) for pair in report["proposals"]), title="pairs", right=frozenset({"score"}))
    if report["unmatched"]:
        reasons = ((each["person_id"], reason) for each in report["unmatched"] for reason in each["reasons"])
        rows = ((person_id, reason["code"], reason["params"].get("widen")) for person_id, reason in reasons)
        print_table(("person", "why nobody", "what would widen the choice"), rows, title="without a proposal")


def _figures(report: dict[str, Any]) -> tuple[tuple[str, object], ...]:
    return (
        ("pairs", report["proposed"]),
        ("waiting", report["waiting"]),
        ("without any option", counted(report["no_option_by_reason"])),
        ("total score", f"{report['total_score']:,} of at most {report['optimality_bound']:,} ({report['optimal_ratio']:.1%})"),
        ("pairs that would rather", report["blocking_pairs"]),
    )


def _pair_row(pair: dict[str, Any]) -> tuple[object, ...]:
    lessons = [reason["params"] for reason in pair["reasons"] if "topic" in reason["params"]]
    topics = {one: [lesson["topic"] for lesson in lessons if lesson["person_id"] == one] for one in pair["people"]}
    learned = " · ".join(f"{one}: {', '.join(names)}" for one, names in topics.items() if names)
    return pair.get("pairing_id"), *pair["people"], pair["score"], learned


def _print_side_by_side(current: dict[str, Any], other: dict[str, Any]) -> None:
    pairs = {tuple(pair["people"]) for pair in current["proposals"]}
    others = {tuple(pair["people"]) for pair in other["proposals"]}
    rows = [(name, now, then) for (name, now), (_, then) in zip(_figures(current), _figures(other), strict=True)]
    rows.append(("pairs in both", len(pairs & others), len(pairs & others)))
    print_table(("", "current policy", "other policy"), rows, title=f"round {current['round']} of {current['programme_id']}, not held")
