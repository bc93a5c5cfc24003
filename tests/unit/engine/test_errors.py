"""Rules of the error tree (engine/errors.py)."""

from pathlib import Path

import pytest

from engine import errors
from engine.errors import BrokerUnavailable, EngineError, FatalError, IdentityConflict, StoreInUse, TransientError

LEAVES = sorted(
    (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EngineError) and kind.template),
    key=lambda kind: kind.__name__,
)


def test_message_is_built_from_the_facts() -> None:
    """An operator reads where it happened and what to do; a program reads the facts."""
    error = StoreInUse(path=Path("data"))

    assert Path("data") == error.path
    assert "The data directory data is in use by another process. Stop that one, or name another with --data." == str(error)


def test_message_is_one_line_whatever_the_facts_hold() -> None:
    """A reason from the operating system can't break a log line in two."""
    error = BrokerUnavailable(broker="data", reason="no\nroute\r\nat all")

    assert "(no route at all)" in str(error)


@pytest.mark.parametrize("abstract", [EngineError, TransientError, FatalError])
def test_branches_of_the_tree_can_not_be_raised(abstract: type[EngineError]) -> None:
    """Only a leaf says what happened."""
    with pytest.raises(AssertionError, match="abstract"):
        abstract()


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
def test_every_leaf_tells_the_runtime_whether_to_wait_or_to_stop(leaf: type[EngineError]) -> None:
    """A runtime has two answers, so a leaf stands on exactly one branch and says in its docstring what happens next."""
    assert issubclass(leaf, TransientError) != issubclass(leaf, FatalError)
    assert leaf.__doc__ is not None
    assert any(word in leaf.__doc__ for word in ("stops", "backs off"))


def test_errors_are_compared_by_identity() -> None:
    """Two failures are two events even where their facts agree."""
    assert IdentityConflict(topic="t", output_id="x") != IdentityConflict(topic="t", output_id="x")
