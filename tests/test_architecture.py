"""The shape of the code, held by reading it: layers, purity, who may touch what, sizes.

Every module under engine/, schemas/ and ops/ is found by walking the files and read as a syntax tree; nothing is imported. A module
that belongs to no layer fails, so a new one has to be placed on purpose.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("engine", "schemas", "ops")

LAYERS: Final[dict[str, tuple[str, ...]]] = {
    "package": ("engine =", "engine.runtimes =", "engine.sources ="),
    "schemas": ("schemas",),
    "errors": ("engine.errors",),
    "identity": ("engine.identity",),
    "domain": ("engine.domain",),
    "sources": ("engine.sources",),
    "fast": ("engine.fast",),
    "effects": ("engine.effects", "engine.dead_letters"),
    "processors": ("engine.processors",),
    "topology": ("engine.topology",),
    "execution": ("engine.execution", "engine.cascade", "engine.timers", "engine.testing"),
    "rows": ("engine.row_codec",),
    "settings": ("engine.settings",),
    "telemetry": ("engine.telemetry", "engine.observation", "engine.figures"),
    "embedded": ("engine.runtimes.embedded",),
    "kafka": ("engine.runtimes.kafka",),
    "report": ("engine.report",),
    "web": ("engine.web",),
    "commands": ("engine.cli", "engine.cli_kafka", "engine.__main__"),
    "ops": ("ops",),
}
"""Layer → its modules: a package with everything below it, or one module alone (marked with `=`). The longest match counts."""

CORE: Final = frozenset({"schemas", "identity", "domain", "effects"})
STEP: Final = CORE | {"errors", "processors", "topology", "execution"}
RUNTIME: Final = STEP | {"fast", "rows", "sources", "settings", "telemetry"}
MAY_IMPORT: Final[dict[str, frozenset[str]]] = {
    "package": frozenset(),
    "schemas": frozenset(),
    "errors": frozenset(),
    "identity": frozenset(),
    "domain": frozenset({"schemas", "identity"}),
    "sources": frozenset({"schemas", "identity"}),
    "fast": frozenset({"schemas", "domain", "errors"}),
    "effects": CORE,
    "processors": CORE,
    "topology": CORE | {"errors", "processors"},
    "execution": STEP,
    "rows": STEP,
    "settings": frozenset({"errors"}),
    "telemetry": STEP,
    "embedded": RUNTIME,
    "kafka": RUNTIME,
    "report": RUNTIME | {"embedded"},
    "web": RUNTIME | {"embedded", "kafka", "report"},
    "commands": RUNTIME | {"embedded", "kafka", "report", "web", "ops"},
    "ops": RUNTIME | {"embedded", "kafka", "report", "web", "commands"},
}
"""Layer → the layers that it may import besides itself. The two runtimes never meet."""

PURE: Final = frozenset({"identity", "domain", "effects", "processors", "topology", "execution", "sources"})
"""Layers that are functions of their arguments."""
BANNED_MODULES: Final = frozenset(
    "time random secrets os io shutil tempfile pathlib glob logging warnings threading asyncio multiprocessing concurrent queue "
    "sqlite3 dbm shelve pickle socket select ssl http urllib subprocess signal platform locale getpass "
    "structlog prometheus_client rich cyclopts".split()
)
BANNED_NAMES: Final = frozenset(
    "now utcnow today fromtimestamp localtime uuid1 uuid4 getnode urandom environ getenv "
    "read_text read_bytes write_text write_bytes".split()
)
"""Attributes that read a clock, randomness, the environment or a file, whatever they are called on."""
BANNED_CALLS: Final = frozenset("open print input eval exec compile hash id globals __import__ breakpoint".split())
"""Built-ins that touch the world, or give another answer in another process."""

OWNERS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite3": ("engine.runtimes.embedded", "ops.notifier"),
    "faust": ("engine.runtimes.kafka", "ops", "engine.cli_kafka", "engine.cli.kafka"),
    "aiokafka": ("engine.runtimes.kafka", "ops", "engine.cli_kafka", "engine.cli.kafka"),
    "kafka": ("engine.runtimes.kafka", "ops", "engine.cli_kafka", "engine.cli.kafka"),
    "prometheus_client": ("engine.telemetry",),
    "numba": ("engine.fast", "ops"),
    "numpy": ("engine.fast", "ops"),
    "ortools": ("engine.fast", "ops"),
    "structlog": ("engine.telemetry", "engine.runtimes", "engine.web", "ops"),
}
"""Library → the modules that may import it."""

LOOP_BOUNDARIES: Final[dict[str, int]] = {
    "engine.execution": 2,
    "engine.runtimes.kafka.doubt": 1,
}
"""Module → how many broad `except` it may have: the places where one record's failure must not stop the others."""

