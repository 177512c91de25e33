"""What the code of each costly stage is, so that a test can tell when it changed."""

from __future__ import annotations

import ast
import hashlib
import json
from pathlib import Path
from typing import Any

from subliminal.code_graph import library_files
from subliminal.stage_versions import STAGE_VERSIONS

REPOSITORY = Path(__file__).resolve().parents[1]
RECORD = Path(__file__).with_name("stage_versions.json")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def _shape(node: Any) -> Any:
    """A syntax tree as nested lists, alike in all Python versions; comments are not in it."""
    if isinstance(node, list):
        return [_shape(item) for item in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []))
    return [type(node).__name__, *([name, _shape(value)] for name, value in fields)]


def code_without_prose(text: str) -> str:
    """What a source file does, less its comments, docstrings and layout."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return json.dumps(_shape(tree))


def stage_digest(root: Path, stage: str) -> str:
    """SHA-256 over a stage's script and the library files behind it."""
    script = f"scripts/{stage}.py"
    files = [script, *library_files(root, script)]
    code = {file: code_without_prose((root / file).read_text()) for file in files}
    return hashlib.sha256(json.dumps(code, sort_keys=True).encode()).hexdigest()


def stages() -> dict[str, dict[str, Any]]:
    """Each costly stage's version and the digest of its code, as they are now."""
    return {
        stage: {"version": version, "sha256": stage_digest(REPOSITORY, stage)}
        for stage, version in STAGE_VERSIONS.items()
    }
