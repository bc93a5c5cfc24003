"""Rules of HTTP on paper (ops/http_docs.py, engine/web/openapi.py)."""

from pathlib import Path

from engine.web.guarding.problems import MEANINGS
from engine.web.openapi import document
from engine.web.routes import ENDPOINTS
from ops.http_docs import OPENAPI
from schemas.terms.http import ProblemCode, RoutePath


def test_the_document_is_what_the_table_says() -> None:
    """Drift fails here; `python -m ops.http_docs write` mends it."""
    assert [] == OPENAPI.stale()


def test_a_stale_document_is_named(tmp_path: Path) -> None:
    """`check` says which one to look at."""
    assert ["openapi.json"] == OPENAPI.stale(tmp_path)


def test_every_address_and_every_problem_is_described() -> None:
    """An address is in the table, a problem has a status and a sentence."""
    assert set(RoutePath) == {one.path for one in ENDPOINTS} == document()["paths"].keys()
    assert set(ProblemCode) == MEANINGS.keys()


def test_every_reference_in_the_document_leads_somewhere() -> None:
    """A generator of clients follows each of them."""
    told = document()
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            found.extend(each for name, each in value.items() if name == "$ref")
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(told)

    assert found
    assert {each.rpartition("/")[2] for each in found} <= told["components"]["schemas"].keys()