FUNCTION_LINES_MAX: Final = 70
FILE_LINES_MAX: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One source file, read but not run."""

    name: str
    text: str
    tree: ast.Module
    is_package: bool = False

    def imports(self) -> Iterator[tuple[str, int]]:
        """Yield every imported module or name in full, with its line, wherever in the file the import stands."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                package = self.name.split(".")[: len(self.name.split(".")) - node.level + self.is_package] if node.level else []
                base = ".".join([*package, *([node.module] if node.module else [])])
                yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def at(self, node: ast.AST, what: str) -> str:
        """Say where something was found."""
        return f"{self.name}:{getattr(node, 'lineno', 0)} {what}"


def module_of(path: Path) -> Module:
    """Read one file."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    is_package = parts[-1] == "__init__"
    text = path.read_text("utf-8")
    return Module(name=".".join(parts[:-1] if is_package else parts), text=text, tree=ast.parse(text), is_package=is_package)


def planted(name: str, text: str) -> Module:
    """Pretend that a file with this text stands at this place."""
    return Module(name=name, text=text, tree=ast.parse(text))


def is_below(name: str, prefix: str) -> bool:
    """Say whether a dotted name is the prefix or stands below it."""
    return name == prefix or name.startswith(f"{prefix}.")


def layer_of(name: str) -> str | None:
    """Return the layer with the longest matching prefix."""
    matches = []
    for layer, places in LAYERS.items():
        for place in places:
            prefix = place.removesuffix(" =")
            if name == prefix or (not place.endswith(" =") and is_below(name, prefix)):
                matches.append((len(prefix), layer))
    return max(matches)[1] if matches else None


def known_layer_of(imported: str) -> str | None:
    """Return the layer of an imported name, which may be a module or something in it."""
    return layer_of(imported) or layer_of(imported.rpartition(".")[0])


def unplaced(module: Module) -> Iterator[str]:
    """Find a module without a layer."""
    if layer_of(module.name) is None:
        yield f"{module.name} belongs to no layer"


def upward_imports(module: Module) -> Iterator[str]:
    """Find imports against the direction of the layers."""
    layer = layer_of(module.name)
    for imported, line in module.imports():
        if layer is None or not imported.startswith(tuple(f"{package}." for package in PACKAGES)):
            continue
        target = known_layer_of(imported)
        if target != layer and target not in MAY_IMPORT[layer]:
            yield f"{module.name}:{line} ({layer}) imports {imported} ({target})"


def rules_below_the_vocabulary(module: Module) -> Iterator[str]:
    """Find an effect that knows a rule: of the domain, effects see the messages alone."""
    if layer_of(module.name) == "effects":
        for imported, line in module.imports():
            if is_below(imported, "engine.domain") and not is_below(imported, "engine.domain.messages"):
                yield f"{module.name}:{line} imports {imported}"


def impurities(module: Module) -> Iterator[str]:
    """Find clocks, randomness, the environment, I/O and other people's libraries in what must be pure."""
    if layer_of(module.name) not in PURE:
        return
    for imported, line in module.imports():
        root = imported.partition(".")[0]
        is_foreign = root not in sys.stdlib_module_names and root not in PACKAGES
        if root in BANNED_MODULES or is_foreign or imported.rpartition(".")[2] in BANNED_NAMES:
            yield f"{module.name}:{line} imports {imported}"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr in BANNED_NAMES:
            yield module.at(node, f"reads .{node.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
            yield module.at(node, f"calls {node.func.id}()")


def borrowed_libraries(module: Module) -> Iterator[str]:
    """Find a library outside the modules that own it."""
    for imported, line in module.imports():
        owners = OWNERS.get(imported.partition(".")[0])
        if owners is not None and not any(is_below(module.name, owner) for owner in owners):
            yield f"{module.name}:{line} imports {imported}"


def broad_excepts(module: Module) -> Iterator[str]:
    """Find `except Exception`, `except BaseException` and bare `except` that swallow, outside the loop boundaries."""
    handlers = (node for node in ast.walk(module.tree) if isinstance(node, ast.ExceptHandler) and is_broad(node.type))
    found = [node for node in handlers if not (isinstance(last := node.body[-1], ast.Raise) and last.exc is None)]
    for node in found[LOOP_BOUNDARIES.get(module.name, 0) :]:
        yield module.at(node, "catches everything")


def is_broad(caught: ast.expr | None) -> bool:
    """Say whether an `except` clause catches everything."""
    if isinstance(caught, ast.Tuple):
        return any(is_broad(each) for each in caught.elts)
    return caught is None or (isinstance(caught, ast.Name) and caught.id in {"Exception", "BaseException"})


def oversized(module: Module) -> Iterator[str]:
    """Find files and functions that no longer fit into a head."""
    if (count := len(module.text.splitlines())) > FILE_LINES_MAX:
        yield f"{module.name} has {count} lines"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            span = (node.end_lineno or node.lineno) - node.lineno + 1
            if span > FUNCTION_LINES_MAX:
                yield module.at(node, f"{node.name} spans {span} lines")


RULES: Final[tuple[Callable[[Module], Iterator[str]], ...]] = (
    unplaced,
    upward_imports,
    rules_below_the_vocabulary,
    impurities,
    borrowed_libraries,
    broad_excepts,
    oversized,
)
MODULES: Final = tuple(module_of(path) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_module_keeps_the_rule(rule: Callable[[Module], Iterator[str]]) -> None:
    """No module of the project breaks a rule of its architecture."""
    broken = [finding for module in MODULES for finding in rule(module)]

    assert [] == broken


def test_all_packages_are_walked() -> None:
    """A walk that finds nothing proves nothing."""
    assert {"engine", "ops", "schemas"} == {module.name.partition(".")[0] for module in MODULES}


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (unplaced, "engine.newcomer", ""),
        (upward_imports, "engine.domain.line", "from engine.runtimes.embedded import store"),
        (upward_imports, "engine.runtimes.kafka.worker", "import engine.runtimes.embedded.store"),
        (upward_imports, "engine.processors.people", "def late() -> None:\n    from engine.execution import step"),
        (upward_imports, "schemas.codec", "from engine import errors"),
        (upward_imports, "engine.domain.line", "from ..effects import Put"),
        (rules_below_the_vocabulary, "engine.effects", "from engine.domain.matching import pairs"),
        (impurities, "engine.domain.line", "import time"),
        (impurities, "engine.domain.line", "from os import path"),
        (impurities, "engine.domain.line", "import msgspec"),
        (impurities, "engine.domain.line", "from datetime import datetime as d\nat = d.now()"),
        (impurities, "engine.domain.line", "import datetime\non = datetime.date.today()"),
        (impurities, "engine.processors.people", "import uuid\nid_ = uuid.uuid4()"),
        (impurities, "engine.processors.people", "from uuid import uuid4"),
        (impurities, "engine.topology", "text = open('x')"),
        (impurities, "engine.execution", "print('here')"),
        (impurities, "engine.effects", "order = hash('a')"),
        (borrowed_libraries, "engine.runtimes.kafka.worker", "import sqlite3"),
        (borrowed_libraries, "engine.cli", "from faust import App"),
        (broad_excepts, "engine.runtimes.embedded.store", "try:\n    x\nexcept (OSError, Exception):\n    pass"),
        (broad_excepts, "engine.domain.line", "try:\n    x\nexcept:\n    pass"),
        (broad_excepts, "engine.runtimes.embedded.store", "try:\n    x\nexcept BaseException as e:\n    raise OSError from e"),
        (oversized, "engine.domain.line", "def long():\n" + "    x\n" * FUNCTION_LINES_MAX),
        (oversized, "engine.domain.line", "x\n" * (FILE_LINES_MAX + 1)),
    ],
)
def test_a_planted_breach_is_found(rule: Callable[[Module], Iterator[str]], name: str, text: str) -> None:
    """Each rule sees the breach that it exists for; a check that can't fail protects nothing."""
    findings = list(rule(planted(name, text)))

    assert 1 == len(findings), findings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("engine.domain.marks", "from datetime import datetime, time\nat = datetime.combine(day, time.min)"),
        ("engine.processors.people", "from engine.domain.line import line_under\nfrom engine.effects import Put"),
        ("engine.runtimes.embedded.store", "import sqlite3\nfrom engine.execution import step"),
        ("engine.runtimes.embedded.store", "try:\n    x\nexcept BaseException:\n    close()\n    raise"),
        ("engine.cli", "import os\nfrom engine.runtimes.embedded.store import Store\nprint(os.environ)"),
    ],
)
def test_allowed_code_is_left_alone(name: str, text: str) -> None:
    """The rules bind where they are meant to, and nowhere else."""
    assert [] == [finding for rule in RULES for finding in rule(planted(name, text))]
