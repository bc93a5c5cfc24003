"""One round of pairing: from the people with room to proposals, and a reason for everybody left out.

Decides: who is in the pool, what waiting is worth, which pairs are proposed.
Never knows: how a proposal is answered, stored or told; when the next round is.

Steps: topic weights from the pool · locks, in id order · eligible pairs that reach the reserve · first pairs for everybody without one ·
the remaining room · a certificate and the reasons.

Invariants
    matching.R1  Nobody gets more proposals than room; accepted, live and open pairs are never touched.
    matching.R2  The published score has no bonus in it, and the reserve tests it; bonuses weigh in the assignment alone.
    matching.R3  With first_pair_first nobody gets a further pair while it would take the last room that a first pair could use.
    matching.R4  Any order of the members and locks gives the same result.
    matching.R5  A past decline is visible as `resting` between two people and nowhere else.

Source: house rule; daily rounds with a falling reserve beat batches (measured in ops/bench/matching).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from engine.matching.assigning.choosing import Chooser, ChosenPairs, RoundTask, in_use
from engine.matching.eligibility import HARD_RULES, LOCK_WAIVES, Rule, bar_between, pool_positions
from engine.matching.pool import PoolMember, RoundContext
from engine.matching.reserve import reserve_of
from engine.matching.scoring import Benefit, Context, LearnedTopic, benefit_of, lessons, need, topic_weights
from engine.matching.search.candidates import Seekers
from engine.matching.search.rule_book import RuleBook
from engine.matching.search.unmatched import LeftOut, unmatched_reasons
from schemas.frozen import Frozen
from schemas.terms.codes import EligibilityCode, RoundStanding, UnmatchedCode
from schemas.terms.ids import PersonId
from schemas.terms.policy import Policy

ROUNDS_WAITED_MAX: Final = 6
"""Waiting weighs no more after that many rounds."""


class Side(Frozen, kw_only=True):
    """What a proposal means for one of its two people."""

    person_id: PersonId
    benefit: Benefit
    lessons: tuple[LearnedTopic, ...]
    """What this person can learn, heaviest first; a lesson's share is its points of benefit.need."""
    options_count: int
    """Eligible partners in the round's pool, this one included unless a lock brought it."""


class ProposedPair(Frozen, kw_only=True):
    """Two people to be asked."""

    sides: tuple[Side, Side]
    """By person id."""
    score: int
    """0 to 1000, without bonuses."""
    context: Context
    is_locked: bool = False

    @property
    def person_ids(self) -> tuple[PersonId, PersonId]:
        """The two people, sorted."""
        return self.sides[0].person_id, self.sides[1].person_id


class RefusedLock(Frozen, kw_only=True):
    """A lock that a hard rule forbids, or somebody's lack of room."""

    person_ids: tuple[PersonId, PersonId]
    code: EligibilityCode


class Certificate(Frozen, kw_only=True):
    """How good the assignment provably is. Weights include bonuses; locked pairs are not part of it."""

    total: int
    bound: int
    """No other choice in the round's phases weighs more."""
    blocking_pairs_count: int
    """Pairs not chosen in which both would gain more than BLOCKING_GAIN points."""

    @property
    def ratio(self) -> float:
        """Total over bound; 1 when there was nothing to choose."""
        return self.total / self.bound if self.bound else 1.0

    def is_below(self, numerator: int, denominator: int) -> bool:
        """Say, without floats, whether the ratio is below numerator / denominator."""
        return self.total * denominator < self.bound * numerator


class RoundResult(Frozen, kw_only=True):
    """All that a round found out."""

    proposals: tuple[ProposedPair, ...]
    """In order of the two ids."""
    unmatched: tuple[LeftOut, ...]
    """Everybody without a proposal, by id."""
    refused_locks: tuple[RefusedLock, ...]
    certificate: Certificate
    topic_weights: Mapping[str, int]
    """Kept with the round, so that a replay scores alike."""

    @property
    def total_score(self) -> int:
        """Sum of the published scores."""
        return sum(proposal.score for proposal in self.proposals)

    @property
    def waiting_count(self) -> int:
        """How many people have nobody and got nobody."""
        return sum(left_out.standing is RoundStanding.WAITING for left_out in self.unmatched)

    @property
    def no_option_by_reason(self) -> dict[EligibilityCode | UnmatchedCode, int]:
        """Count those who wait without any option by what stands in the way."""
        waiting = [left_out for left_out in self.unmatched if left_out.standing is RoundStanding.WAITING]
        counted = Counter(left_out.code for left_out in waiting if not left_out.has_option)
        return {code: counted[code] for code in sorted(counted)}


