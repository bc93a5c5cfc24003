"""`bothways dead-letters`: what was refused, why, and another chance for it."""

import base64
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from engine.cli.exits import ExitCode, Misused, Refused
from engine.cli.options import DEFAULTS, Options, instant_typed, opened_to_read
from engine.cli.output import console, print_facts, print_json, print_table

if TYPE_CHECKING:
    from engine.runtimes.embedded.log.stored_outputs import StoredOutput


Topic = Annotated[str | None, Parameter(help="Only this topic, with or without `dlq.`.")]
Code = Annotated[str | None, Parameter(help="Only what was refused with this code.")]
Since = Annotated[str | None, Parameter(help="Only what is dated from this instant or day on; undated records are left out.")]


def list_letters(*, topic: Topic = None, code: Code = None, since: Since = None, options: Options = DEFAULTS) -> None:
    """List the records that were refused, by topic, newest last."""
    found = _chosen(options, topic, code, since)
    if options.json:
        print_json({"dead_letters": found})
    elif not found:
        print("no dead letters")
    else:
        columns = ("topic", "position", "code", "message", "time")
        print_table(columns, ([each[column] for column in columns] for each in found), right=frozenset({"position"}))


def redrive(
    *letters: Annotated[str, Parameter(name="TOPIC/POSITION")],
    topic: Topic = None,
    code: Code = None,
    since: Since = None,
    yes: Annotated[bool, Parameter(name="--yes", negative="", show_default=False, help="Do it, however many they are.")] = False,
    options: Options = DEFAULTS,
) -> int:
    """Send refused records through intake again. What was taken meanwhile is a repetition; what is still wrong is refused again.

    Args:
        letters: which ones; without any, all that the options choose.
    """
    from engine.cli.doing import carried_out
    from engine.commands.redrive import Redrive
    from engine.core.dead_letters import may_come_back

    if not letters and topic is None and code is None and since is None:
        raise Misused("dead-letters redrive: name TOPIC/POSITION, or choose by --topic, --code or --since")
    places = {f"dlq.{letter.removeprefix('dlq.')}" for letter in letters}
    found = [each for each in _chosen(options, topic, code, since) if not places or f"{each['topic']}/{each['position']}" in places]
    chosen = tuple((each["topic"], each["position"]) for each in found if may_come_back(each["topic"]))
    if not chosen:
        raise Refused("there is no such dead letter to send again; see `bothways dead-letters list`")
    if len(chosen) > 1 and not yes:
        raise Refused(f"{len(chosen):,} records would be sent again; add --yes to do it")
    done = carried_out(options, Redrive(letters=chosen))["redriven"]
    if options.json:
        print_json({"redriven": done})
    else:
        columns = ("topic", "position", "outcome", "code")
        print_table(columns, ([each[column] for column in columns] for each in done), right=frozenset({"position"}))
    is_refused = any(each["outcome"] in {"dead_lettered", "refused"} for each in done)
    return ExitCode.DEAD_LETTERED if is_refused else ExitCode.DONE


def _chosen(options: Options, topic: str | None, code: str | None, since: str | None) -> list[dict[str, Any]]:
    """Return what the options choose, by topic, newest last."""
    from schemas.text.fields import parse_instant

    wanted = None if topic is None else "dlq." + topic.removeprefix("dlq.")
    bound = None if since is None else instant_typed(since, "--since")
    with opened_to_read(options) as reader:
        found = [_summary(letter) for letter in reader.dead_letters() if wanted in (None, letter.topic)]

    def is_chosen(letter: dict[str, Any]) -> bool:
        if code is not None and letter["code"] != code:
            return False
        if bound is None:
            return True
        try:
            return parse_instant(letter["time"]) >= bound
        except ValueError:
            return False

    return [letter for letter in found if is_chosen(letter)]


def show(topic: str, position: int | None = None, /, *, options: Options = DEFAULTS) -> None:
    """Show one refused record: its headers and its value.

    Args:
        topic: its topic, with or without `dlq.`; or the record's id alone.
        position: its position there.
    """
    with opened_to_read(options) as reader:
        if position is None:
            letter = next((each for each in reader.dead_letters() if each.id == topic), None)
        else:
            after = reader.outputs("dlq." + topic.removeprefix("dlq."), position, 1)
            letter = next((each for each in after if each.position == position), None)
    if letter is None:
        where = topic if position is None else f"{topic} at position {position}"
        raise Refused(f"there is no dead letter {where}; see `bothways dead-letters list`")
    headers = {name: None if value is None else value.decode(errors="replace") for name, value in letter.headers}
    body = letter.value or b""
    if options.json:
        print_json({**_summary(letter), "key": letter.key, "headers": headers, "value_base64": base64.b64encode(body).decode()})
        return
    summary = _summary(letter)
    print_facts(f"{letter.topic} {letter.position}", ((name, summary[name]) for name in ("id", "code", "message", "time")))
    shown = {"key": letter.key, **headers}
    print_facts("\nheaders", ((_printable(name.encode()), _printable((value or "").encode())) for name, value in shown.items()))
    console().print("\nvalue", style="bold")
    print(_printable(body))


def _summary(letter: "StoredOutput") -> dict[str, Any]:
    headers = {name: (value or b"").decode(errors="replace") for name, value in letter.headers}
    return {
        "topic": letter.topic,
        "position": letter.position,
        "code": headers.get("x-error-code"),
        "message": headers.get("__dlq.errors.message"),
        "time": _time_of(letter, headers),
        "id": letter.id,
    }


def _time_of(letter: "StoredOutput", headers: dict[str, str]) -> str | None:
    """Return the time that the refused record gave, if it can be read."""
    import json

    given: object = headers.get("ce_time")
    if given is None:
        try:
            value = json.loads(letter.value or b"")
        except (ValueError, RecursionError):
            return None
        given = value.get("time") if isinstance(value, dict) else None
    return given if isinstance(given, str) and len(given) < 64 and given.isprintable() else None


def _printable(body: bytes) -> str:
    """Return bytes as text without anything that a terminal would obey."""
    text = body.decode(errors="backslashreplace")
    return "".join(character if character.isprintable() or character in "\n\t" else ascii(character)[1:-1] for character in text)
