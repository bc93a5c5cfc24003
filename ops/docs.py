"""The reference pages under docs/, written from the tables that the engine runs by: `python -m ops.docs write | check`.

A page says nothing that a constant doesn't; a test fails when the two differ.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

from engine.core.stage import Topology
from engine.programme.pairs.pairing import LIVE, TERMINAL, TRANSITIONS, WAITS
from engine.report import words
from engine.telemetry import METRICS, Label
from engine.topology import build
from ops.fields import Mode, fields_of, sentence_of
from ops.generated import Generated
from ops.http_docs import http
from ops.markdown import GENERATED, field_row, listed, table
from ops.nudge_page import nudges
from schemas.base import InputData, OutputData
from schemas.documents.files import versions
from schemas.nudges.questions import BUILT_IN_QUESTIONS
from schemas.registry import INPUT_TYPES, OUTPUT_TYPES
from schemas.terms import codes
from schemas.terms.catalogue import BUILT_IN_TOPICS
from schemas.terms.codes import PairingState
from schemas.terms.policy import Policy, PolicyTopic
from schemas.topics import (
    ALL_TOPICS,
    ANSWERS,
    DEAD_LETTER_TOPICS,
    INPUT_TOPICS,
    INTERNAL_TOPICS,
    OUTPUT_TOPICS,
    PRIVATE_TOPICS,
    Topic,
    topic_of_type,
)

DOCS: Final = Path(__file__).parent.parent / "docs"
PROPOSALS_SAID: Final = """\
A proposal stays open until it expires, whatever either side has answered: a decline moves nothing, and until then the answer may be
changed. Only two present accepts make a pair. Both are reminded alike, and what was asked is taken back from both together. An answer
that is older than its question, or than the same person's last answer to it, is `stale_answer`. An exclusion and a forbid act like a
silent decline.

An undecided proposal takes no room of either side after `room_days`; it can still be accepted while both have room, and lapses at once
without it. The two rest for `lapsed_rest_days` only if the proposal expired and each could hear of it at least 24 hours before. Whose
last two proposals expired is asked once whether they still take part, and is not proposed until an act of their own later than the
question; 30 days after they could hear of it the question becomes a pause. After a completed pair nobody is proposed for
`rest_after_days` unless they say `participation.resumed`."""
READERS_SAID: Final = """\
Whoever can read an input, an inbox, a changelog or a dead letter reads what people keep from each other: who declined, whom somebody
excludes, feedback, absences. Published topics say nothing of it. So only the engine reads inputs, inboxes and changelogs, and only whoever
mends them reads dead letters. `bothways.answers.v1` names the people of a round that was not held: it is for whoever asked. On Kafka,
rights (ACLs) hold this: `bothways topics plan --acls` lists those of a worker; producers of inputs need no right to read. The data
directory of the embedded engine holds all of it: its owner alone reads it, and backups are kept like it. Published topics name people,
too; `dataclassification` marks each such event as `confidential`."""
READERS: Final[Mapping[Topic, str]] = {
    **dict.fromkeys((*INPUT_TOPICS, *INTERNAL_TOPICS), "the engine alone"),
    **dict.fromkeys(OUTPUT_TOPICS, "whoever needs it"),
    **dict.fromkeys(PRIVATE_TOPICS, "whoever asked"),
    **dict.fromkeys(DEAD_LETTER_TOPICS, "whoever mends"),
}
EVENTS_SAID: Final = """\
Each event is a CloudEvent ([contracts](contracts.md)); here are the fields of its `data`. Fields in *italics* may be left out. Readers
tolerate fields and codes that they don't know."""
POLICY_SAID: Final = """\
`policy` in `programme.created` and `programme.policy_changed`: an object. Each field may be left out, or be null, and then has its default.
Days are whole days. What each field does is in the [rules](rules.md)."""
CATALOGUE_SAID: Final = """\
What people teach and learn, and what they debate, unless a programme's [policy](policy.md) brings its own `topics` or `questions`. A policy
that brings its own list replaces this one. Ids stand in offers, wants and exchanges; names are what people read."""
NOT_READ_YET: Final = frozenset({"debate_every_days", "questions", "circles"})
"""Fields of policy that are taken and change nothing so far."""
METRICS_SAID: Final = """\
Served by `bothways serve --metrics-port` and `bothways worker --metrics-port`. Behind a label stands how many values it can have; any other
counts as `other`."""
REASONS: Final[Mapping[str, tuple[type[StrEnum], ...]]] = {
    "Pairing: which hard rule stands in the way": (codes.EligibilityCode,),
    "Pairing: why these two": (codes.PairingReasonCode,),
    "Pairing: why nobody this time, and what would widen the choice": (codes.UnmatchedCode, codes.WidenCode),
    "Rounds: where somebody without a proposal stands": (codes.RoundStanding,),
    "Pairing: how it ended": (codes.EndCode,),
    "Nudges: why this one now": (codes.NudgeReasonCode,),
    "Nudges: why one was held back or taken back": (codes.SuppressionReason, codes.CancellationReason),
    "Commands: why one was refused": (codes.RefusalCode,),
}
"""Domain → the codes that say why in it."""
MEANINGS: Final[Mapping[str, str]] = {
    **{
        f"{type(code).__name__}.{code}": text
        for table in (words.NO_OPTION, words.LEFT_OUT, words.HELD_BACK, words.ENDINGS)
        for code, text in table.items()
    }
}


