"""docs/nudges.md: every nudge with whom it is for, when it comes, what fills it and how it is answered."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ops.fields import fields_of
from ops.markdown import GENERATED, field_row, listed, table
from schemas.documents import payloads
from schemas.events.nudge import NudgeRequested
from schemas.nudges.catalogue import CATALOGUE, Nudge, answers_to, can_opt_out
from schemas.nudges.params import NudgeParams
from schemas.terms.codes import NudgeKey

SAID: Final = """\
A nudge is an intent: `nudge.requested` says whom to tell what, a notifier makes the message. Behavioural nudges are rationed: one a week
and person at most, the highest priority first. Late is what becomes of one whose timer fired late: `fire` and `coalesce` are valid from
then on, `expire` from when it was due, and of several that coalesce only the newest waits. Where no days are given, the proposal's
deadline or the session's start is the end."""
PARAMS_SAID: Final = """\
Parameters that every nudge has are listed here, those of its own below. The request fills in everything of an answer's event that is known;
the last column says what the person has to say, *in italics* what may be left out."""


def nudges() -> Iterator[str]:
    """List every nudge, first in one table, then one by one."""
    yield from ("# Nudges", "", GENERATED, "", SAID, "")
    sent = [nudge for nudge in CATALOGUE.values() if not nudge.is_retired]
    heads = ("key", "says", "to", "when", "class", "category", "priority", "valid days", "late", "can be left")
    yield from table(*heads, rows=map(_line, sent))
    retired = listed(nudge.key for nudge in CATALOGUE.values() if nudge.is_retired)
    yield from ("", f"Not sent any more, and still read in what was published once: {retired}.")
    yield from ("", "## What fills them, and how they are answered", "", PARAMS_SAID, "")
    yield from table("parameter", "value", "says", rows=map(field_row, fields_of(NudgeParams, "serialization")))
    for nudge in sent:
        yield from _details(nudge)


def _line(nudge: Nudge) -> tuple[object, ...]:
    limits = (nudge.priority or "–", nudge.valid_days or "–", nudge.late)
    is_left = "yes" if can_opt_out(nudge.key) else "no"
    return f"`{nudge.key}`", nudge.title, nudge.to, nudge.when, nudge.class_, nudge.category, *limits, is_left


def _details(nudge: Nudge) -> Iterator[str]:
    model = nudge.params
    said = " ".join((model.__doc__ or "").split())
    yield from ("", f"### `{nudge.key}`", "", f"{said} To: {nudge.to}. When: {nudge.when}. Reason: `{nudge.reason}`.", "")
    own = [field for field in fields_of(model, "serialization") if field.name not in NudgeParams.model_fields]
    if own:
        yield from table("parameter", "value", "says", rows=map(field_row, own))
    answers = answers_to(nudge.key, *_example(nudge.key))
    if answers:
        yield ""
        yield from table("answer", "event", "the person says", rows=map(_answer, answers))


def _example(key: NudgeKey) -> tuple[str, Mapping[str, Any]]:
    """Return whom an example of a nudge is for, and its parameters."""
    example = next(nudge for nudge in payloads.of(NudgeRequested) if nudge["key"] == key)
    return example["person_id"], {name: value for name, value in example["params"].items() if name != "answers"}


def _answer(answer: Mapping[str, Any]) -> tuple[str, str, str]:
    open_fields = {name: value for name, value in answer["fields"].items() if isinstance(value, dict)}
    said = (f"*`{name}`*" if value.get("optional") else f"`{name}`" for name, value in open_fields.items())
    return f"`{answer['choice']}`", f"`{answer['type']}`", ", ".join(said) or "nothing more"
