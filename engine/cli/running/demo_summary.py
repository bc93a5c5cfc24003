"""What `bothways demo` tells a coordinator about the year that it played."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.cli.output import console, duration, print_facts, print_table

if TYPE_CHECKING:
    from engine.simulation.summary import YearSummary

NUDGES_SHOWN = 12


def print_summary(summary: "YearSummary", *, title: str, done: str, seconds: float, commands: Iterable[str] = ()) -> None:
    """Print the year: what came of it, who met, what people heard, and where to look next.

    Args:
        done: how much the run handled, in words; followed by the time that it took.
        commands: to look further with.
    """
    print_facts(title, _outcome(summary, done, seconds))
    bands = ((name, _number(count)) for name, count in summary.pairs_by_bands.items())
    if any(summary.pairs_by_bands.values()):
        print_table(("experience bands that met", "pairs"), bands, right=frozenset({"pairs"}))
    most = sorted(summary.nudges_sent_by_key.items(), key=lambda item: (-item[1], item[0]))
    print_table(("nudge", "sent"), ((key.replace("_", " "), f"{count:,}") for key, count in most[:NUDGES_SHOWN]), right=frozenset({"sent"}))
    held_back = summary.nudges_suppressed_by_reason
    print_facts("nudges held back", ((reason.replace("_", " "), _number(count)) for reason, count in held_back.items()))
    out = console()
    if summary.examples:
        out.print("\nwhy these two", style="bold")
        for sentence in summary.examples:
            out.print(f"  {sentence}")
    further = list(commands)
    if further:
        out.print("\nlook further", style="bold")
    for command in further:
        out.print(f"  {command}", soft_wrap=True)


def _outcome(summary: "YearSummary", done: str, seconds: float) -> tuple[tuple[str, object], ...]:
    sent = sum(summary.nudges_sent_by_key.values())
    ended = ", ".join(f"{code.replace('_', ' ')} {_number(count)}" for code, count in summary.ended_by_code.items())
    return (
        ("events", f"{done} in {duration(seconds)}"),
        ("rounds", f"{summary.rounds:,}"),
        ("proposals", f"{summary.proposed:,}, of which {summary.lapsed:,} lapsed"),
        ("pairs formed", f"{summary.formed:,}   {summary.live:,} live, {summary.completed:,} completed; ended: {ended or 'none'}"),
        ("both said yes", _percent(summary.double_consent_ratio, "of the proposals decided")),
        ("sessions held", f"{summary.sessions:,}"),
        ("teaching balance", _percent(summary.reciprocity_median, "median of the lesser side to the greater")),
        ("balanced pairs", _percent(summary.reciprocity_half_ratio, "taught at least half as much as they were taught")),
        ("beyond tech", _percent(summary.non_tech_ratio, "of the topics that pairs set out to learn")),
        ("across experience", _percent(summary.bridging_ratio, "of the pairs span a band or more")),
        ("across departments", _percent(summary.cross_department_ratio, "of the pairs")),
        (
            "nudges",
            f"{sent:,} sent, {summary.nudges_cancelled:,} called back, {summary.nudges_suppressed:,} held back",
        ),
        ("waiting", None if summary.waiting is None else f"{summary.waiting:,} people without a partner when a round last told so"),
    )


def _number(count: int | None) -> str:
    return "hidden" if count is None else f"{count:,}"


def _percent(ratio: float | None, of: str) -> str | None:
    return None if ratio is None else f"{ratio:.0%}   {of}"