def pairings() -> Iterator[str]:
    """Draw the states of a pairing."""
    yield from ("# Pairings", "", GENERATED, "", "## States of a pairing", "", "```mermaid", "stateDiagram-v2")
    yield "    [*] --> proposed: a round or a coordinator's lock"
    for (state, event), to in sorted(TRANSITIONS.items()):
        yield f"    {state} --> {to}: {event.value}"
    yield from (f"    {state} --> [*]" for state in sorted(TERMINAL))
    yield from ("```", "", f"Live: {listed(sorted(LIVE))}. Terminal: {listed(sorted(TERMINAL))}. Nothing else moves a pairing.", "")
    yield from ("## What a pairing waits for", "")
    yield from table("state", "timers", rows=((f"`{state}`", listed(sorted(WAITS[state])) or "–") for state in PairingState))
    yield from ("", "## Proposals and answers", "", PROPOSALS_SAID)


def reasons() -> Iterator[str]:
    """List every code that says why, and every other closed set."""
    yield from ("# Codes", "", GENERATED, "", "A code is stable once published and is never used again for something else.")
    shown = {codes.ErrorCode, codes.NudgeKey}
    for domain, sets in REASONS.items():
        yield from ("", f"## {domain}", "")
        for kind in sets:
            shown.add(kind)
            if any(f"{kind.__name__}.{code}" in MEANINGS for code in kind):
                yield from table("code", "means", rows=((f"`{code}`", MEANINGS[f"{kind.__name__}.{code}"]) for code in kind))
            else:
                yield from (f"{_said(kind)}.", "", listed(kind))
            yield ""
    yield from ("## Dead letters", "", "What could not be used is on `dlq.<topic>` with its bytes; the header `x-error-code` says why.", "")
    yield from table("code", "means", "what to do", rows=((f"`{code}`", *words.DEAD_LETTERS[code]) for code in codes.ErrorCode))
    yield from ("", "## Other closed sets", "")
    others = (kind for kind in vars(codes).values() if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum)
    yield from table("what", "values", rows=((_said(kind), listed(kind)) for kind in others if kind not in shown))


def topics() -> Iterator[str]:
    """List the topics and what is on them."""
    yield from ("# Topics and events", "", GENERATED, "", "Names are without the deployment's prefix.", "")
    yield from table(
        "topic",
        "direction",
        "key",
        "kept",
        "read by",
        rows=((f"`{topic.name}`", topic.direction, topic.key or "as it came", _kept(topic), READERS[topic]) for topic in ALL_TOPICS),
    )
    yield from ("", "## Who may read", "", READERS_SAID)
    for title, types in (("What it reads", INPUT_TYPES), ("What it publishes", OUTPUT_TYPES)):
        yield from ("", f"## {title}", "")
        yield from table("type", "topic", rows=((f"`{type_}`", f"`{topic_of_type(type_).name}`") for type_ in types))
    yield from (
        "",
        f"The `bothways.round.completed.v1` of a dry run goes to `{ANSWERS.name}` with the people, and to insights without them.",
    )


