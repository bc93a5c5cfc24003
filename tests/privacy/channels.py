"""What a view gives away, channel by channel, and for each channel a leak that its strategy must see.

A channel turns a view into a bag of facts that can be compared between two histories of another salt: what is opaque has a name that
follows from what it stands for, and only the channel of ids looks at it as it is.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final

from engine.core.identity import derived_id
from tests.privacy.world import REPORT, View, events_of

Bag = Counter[str]
Channel = Callable[[View], Bag]
Leak = Callable[[View, int], View]
TRUTHS_MAX: Final = 4


def _named(view: View) -> View:
    """Give what is opaque a name: pairings by their people, nudges by person and key, hashes none at all."""
    names: dict[str, str] = {}
    for event in events_of(view, "pairing.proposed"):
        data = event["data"]
        names.setdefault(data["pairing_id"], "pair:" + "+".join(sorted(side["person_id"] for side in data["people"])))
    for number, event in enumerate(events_of(view, "nudge.requested")):
        data = event["data"]
        names.setdefault(data["nudge_id"], f"nudge:{data['person_id']}/{data['key']}/{number}")
    for event in view:
        for hashed in (event["data"].get("person"), event["data"].get("actor")):
            if hashed:
                names[hashed] = "somebody"
    text = json.dumps(view)
    for opaque, name in names.items():
        text = text.replace(opaque, name)
    named: View = json.loads(text)
    return named


def _told(data: Mapping[str, Any]) -> str:
    """Write a body without instants that the spread of the first hour moves."""
    return json.dumps(
        {name: value for name, value in data.items() if name not in {"not_before", "nudge_id", "as_of_by_metric"}}, sort_keys=True
    )


def bodies(view: View) -> Bag:
    """What is said."""
    return Counter(f"{event['type']} {_told(event['data'])}" for event in _named(view) if event["type"] != REPORT)


def report(view: View) -> Bag:
    """What the page says."""
    return Counter(line for event in _named(view) if event["type"] == REPORT for line in _lines(event["data"]))


def _lines(value: object, path: str = "") -> Iterator[str]:
    """Yield each value of a page with the way to it."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _lines(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _lines(inner, f"{path}/{number}")
    else:
        yield f"{path} {value}"


def ids(view: View) -> Bag:
    """Every opaque value as it is: an attacker tries out what it would be for a guess."""
    found: Bag = Counter()
    for event in view:
        found.update(str(event[name]) for name in ("id", "causation", "subject") if name in event)
        found.update(str(event["data"][name]) for name in ("nudge_id", "pairing_id", "person") if name in event["data"])
    return found


def order(view: View) -> Bag:
    """Which event follows which in a topic."""
    keys = [f"{event['topic']} {event['type']} {_about(event)}" for event in _named(view) if event["type"] != REPORT]
    return Counter(f"{before} > {after}" for before, after in pairwise(keys))


def _about(event: Mapping[str, Any]) -> str:
    data = event["data"]
    return f"{event['subject']} {data.get('person_id', '')} {data.get('key', '')}"


def times(view: View) -> Bag:
    """When: the instant of each event, and the hour from which a nudge may be heard."""
    return Counter(
        f"{event['type']} {_about(event)} {event.get('time')} {str(event['data'].get('not_before', ''))[:13]}" for event in _named(view)
    )


def causation(view: View) -> Bag:
    """Which events share a cause, and which name none."""
    groups: dict[str, list[str]] = {}
    named = _named(view)
    for event in named:
        groups.setdefault(str(event.get("causation", "none")), []).append(f"{event['type']} {_about(event)}")
    return Counter(" & ".join(sorted(group)) for group in groups.values())


def cancellations(view: View) -> Bag:
    """What is taken back, from whom, when."""
    found = events_of(_named(view), "nudge.cancelled")
    return Counter(f"{event['data']['person_id']} {event['data']['cancellation_key']} {event['time']}" for event in found)


def reminders(view: View) -> Bag:
    """Who is asked for what, how often."""
    return Counter(f"{event['data']['person_id']} {event['data']['key']}" for event in events_of(_named(view), "nudge.requested"))


def sequence(view: View) -> Bag:
    """The numbers under each key, and versions."""
    numbers = (f"{event['topic']} {event['subject']} {event.get('sequence')}" for event in _named(view))
    return Counter([*numbers, *(f"version {event['data']['proposal_version']}" for event in events_of(view, "pairing.proposed"))])


def absence(view: View) -> Bag:
    """Who is proposed to whom, in which round, and who is not."""
    proposed = events_of(view, "pairing.proposed")
    return Counter(f"{event['time'][:10]} {sorted(side['person_id'] for side in event['data']['people'])}" for event in proposed)


CHANNELS: Final[Mapping[str, Channel]] = MappingProxyType(
    {
        "bodies": bodies,
        "ids": ids,
        "order": order,
        "times": times,
        "causation": causation,
        "cancellations": cancellations,
        "reminders": reminders,
        "sequence": sequence,
        "absence": absence,
        "report": report,
    }
)


def _changed(view: View, **changes: Any) -> View:
    """Change the last event that has a time."""
    place = max(place for place, event in enumerate(view) if "time" in event)
    return [{**event, **changes} if at == place else event for at, event in enumerate(view)]


def _more(view: View, type_: str, data: Mapping[str, Any]) -> View:
    last = next(event for event in reversed(view) if "time" in event)
    return [*view, {**last, "topic": "planted", "type": f"bothways.{type_}.v1", "subject": "planted", "data": dict(data)}]


def _later(view: View, truth: int) -> View:
    at = datetime.fromisoformat(next(event for event in reversed(view) if "time" in event)["time"])
    return _changed(view, time=(at + timedelta(seconds=truth + 1)).isoformat())


def _marked(view: View) -> View:
    """Return events that stand for a truth each, after a view."""
    last = next(event for event in reversed(view) if "time" in event)
    planted = {**last, "topic": "planted", "type": "bothways.planted.v1"}
    return [{**planted, "subject": f"truth {truth}", "causation": f"act {truth}", "data": {}} for truth in range(TRUTHS_MAX)]


def _turned(view: View, truth: int) -> View:
    """Let what stands for the truth come first."""
    marked = _marked(view)
    return [*view, *marked[truth:], *marked[:truth]]


def _linked(view: View, truth: int) -> View:
    """Give one more event the cause of what stands for the truth."""
    marked = _marked(view)
    return [*view, *marked, {**marked[truth], "subject": "the deed"}]


LEAKS: Final[Mapping[str, Leak]] = MappingProxyType(
    {
        "bodies": lambda view, truth: _more(view, "planted", {"by": truth}),
        "ids": lambda view, truth: _changed(view, id=derived_id("planted", truth)),
        "order": _turned,
        "times": _later,
        "causation": _linked,
        "cancellations": lambda view, truth: _more(
            view, "nudge.cancelled", {"nudge_id": "", "person_id": f"p{truth}", "cancellation_key": "k", "reason": "no_longer_needed"}
        ),
        "reminders": lambda view, truth: _more(view, "nudge.requested", {"nudge_id": "planted", "person_id": f"p{truth}", "key": "k"}),
        "sequence": lambda view, truth: _changed(view, sequence=1_000 + truth),
        "absence": lambda view, truth: _more(
            view, "pairing.proposed", {"pairing_id": "planted", "proposal_version": 1, "people": [{"person_id": f"p{truth}"}]}
        ),
        "report": lambda view, truth: [*view[:-1], {**view[-1], "data": {**view[-1]["data"], "planted": truth}}],
    }
)
"""One leak for each channel: the truth is written into a view."""
