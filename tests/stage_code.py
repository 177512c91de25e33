"""What the code of each costly stage is, so that a test can tell when it changed.

A stage's code is its function and every definition of the library that it reaches by name, and
nothing else of their modules. Left out is what cannot change a result: comments, docstrings,
descriptions, messages, logging, and the version itself.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
RECORD = Path(__file__).with_name("stage_versions.json")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# Modules that tell what goes on and what was done, and compute nothing.
TELLING = {
    "artefacts.manifest",
    "artefacts.progress",
    "config.errors",
    "local.training.reporting",
    "transmission.model_card",
}
# What is called with prose: text that has a space in it is left out of such calls.
PROSE = {"Field", "Measure", "TableSchema", "final", "with_interval", "ConfigError", "ValueError"}
# Keywords that describe.
DESCRIBING = {"description", "json_schema_extra"}
LOGGING = {"debug", "info", "warning", "error"}

Symbol = tuple[str, str]
"""A module, dotted below `subliminal`, and a name in it."""


@dataclass
class Module:
    """What a file defines and imports, by name; a module that is imported has an empty symbol."""

    definitions: dict[str, ast.AST] = field(default_factory=dict)
    imports: dict[str, Symbol] = field(default_factory=dict)
    # What has been found out of each definition.
    uses: dict[str, set[Symbol]] = field(default_factory=dict)
    plain: dict[str, str] = field(default_factory=dict)


def _imports(nodes: Iterator[ast.AST], library: Path) -> dict[str, Symbol]:
    found: dict[str, Symbol] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("subliminal"):
            module = (node.module or "").removeprefix("subliminal").strip(".")
            for alias in node.names:
                inner = f"{module}.{alias.name}".strip(".")
                is_module = library.joinpath(*inner.split(".")).with_suffix(".py").is_file()
                found[alias.asname or alias.name] = (
                    (inner, "") if is_module else (module, alias.name)
                )
    return found


def _assigned(node: ast.AST) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    names = [n for t in targets if t for n in ast.walk(t) if isinstance(n, ast.Name)]
    return [name.id for name in names]


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements of a module, those of both branches of a condition included.

    What is imported for the type checker alone is no code.
    """
    for node in body:
        if isinstance(node, ast.If):
            if ast.unparse(node.test) != "TYPE_CHECKING":
                yield from _statements(node.body)
            yield from _statements(node.orelse)
        else:
            yield node


@cache
def _module(text: str, library: Path) -> Module:
    statements = list(_statements(ast.parse(text).body))
    module = Module(imports=_imports(iter(statements), library))
    for node in statements:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            module.definitions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for assigned in _assigned(node):
                module.definitions[assigned] = node
    return module


@lru_cache
def read_library(root: Path) -> dict[str, Module]:
    """Every module of the library, as it is when first asked."""
    library = root / "scripts" / "subliminal"
    # A copy has the same modules: what has been found out of one holds for all.
    known = REPOSITORY / "scripts" / "subliminal"
    return {
        ".".join(path.relative_to(library).with_suffix("").parts): _module(path.read_text(), known)
        for path in library.rglob("*.py")
    }


def _used(node: ast.AST, module: str, library: dict[str, Module], root: Path) -> set[Symbol]:
    """What a definition names."""
    folder = root / "scripts" / "subliminal"
    known = library[module].imports | _imports(ast.walk(node), folder)
    found = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name):
            origin = known.get(inner.value.id)
            if origin is not None and not origin[1]:
                found.add((origin[0], inner.attr))
        elif isinstance(inner, ast.Name):
            origin = known.get(inner.id)
            if origin is not None and origin[1] != "in_paper":
                found.add(origin)
            elif inner.id in library[module].definitions and inner.id != "in_paper":
                found.add((module, inner.id))
    return found


def reached(root: Path, start: Symbol) -> dict[Symbol, ast.AST]:
    """Every definition that a definition reaches, itself included."""
    library = read_library(root)
    todo, found = [start], {}
    while todo:
        module, name = symbol = todo.pop()
        node = library[module].definitions.get(name) if module in library else None
        if node is None and module in library and name in library[module].imports:
            todo.append(library[module].imports[name])  # a name that is handed on
        if node is None or symbol in found or module in TELLING:
            continue
        found[symbol] = node
        uses = library[module].uses
        if name not in uses:
            uses[name] = _used(node, module, library, root)
        todo.extend(uses[name])
    return found


class _Plain(ast.NodeTransformer):
    """Takes out what cannot change a result."""

    def __init__(self, module: str) -> None:
        self.in_schemas = module.endswith("schemas")
        self.in_prose = False

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
        return super().generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        called = ast.unparse(node.func).rpartition(".")[2]
        node.keywords = [word for word in node.keywords if word.arg not in DESCRIBING]
        outer, self.in_prose = self.in_prose, self.in_prose or called in PROSE
        self.generic_visit(node)
        self.in_prose = outer
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        call = node.value
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr in LOGGING
            and ast.unparse(call.func.value).split(".")[-1] == "log"
        ):
            return ast.Pass()
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if ast.unparse(node.target) == "stage_version":
            return None
        self.generic_visit(node)
        if node.value is not None and ast.unparse(node.value) == "Field()":
            node.value = None  # a field that was only described
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.Constant("") if self.in_prose else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        prose = isinstance(node.value, str) and " " in node.value
        return ast.Constant("") if prose and (self.in_prose or self.in_schemas) else node


def _shape(node: Any) -> Any:
    """A syntax tree as nested lists, alike in all Python versions; comments are not in it."""
    if isinstance(node, list):
        return [_shape(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
    return [type(node).__name__, *([name, _shape(value)] for name, value in fields)]


def plain_code(node: ast.AST, module: str = "") -> str:
    """What a definition does."""
    return json.dumps(_shape(_Plain(module).visit(deepcopy(node))))


def stage_digest(root: Path, stage: str, module: str) -> str:
    """SHA-256 over the definitions behind a stage.

    Args:
        module: where the stage's function is.
    """
    library, plain = read_library(root), {}
    for (origin, name), node in reached(root, (module, stage)).items():
        known = library[origin].plain
        if name not in known:
            known[name] = plain_code(node, origin)
        plain[f"{origin}:{name}"] = known[name]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _version(root: Path, stage: str, module: str) -> int | None:
    """The version in the stage's spec; None if the stage is cheap and has none."""
    library = read_library(root)
    function = library[module].definitions[stage]
    assert isinstance(function, ast.FunctionDef)
    origin, name = library[module].imports[ast.unparse(function.args.args[0].annotation)]
    for node in ast.walk(library[origin].definitions[name]):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "stage_version":
            return int(ast.literal_eval(node.value))
    return None


def stages(root: Path) -> dict[str, dict[str, Any]]:
    """Each costly stage's version and the digest of its code, as they are now."""
    library = root / "scripts" / "subliminal"
    found = {}
    for path in sorted(library.glob("*/stages/*.py")):
        module = ".".join(path.relative_to(library).with_suffix("").parts)
        version = _version(root, path.stem, module) if path.stem != "__init__" else None
        if version is not None:
            digest = stage_digest(root, path.stem, module)
            found[path.stem] = {"version": version, "sha256": digest}
    return found