def metrics() -> Iterator[str]:
    """List the metrics."""
    yield from ("# Metrics", "", GENERATED, "", METRICS_SAID, "")
    topology = build()
    yield from table(
        "name",
        "kind",
        "labels",
        "says",
        rows=(
            (f"`{metric.name}`", metric.kind, ", ".join(_label(label, topology) for label in metric.labels) or "–", metric.help)
            for metric in METRICS
        ),
    )


def events() -> Iterator[str]:
    """List every event with its fields."""
    yield from ("# Events", "", GENERATED, "", EVENTS_SAID)
    kinds: tuple[tuple[str, Mode, Mapping[str, type[InputData | OutputData]]], ...] = (
        ("What it reads", "validation", INPUT_TYPES),
        ("What it publishes", "serialization", OUTPUT_TYPES),
    )
    for title, mode, types in kinds:
        yield from ("", f"## {title}")
        for type_, model in types.items():
            yield from ("", f"### `{type_}`", "", f"{sentence_of(model)}{_who_acts(model)} {_where(model)}", "")
            yield from table("field", "value", "says", rows=map(field_row, fields_of(model, mode)))


def policy() -> Iterator[str]:
    """List every field of a policy, and the built-in topics."""
    yield from ("# Policy", "", GENERATED, "", POLICY_SAID, "")
    defaults = Policy().model_dump(mode="json")
    rows = (
        (f"`{field.name}`", field.value, _default(defaults[field.name]), field.meaning or "–")
        for field in fields_of(Policy, "validation")
        if field.name not in NOT_READ_YET
    )
    yield from table("field", "value", "default", "says", rows=rows)


def catalogue() -> Iterator[str]:
    """List the built-in topics and questions."""
    yield from ("# Catalogue of topics and questions", "", GENERATED, "", CATALOGUE_SAID, "", "## Topics", "")
    yield from table("topic", "family", "name", rows=((f"`{topic}`", f"`{family}`", name) for topic, family, name in BUILT_IN_TOPICS))
    yield from ("", "A topic of a policy's own has these fields.", "")
    yield from table("field", "value", "says", rows=map(field_row, fields_of(PolicyTopic, "validation")))
    yield from ("", "## Questions", "", "Open questions for debates. They are not asked yet.", "")
    questions = ((f"`{question}`", f"`{family}`", listed(stances)) for question, family, stances in BUILT_IN_QUESTIONS)
    yield from table("question", "family", "stances", rows=questions)


PAGES: Final[Mapping[str, Callable[[], Iterator[str]]]] = {
    "events.md": events,
    "policy.md": policy,
    "nudges.md": nudges,
    "topics-catalogue.md": catalogue,
    "pairings.md": pairings,
    "codes.md": reasons,
    "topics.md": topics,
    "metrics.md": metrics,
    "http.md": http,
}


def page(name: str) -> str:
    """Return a page as it should be."""
    text = "\n".join(PAGES[name]())
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.rstrip() + "\n"


FILES: Final = Generated(module="ops.docs", what="pages", directory=DOCS, names=PAGES, content=page)


def _where(model: type[InputData] | type[OutputData]) -> str:
    """Say on which topic an event is, and link its schemas and examples."""
    name, now = model.name_and_version()
    schemas = ", ".join(f"[{each}](../schemas/json/{name}/{each}.json)" for each in versions(name))
    return f"Topic: `{topic_of_type(model.TYPE).name}`. Schema: {schemas}. [Examples](../schemas/payloads/{name}/{now}.json)."


def _who_acts(model: type[InputData] | type[OutputData]) -> str:
    if not issubclass(model, InputData):
        return ""
    if model.PERSON_ACTS:
        return " `actor` has to be the person."
    return " It needs an `actor`." if model.IS_COMMAND else ""


def _default(value: object) -> str:
    if isinstance(value, list):
        return "built-in" if value else "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _label(label: Label, topology: Topology) -> str:
    return f"`{label.name}` ({len(set(label.values(topology)))})"


def _said(kind: type[StrEnum]) -> str:
    return (kind.__doc__ or "").strip().splitlines()[0].rstrip(".")


def _kept(topic: Topic) -> str:
    if topic.retention_days is None:
        return "the latest of each key"
    return "1 day" if topic.retention_days == 1 else f"{topic.retention_days} days"


if __name__ == "__main__":
    sys.exit(FILES.main(sys.argv[1:]))
