"""`bothways round`: hold a round, or see what it would do, under this policy or another."""

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import Parameter

from engine.cli.doing import carried_out
from engine.cli.exits import Misused, Refused
from engine.cli.options import DEFAULTS, Options, copied_to_look
from engine.cli.output import ProgressBar, counts_written, print_facts, print_json, print_table

if TYPE_CHECKING:
    from engine.programme.rounds.programme import Programme
    from schemas.terms.policy import Policy

SHOWN_MAX: Final = 5


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
    from engine.commands.round import Round, dry_round

    with ProgressBar("pairing") as bar:
        bar.pulse()
        if dry_run:
            with copied_to_look(options) as look:
                laid_over = None if policy is None else partial(_policy_with, file=policy)
                report = dry_round(look, programme, laid_over, bar.pulse)
        else:
            report = carried_out(options, Round(programme_id=programme))
    if options.json:
        print_json(report)
    elif policy is None:
        _print_report(report)
    else:
        _print_side_by_side(report)
        _print_report(report["with_policy"], title="with the other policy")


def _policy_with(programme: "Programme", file: Path) -> "Policy":
    """Lay the fields of a file over what the programme has set itself, and fill the rest with defaults."""
    import json

    from pydantic import ValidationError

    from schemas.terms.policy import Policy, changed_fields

    try:
        fields = json.loads(file.read_bytes())
    except OSError as error:
        raise Refused(f"{file} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise Refused(f"{file} holds no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise Refused(f"{file} must hold a JSON object of policy fields")
    try:
        return Policy.model_validate_json(json.dumps({**changed_fields(programme.policy), **fields}))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Refused(f"{file}: {'.'.join(map(str, first['loc'])) or 'policy'}: {first['msg']}") from error


def _print_report(report: dict[str, Any], title: str = "") -> None:
    name = title or f"round {report['round']} of {report['programme_id']}" + (", not held" if report["dry_run"] else "")
    print_facts(name, _figures(report))
    if report["proposals"]:
        columns = ("one", "other", "score", "they can learn", *(() if report["dry_run"] else ("pairing",)))
        print_table(columns, (_pair_row(pair) for pair in report["proposals"]), title="pairs", right=frozenset({"score"}))
    if report["unmatched"]:
        reasons = ((each, reason) for each in report["unmatched"] for reason in each["reasons"])
        rows = ((each["person_id"], each["standing"], reason["code"], reason["params"].get("widen")) for each, reason in reasons)
        print_table(("person", "is", "why nobody now", "what would widen the choice"), rows, title="without a proposal in this round")


def _figures(report: dict[str, Any]) -> tuple[tuple[str, object], ...]:
    figures = report["figures"]
    costs = (
        ("price of fairness", _percent(figures.get("fairness_price_ratio"), "of the total score")),
        ("pairs kept and new", _percent(figures.get("drift_ratio"), "of what pairing everybody anew would come to")),
    )
    return (
        ("pairs", report["proposed"]),
        ("people matched", figures["matched_count"]),
        ("without a proposal", counts_written(Counter(each["standing"] for each in report["unmatched"]))),
        ("waiting", report["waiting"]),
        ("without any option", counts_written(report["no_option_by_reason"])),
        ("mean score", figures["mean_score"]),
        ("worst pair", figures["worst_score"]),
        ("bridges", f"{figures['bridges_count']} over a band or more, {figures['wide_bridges_count']} over two or more"),
        ("total score", f"{figures['total_score']:,}"),
        # Weights are scores with the bonuses for waiting, so they are no total score.
        ("assignment", f"{report['total_score']:,} of at most {report['optimality_bound']:,} ({report['optimal_ratio']:.1%})"),
        ("pairs that would rather", report["blocking_pairs"]),
        ("locks refused", " · ".join(f"{' and '.join(lock['people'])}: {lock['code']}" for lock in report["refused_locks"])),
        *costs,
    )


def _percent(ratio: float | None, of: str) -> str | None:
    return None if ratio is None else f"{ratio:.1%} {of}"


def _pair_row(pair: dict[str, Any]) -> tuple[object, ...]:
    lessons = [reason["params"] for reason in pair["reasons"] if "topic" in reason["params"]]
    topics = {one: [lesson["topic"] for lesson in lessons if lesson["person_id"] == one] for one in pair["people"]}
    learned = " · ".join(f"{one}: {', '.join(names)}" for one, names in topics.items() if names)
    return *pair["people"], pair["score"], learned, *((pair["pairing_id"],) if "pairing_id" in pair else ())


def _print_side_by_side(report: dict[str, Any]) -> None:
    other, compared = report["with_policy"], report["compared"]
    rows = [(name, now, then) for (name, now), (_, then) in zip(_figures(report), _figures(other), strict=True) if now or then]
    rows.append(("pairs in both", compared["pairs_in_both_count"], compared["pairs_in_both_count"]))
    rows.append(("matched here only", _named(compared["lost_ids"]), _named(compared["gained_ids"])))
    print_table(("", "current policy", "other policy"), rows, title=f"round {report['round']} of {report['programme_id']}, not held")


def _named(person_ids: Sequence[str]) -> str:
    """Name people, as many as a line takes."""
    more = len(person_ids) - SHOWN_MAX
    return ", ".join(person_ids[:SHOWN_MAX]) + (f" and {more:,} more" if more > 0 else "")
