"""The shape of the code, held by reading it: layers, purity, who may touch what, sizes.

Every module under engine/, schemas/ and ops/ is found by walking the files and read as a syntax tree; nothing is imported. A module
that belongs to no layer fails, so a new one has to be placed on purpose.
"""

import ast
import sys
from collections import Counter
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
    "identity": ("engine.core.identity", "engine.core.stamp", "engine.core.marks"),
    "matching": ("engine.matching",),
    "compiled": ("engine.matching.compiled",),
    "sources": ("engine.sources",),
    "programme": ("engine.programme",),
    "effects": ("engine.core.effects", "engine.core.table", "engine.core.stage", "engine.core.dead_letters", "engine.core.intake"),
    "topology": ("engine.topology",),
    "execution": ("engine.core", "engine.testing"),
    "rows": ("engine.core.row_codec",),
    "settings": ("engine.settings",),
    "telemetry": ("engine.telemetry", "engine.observation", "engine.figures"),
    "embedded": ("engine.runtimes.embedded",),
    "kafka": ("engine.runtimes.kafka",),
    "report": ("engine.report",),
    "web": ("engine.web",),
    "simulation": ("engine.simulation",),
    "commands": ("engine.commands",),
    "cli": ("engine.cli", "engine.__main__"),
    "ops": ("ops",),
}
"""Layer → its modules: a package with everything below it, or one module alone (marked with `=`). The longest match counts."""

STEP: Final = frozenset({"schemas", "errors", "identity", "matching", "programme", "effects", "topology", "execution"})
RUNTIME: Final = STEP | {"compiled", "rows", "sources", "settings", "telemetry"}
MAY_IMPORT: Final[dict[str, frozenset[str]]] = {
    "package": frozenset(),
    "schemas": frozenset(),
    "errors": frozenset(),
    "identity": frozenset({"schemas"}),
    "matching": frozenset({"schemas"}),
    "compiled": frozenset({"schemas", "matching", "errors"}),
    "sources": frozenset({"schemas", "identity"}),
    "programme": frozenset({"schemas", "identity", "effects", "matching"}),
    "effects": frozenset({"schemas", "identity", "programme"}),
    "topology": frozenset({"schemas", "errors", "identity", "effects", "programme"}),
    "execution": STEP,
    "rows": STEP,
    "settings": frozenset({"errors"}),
    "telemetry": STEP,
    "embedded": RUNTIME,
    "kafka": RUNTIME,
    "report": RUNTIME | {"embedded"},
    "commands": RUNTIME | {"embedded"},
    "web": RUNTIME | {"embedded", "kafka", "report", "commands"},
    "simulation": RUNTIME,
    "cli": RUNTIME | {"embedded", "kafka", "report", "commands", "web", "simulation"},
    "ops": RUNTIME | {"embedded", "kafka", "report", "commands", "web", "simulation", "cli"},
}
"""Layer → the layers that it may import besides itself. The two runtimes never meet."""

PURE: Final = frozenset({"identity", "matching", "programme", "effects", "topology", "execution", "sources"})
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
    "faust": ("engine.runtimes.kafka", "ops", "engine.cli.running.kafka"),
    "aiokafka": ("engine.runtimes.kafka", "ops", "engine.cli.running.kafka"),
    "kafka": ("engine.runtimes.kafka", "ops", "engine.cli.running.kafka"),
    "prometheus_client": ("engine.telemetry",),
    "numba": ("engine.matching.compiled", "ops"),
    "numpy": ("engine.matching.compiled", "ops"),
    "ortools": ("engine.matching.compiled", "ops"),
    "rustworkx": ("engine.matching.compiled", "ops"),
    "structlog": ("engine.telemetry", "engine.runtimes", "engine.web", "ops"),
}
"""Library → the modules that may import it."""

LOOP_BOUNDARIES: Final[dict[str, int]] = {
    "engine.core.execution": 2,
    "engine.runtimes.kafka.broker.doubt": 1,
}
"""Module → how many broad `except` it may have: the places where one record's failure must not stop the others."""

FUNCTION_LINES_MAX: Final = 50
FILE_LINES_MAX: Final = 400
FOLDER_FILES_MAX: Final = 12


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


def declared_in(room: str, title: str) -> frozenset[str]:
    """Return the modules that the docstring of a room names after a title, in full."""
    text = (ROOT / "engine" / "programme" / room / "__init__.py").read_text("utf-8")
    line = next((line for line in text.splitlines() if line.startswith(f"{title}:")), "")
    return frozenset(f"engine.programme.{room}.{name.strip()}" for name in line.removeprefix(f"{title}:").split(",") if name.strip())


ROOMS: Final = tuple(sorted(path.parent.name for path in (ROOT / "engine" / "programme").glob("*/__init__.py")))
RULE_MODULES: Final = frozenset().union(*(declared_in(room, "Rules") for room in ROOMS))
PROCESSOR_MODULES: Final = frozenset().union(*(declared_in(room, "Applied by") for room in ROOMS))


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
    """Find an effect that knows a rule: of the programme, effects see the messages alone."""
    if layer_of(module.name) == "effects":
        for imported, line in module.imports():
            if is_below(imported, "engine.programme") and not is_below(imported, "engine.programme.messages"):
                yield f"{module.name}:{line} imports {imported}"