def hold_round(
    members: Iterable[PoolMember],
    policy: Policy,
    *,
    round_ordinal: int,
    at: datetime,
    topic_catalogue: Mapping[str, str],
    locks: Iterable[tuple[PersonId, PersonId]] = (),
    chooser: Chooser | None = None,
    rules: tuple[Rule, ...] = HARD_RULES,
) -> RoundResult:
    """Propose pairs among the people with room.

    Args:
        members: all participants of the programme, each once, in any order; the pool is those with room and without a status.
        policy: the version in force.
        round_ordinal: number of the round in its programme; seeds the ties.
        at: the round's instant, UTC; its ISO week decides the shared hours.
        topic_catalogue: family by topic id.
        locks: pairs that a coordinator locked into this round, in any order.
        chooser: what computes the choice, if not what the process uses; any one gives the same result.
        rules: the hard rules.
    """
    assert at.tzinfo is not None, "instants are aware"
    everybody = tuple(sorted(members, key=lambda member: member.person_id))
    pool = pool_positions(everybody, rules)
    weights = topic_weights((everybody[position].wants for position in pool), topic_catalogue)
    context = RoundContext.of(policy, week_of=at.astimezone(UTC).date(), topic_weights=weights)
    book = RuleBook(everybody, context, round_ordinal, rules)
    room = [0] * len(everybody)
    for position in pool:
        room[position] = everybody[position].room
    locked, refused = _take_locks(book, locks, room)
    found = (chooser or in_use())(_task(book, pool, room, locked, policy))
    pairs = sorted({*locked, *found.pairs})
    proposed = {position for pair in pairs for position in pair}
    left_out = [position for position in range(len(everybody)) if position not in proposed]
    return RoundResult(
        proposals=tuple(_proposal(book, found, pair, is_locked=pair in locked) for pair in pairs),
        unmatched=unmatched_reasons(book, found, left_out, k_min=policy.k_min),
        refused_locks=refused,
        certificate=Certificate(total=found.total, bound=found.bound, blocking_pairs_count=found.blocking_pairs_count),
        topic_weights=weights,
    )


def _task(book: RuleBook, pool: Sequence[int], room: Sequence[int], locked: set[tuple[int, int]], policy: Policy) -> RoundTask:
    return RoundTask(
        book=book,
        seekers=Seekers(
            positions=pool,
            bonuses=[_bonus(member, policy) for member in book.members],
            reserves=[reserve_of(member, policy) for member in book.members],
        ),
        room=room,
        locked=frozenset(locked),
        served=frozenset({p for pair in locked for p in pair} | {p for p, member in enumerate(book.members) if member.live_count > 0}),
        first_pair_first=policy.first_pair_first,
        matcher=policy.matcher,
    )


def _bonus(member: PoolMember, policy: Policy) -> int:
    # Whoever lost a pair comes before the longest wait, not level with it.
    rounds_waited = ROUNDS_WAITED_MAX + 1 if member.is_first_in_queue else min(member.rounds_waited, ROUNDS_WAITED_MAX)
    return policy.wait_bonus * rounds_waited


def _take_locks(
    book: RuleBook, locks: Iterable[tuple[PersonId, PersonId]], room: list[int]
) -> tuple[set[tuple[int, int]], tuple[RefusedLock, ...]]:
    """Take the room of each lock that the hard rules allow, lower ids first; `room` is changed."""
    position_by_id = book.position_by_id
    locked: set[tuple[int, int]] = set()
    refused: list[RefusedLock] = []
    for lo_id, hi_id in sorted({(min(pair), max(pair)) for pair in locks}):
        code: EligibilityCode | None = EligibilityCode.NOT_ACTIVE
        if lo_id in position_by_id and hi_id in position_by_id:
            lo, hi = position_by_id[lo_id], position_by_id[hi_id]
            code = bar_between(book.members[lo], book.members[hi], book.context, waived=LOCK_WAIVES, rules=book.rules)
            if code is None and min(room[lo], room[hi]) < 1:
                code = EligibilityCode.CAPACITY
            if code is None:
                room[lo] -= 1
                room[hi] -= 1
                locked.add((lo, hi))
        if code is not None:
            # Whom somebody excludes is not there for this person, and nobody is told more than that.
            told = EligibilityCode.NOT_ACTIVE if code is EligibilityCode.EXCLUDED else code
            refused.append(RefusedLock(person_ids=(lo_id, hi_id), code=told))
    return locked, tuple(refused)


def _proposal(book: RuleBook, found: ChosenPairs, pair: tuple[int, int], *, is_locked: bool) -> ProposedPair:
    lo, hi = pair
    return proposal_between(
        book.context,
        (book.members[lo], book.members[hi]),
        (found.option_counts[lo], found.option_counts[hi]),
        shared_minutes=book.context.shared_minutes(book.masks[lo], book.masks[hi]),
        is_locked=is_locked,
    )


def proposal_between(
    context: RoundContext,
    pair: tuple[PoolMember, PoolMember],
    options_counts: tuple[int, int],
    *,
    shared_minutes: int | None = None,
    is_locked: bool,
) -> ProposedPair:
    """Write down what two members learn from each other, and the score, by the weights of a round.

    Args:
        context: of the round by which the two are judged.
        pair: in the order of their ids.
        options_counts: how many partners each had in that round, in the same order.
        shared_minutes: of their weeks, if they are counted already.
        is_locked: whether a coordinator asked for the pair.
    """
    (lo, hi), (lo_count, hi_count) = pair, options_counts
    sides = (_side(context.topic_weights, lo, hi, lo_count), _side(context.topic_weights, hi, lo, hi_count))
    meeting = context.pair_context(lo, hi, shared_minutes)
    score = context.score_of(pair, (sides[0].benefit, sides[1].benefit), meeting)
    return ProposedPair(sides=sides, score=score, context=meeting, is_locked=is_locked)


def _side(weights: Mapping[str, int], learner: PoolMember, teacher: PoolMember, options_count: int) -> Side:
    learned = lessons(learner.wants, teacher.offers, weights)
    return Side(
        person_id=learner.person_id,
        benefit=benefit_of(learned, need(learner.wants, weights)),
        lessons=learned,
        options_count=options_count,
    )
