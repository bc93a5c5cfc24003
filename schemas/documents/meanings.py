"""What a field means and in which unit, for schemas and pages.

A field's own docstring goes first, in its model or one that it inherits from; then the glossary, for names that mean the same
everywhere.
"""

import ast
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache

from schemas.base import Part
from schemas.documents.glossary import MEANINGS, UNITS, UNITS_BY_ENDING


def meaning_of(model: type[Part], field: str) -> str | None:
    """Say what a field means."""
    own = next((docs[field] for docs in map(_docstrings, _parts_of(model)) if field in docs), None)
    return own or MEANINGS.get(field)


def unit_of(field: str) -> str | None:
    """Say in which unit a field is, where its name or type leaves it open."""
    return UNITS.get(field) or next((unit for ending, unit in UNITS_BY_ENDING.items() if field.endswith(ending)), None)


def _parts_of(model: type[Part]) -> Iterator[type[Part]]:
    """Yield a model and the models that it inherits from, the nearest first."""
    return (part for part in model.__mro__ if issubclass(part, Part))


@lru_cache(maxsize=512)
def _docstrings(model: type[Part]) -> Mapping[str, str]:
    """Read the docstrings under a model's fields. Python drops them, so they come from the source."""
    found: dict[str, str] = {}
    named: str | None = None
    for statement in _class(model).body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and named is not None:
            found[named] = inspect.cleandoc(str(statement.value.value))
        named = statement.target.id if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) else None
    return found


def _class(model: type[Part]) -> ast.ClassDef:
    tree = _tree(model.__module__)
    return next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == model.__name__)


@lru_cache(maxsize=64)
def _tree(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(sys.modules[module]))
