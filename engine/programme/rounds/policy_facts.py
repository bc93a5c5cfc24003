"""The policy of a programme, as a function of all changes in any order of arrival.

Decides: which fields hold, and how often the policy was changed.
Never knows: what a field means; what follows from a change (rounds/commands).

A programme begins with a policy. A fact changes it: as a whole (what it leaves out is the default again), or in the fields that it names
(null is the default again). The facts are laid over the beginning in the order of their stamps.

Invariants
    rounds.F1  The policy and the number of changes are functions of the set of the facts: order and repetition play no part.
    rounds.F2  A fact keeps the fields that still hold because of it and no others, so the facts together are no longer than one policy.
    rounds.F3  At most FACTS_MAX stamps are kept. Beyond it the two earliest become one, and whatever is no later than that counts as known.

Source: house rule (facts are ordered by when they happened, not by when they came).
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from engine.core.stamp import Stamp, is_same, nameless
from schemas.frozen import Frozen, replace
from schemas.terms.policy import Policy

FACTS_MAX: Final = 256
NOTHING_GIVEN: Final = "{}"


class PolicyFact(Frozen, kw_only=True):
    """One change of policy."""

    stamp: Stamp
    is_whole: bool
    given: str
    """JSON: the fields that hold because of this fact; null stands for the default."""
    count: int = 1
    """How many changes it stands for (rounds.F3)."""


class PolicyFacts(Frozen, kw_only=True):
    """What was said of a programme's policy."""

    begun_with: str = NOTHING_GIVEN
    """JSON: the fields of the first policy that hold still."""
    facts: tuple[PolicyFact, ...] = ()
    """Ordered by stamp."""

    @property
    def version(self) -> int:
        """Count the policies: the first, and one for each change."""
        return 1 + sum(fact.count for fact in self.facts)

    @property
    def policy(self) -> Policy:
        """The policy that holds."""
        held: dict[str, Any] = {}
        for given in (self.begun_with, *(fact.given for fact in self.facts)):
            held |= json.loads(given)
        return Policy.model_validate({name: value for name, value in held.items() if value is not None})


def given_in(policy: Policy) -> dict[str, Any]:
    """Return the fields that a policy names, as JSON holds them."""
    named: dict[str, Any] = policy.model_dump(mode="json", exclude_unset=True)
    return named


def begun_with(policy: Policy) -> PolicyFacts:
    """Return the facts of a new programme."""
    return PolicyFacts(begun_with=_json(given_in(policy)))


def with_change(known: PolicyFacts, stamp: Stamp, given: Mapping[str, Any], *, is_whole: bool) -> PolicyFacts:
    """Take in a change; the same facts where it is known already (rounds.F1).

    Args:
        given: fields by name; None stands for the default.
    """
    if any(is_same(stamp, fact.stamp) for fact in known.facts):
        return known
    if known.facts and known.facts[0].count > 1 and stamp <= known.facts[0].stamp:
        return known
    added = PolicyFact(stamp=stamp, is_whole=is_whole, given=_json(given))
    return _trimmed(replace(known, facts=_bounded(tuple(sorted((*known.facts, added), key=lambda fact: fact.stamp)))))


def nameless_facts(known: PolicyFacts) -> PolicyFacts:
    """Return the facts without the ids of events, which may hold a person's."""
    return replace(known, facts=tuple(replace(fact, stamp=nameless(fact.stamp)) for fact in known.facts))


def _bounded(facts: tuple[PolicyFact, ...]) -> tuple[PolicyFact, ...]:
    """Let the two earliest be one beyond FACTS_MAX (rounds.F3)."""
    if len(facts) <= FACTS_MAX:
        return facts
    first, second, *rest = facts
    given = second.given if second.is_whole else _json(json.loads(first.given) | json.loads(second.given))
    joined = PolicyFact(stamp=second.stamp, is_whole=first.is_whole or second.is_whole, given=given, count=first.count + second.count)
    return (joined, *rest)


def _trimmed(known: PolicyFacts) -> PolicyFacts:
    """Drop the fields over which a later fact stands (rounds.F2)."""
    settled: set[str] = set()
    is_settled = False
    facts: list[PolicyFact] = []
    for fact in reversed(known.facts):
        given = {} if is_settled else {name: value for name, value in json.loads(fact.given).items() if name not in settled}
        facts.append(replace(fact, given=_json(given)))
        settled |= given.keys()
        is_settled = is_settled or fact.is_whole
    begun = {} if is_settled else {name: value for name, value in json.loads(known.begun_with).items() if name not in settled}
    return PolicyFacts(begun_with=_json(begun), facts=tuple(reversed(facts)))


def _json(given: Mapping[str, Any]) -> str:
    return json.dumps(given, sort_keys=True, separators=(",", ":"))
