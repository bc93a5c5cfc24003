"""The built-in questions: open debates about work, which no side of a pair knows the answer to.

Each has a few stances to choose from, worded so that nobody is wrong.
"""

from typing import Final

from schemas.terms.codes import TopicFamily

BUILT_IN_QUESTIONS: Final[tuple[tuple[str, TopicFamily, tuple[str, ...]], ...]] = (
    ("work-in-ten-years", TopicFamily.FUTURE_OF_WORK, ("much-as-today", "fewer-hours", "other-jobs", "mostly-with-machines")),
    ("office-or-anywhere", TopicFamily.FUTURE_OF_WORK, ("mostly-together", "half-and-half", "mostly-apart", "each-team-decides")),
    ("machines-that-write", TopicFamily.FUTURE_OF_WORK, ("use-them-freely", "use-and-say-so", "for-drafts-only", "rather-not")),
    ("reachable-after-hours", TopicFamily.WORK_LIFE_BALANCE, ("never", "in-emergencies", "as-agreed", "when-it-suits-me")),
    ("four-day-week", TopicFamily.WORK_LIFE_BALANCE, ("for-everybody", "for-who-wants-it", "not-for-us", "try-it-first")),
    ("who-decides", TopicFamily.LEADERSHIP, ("the-one-in-charge", "the-team", "who-knows-most", "who-is-affected")),
    ("what-makes-a-leader", TopicFamily.LEADERSHIP, ("clear-goals", "listening", "own-example", "courage")),
    ("how-often-feedback", TopicFamily.MANAGEMENT, ("at-once", "every-week", "at-set-times", "when-asked-for")),
    ("how-to-measure-work", TopicFamily.MANAGEMENT, ("results", "effort", "learning", "not-by-numbers")),
    ("rules-or-trust", TopicFamily.CULTURE, ("clear-rules", "few-rules", "trust-first")),
    ("mistakes-in-the-open", TopicFamily.CULTURE, ("share-widely", "share-in-the-team", "share-in-private", "it-depends")),
    ("what-inclusion-needs", TopicFamily.INCLUSION, ("fair-rules", "everyday-habits", "more-voices", "time-to-talk")),
)
"""Id, family, stances."""