def rules_that_know_effects(module: Module) -> Iterator[str]:
    """Find a rule of a room that knows rows or effects: what it says is then no function of values any more."""
    if module.name in RULE_MODULES:
        for imported, line in module.imports():
            if is_below(imported, "engine.core.effects") or any(is_below(imported, processor) for processor in PROCESSOR_MODULES):
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
    rules_that_know_effects,
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


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_names_its_rules_and_its_processors(room: str) -> None:
    """The docstring of a room is its map: each module stands there once, as a rule or as what applies rules."""
    folder = ROOT / "engine" / "programme" / room
    there = {f"engine.programme.{room}.{path.stem}" for path in folder.glob("*.py")} - {f"engine.programme.{room}.__init__"}
    rules, processors = declared_in(room, "Rules"), declared_in(room, "Applied by")

    assert there == rules | processors
    assert not rules & processors


def test_folders_are_small() -> None:
    """A folder holds what one can read at a glance."""
    counts = Counter(module.name.rpartition(".")[0] for module in MODULES if not module.is_package)

    assert [] == [(name, count) for name, count in counts.items() if count > FOLDER_FILES_MAX]


def test_all_packages_are_walked() -> None:
    """A walk that finds nothing proves nothing."""
    assert {"engine", "ops", "schemas"} == {module.name.partition(".")[0] for module in MODULES}


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (unplaced, "engine.newcomer", ""),
        (upward_imports, "engine.matching.line", "from engine.runtimes.embedded import store"),
        (upward_imports, "engine.runtimes.kafka.worker", "import engine.runtimes.embedded.store"),
        (upward_imports, "engine.programme.people.roster", "def late() -> None:\n    from engine.core.execution import step"),
        (upward_imports, "schemas.codec", "from engine import errors"),
        (upward_imports, "engine.matching.line", "from ..core.effects import Put"),
        (rules_below_the_vocabulary, "engine.core.effects", "from engine.programme.people import roster"),
        (rules_that_know_effects, "engine.programme.people.apart", "from engine.core.effects import Put"),
        (rules_that_know_effects, "engine.programme.people.apart", "from engine.programme.people.roster import changed"),
        (impurities, "engine.matching.line", "import time"),
        (impurities, "engine.matching.line", "from os import path"),
        (impurities, "engine.matching.line", "import msgspec"),
        (impurities, "engine.matching.line", "from datetime import datetime as d\nat = d.now()"),
        (impurities, "engine.matching.line", "import datetime\non = datetime.date.today()"),
        (impurities, "engine.programme.people.roster", "import uuid\nid_ = uuid.uuid4()"),
        (impurities, "engine.programme.people.roster", "from uuid import uuid4"),
        (impurities, "engine.topology", "text = open('x')"),
        (impurities, "engine.core.execution", "print('here')"),
        (impurities, "engine.core.effects", "order = hash('a')"),
        (borrowed_libraries, "engine.runtimes.kafka.worker", "import sqlite3"),
        (borrowed_libraries, "engine.cli", "from faust import App"),
        (broad_excepts, "engine.runtimes.embedded.store", "try:\n    x\nexcept (OSError, Exception):\n    pass"),
        (broad_excepts, "engine.matching.line", "try:\n    x\nexcept:\n    pass"),
        (broad_excepts, "engine.runtimes.embedded.store", "try:\n    x\nexcept BaseException as e:\n    raise OSError from e"),
        (oversized, "engine.matching.line", "def long():\n" + "    x\n" * FUNCTION_LINES_MAX),
        (oversized, "engine.matching.line", "x\n" * (FILE_LINES_MAX + 1)),
    ],
)
def test_a_planted_breach_is_found(rule: Callable[[Module], Iterator[str]], name: str, text: str) -> None:
    """Each rule sees the breach that it exists for; a check that can't fail protects nothing."""
    findings = list(rule(planted(name, text)))

    assert 1 == len(findings), findings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("engine.core.marks", "from datetime import datetime, time\nat = datetime.combine(day, time.min)"),
        ("engine.programme.people.roster", "from engine.matching.line import line_under\nfrom engine.core.effects import Put"),
        ("engine.runtimes.embedded.store", "import sqlite3\nfrom engine.core.execution import step"),
        ("engine.runtimes.embedded.store", "try:\n    x\nexcept BaseException:\n    close()\n    raise"),
        ("engine.cli", "import os\nfrom engine.runtimes.embedded.store import Store\nprint(os.environ)"),
    ],
)
def test_allowed_code_is_left_alone(name: str, text: str) -> None:
    """The rules bind where they are meant to, and nowhere else."""
    assert [] == [finding for rule in RULES for finding in rule(planted(name, text))]
