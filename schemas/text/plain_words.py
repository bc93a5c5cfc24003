"""Words that say something is lacking in people, or sort them by age, rank or generation: they reach nobody.

The product's own texts hold none of them. Names that people type (programmes and topics) hold none that says something is lacking, or that
names a generation; words that are also said of things and places (`legacy`, `young`) are theirs to choose.

Source: docs/rules.md, What the product is for.
"""

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator

from schemas.text.fields import ShortText

LACKING: Final[dict[str, tuple[str, ...]]] = {
    "people are not goods with a date on them": (
        "outdated",
        "obsolete",
        "out-of-date",
        "stale skills?",
        "expired skills?",
        "past it",
    ),
    "cross-skilling is no punishment, and nobody is enrolled for what is missing": (
        "deficient",
        "deficiency",
        "weakness(?:es)?",
        "weaker",
        "inadequate",
        "incompetent",
        "unskilled",
        "skills? gaps?",
        "remedial",
        "underperform(?:s|ing|ers?)?",
        "low performers?",
    ),
    "nobody runs a race": (
        "laggards?",
        "behind the times",
        "left behind",
        "catch up",
        "slow learners?",
    ),
    "a generation says nothing about a person": (
        "boomers?",
        "millennials?",
        "gen[ -]?[xyz]",
        "gen[ -]?alpha",
        "zoomers?",
        "snowflakes?",
        "silent generation",
        "digital (?:natives?|immigrants?)",
    ),
}
"""Why → words that are refused in names, too, as regular expressions for whole words."""
OTHER: Final[dict[str, tuple[str, ...]]] = {
    "no birth date is ever read, and nobody is sorted by age": (
        "old",
        "older",
        "oldest",
        "oldies",
        "young",
        "younger",
        "youngest",
        "youngsters?",
        "aged",
        "ageing",
        "aging",
        "elderly",
        "kids?",
        "dinosaurs?",
        "veterans?",
        "grey-haired",
    ),
    "two people meet as equals; experience is a band, not a rank": (
        "juniors?",
        "seniors?",
        "subordinates?",
        "protégée?s?",
        "apprentices?",
    ),
    "said of things and places, too": (
        "legacy",
        "deficits?",
        "weak",
        "poor",
        "poorly",
        "lag",
        "lags",
        "lagging",
        "backward",
    ),
}
"""Why → words that the product's own texts do without besides."""


def _whole_words(*groups: dict[str, tuple[str, ...]]) -> re.Pattern[str]:
    words = "|".join(word for group in groups for words in group.values() for word in words)
    return re.compile(rf"(?<![a-z])(?:{words})(?![a-z])", re.IGNORECASE)


_IN_NAMES: Final = _whole_words(LACKING)
_ANYWHERE: Final = _whole_words(LACKING, OTHER)
_PARTING: Final = re.compile(r"[-_\s\u2010-\u2015]+")


def refused_in(text: str) -> list[str]:
    """Return the refused words of one of the product's own texts; underscores part words like spaces do."""
    return [found.group() for found in _ANYWHERE.finditer(text.replace("_", " "))]


def plain_name(name: str) -> str:
    """Return a name that somebody typed, if deficit words have no place in it.

    Raises:
        ValueError: they have; the message doesn't repeat them.
    """
    spaced = _PARTING.sub(" ", unicodedata.normalize("NFKC", name))
    if _IN_NAMES.search(spaced) is not None or _IN_NAMES.search(_PARTING.sub("-", spaced)) is not None:
        raise ValueError("holds a word that says something is lacking in people, or names a generation; say what they teach and learn")
    return name


NameForPeople = Annotated[ShortText, AfterValidator(plain_name)]
"""What people read a programme or a topic by."""
