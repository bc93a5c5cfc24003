"""Rules of where compiled code is kept (engine/matching/compiled/compiling.py)."""

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from engine.matching import compiled

pytestmark = pytest.mark.skipif(not compiled.has_numba(), reason="needs the extra `fast` (numba)")

HERE = Path(compiled.__file__).parent


def test_code_is_compiled_anew_when_anything_changes_that_it_takes_constants_from() -> None:
    """A constant of the domain is compiled in, so its file is part of the name under which the code is kept."""
    from engine.matching.compiled.compiling import CONSTANT_SOURCES

    imported = {
        node.module
        for path in HERE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module is not None
        and node.module.startswith("engine.matching.")
        and "compiled" not in node.module
    }

    assert {f"engine.{source.replace('/', '.')}" for source in CONSTANT_SOURCES} >= imported


def test_compiled_functions_are_kept_under_the_name_of_their_sources() -> None:
    """Nobody takes numba's own `njit`, whose cache knows one file only."""
    taken = {
        path.name
        for path in HERE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "numba"
    }

    assert {"compiling.py"} == taken


def test_forms_that_are_kept_at_once_stay_apart(tmp_path: Path) -> None:
    """Two writers never give one file to two forms of a function: each finds its own again."""
    from engine.matching.compiled.compiling import caching

    writers, forms = 4, 8
    begun = Barrier(writers)

    def kept(writer: int) -> None:
        begun.wait()
        for form in range(forms):
            caching.IndexDataCacheFile(str(tmp_path), "lowest", "as it is").save((writer, form), f"code {writer}.{form}")

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(kept, range(writers)))

    files = caching.IndexDataCacheFile(str(tmp_path), "lowest", "as it is")
    keys = [(writer, form) for writer in range(writers) for form in range(forms)]
    assert [f"code {writer}.{form}" for writer, form in keys] == [files.load(key) for key in keys]
