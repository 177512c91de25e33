"""All results of a run, with the code that made them, as an RO-Crate.

RO-Crate 1.1, with the profiles Process Run Crate 0.5 (each manifest is an action that made files of
files) and Workflow RO-Crate 1.0 (the Snakefile is the main entity).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from subliminal.artefacts.verified import manifests_below, problems
from subliminal.config.errors import ConfigError
from subliminal.lineage.answer import answer
from subliminal.sharing.citation import citation
from subliminal.sharing.entities import CONTEXT, METADATA, WORKFLOW, Entity, described
from subliminal.sharing.folders import new_folder

# What a run needs to be made again, and what tells of it; a star stands for anything.
SOURCES = (
    WORKFLOW,
    "rules",
    "scripts",
    "config",
    "report",
    "profiles",
    "envs",
    "Makefile",
    "pyproject.toml",
    "requirements.in",
    "requirements.lock",
    "requirements-*.txt",
    "README.md",
    "docs",
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "NOTICE",
)
RESULTS = "results"
# What a run keeps for itself, and no result.
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "partial")


def export_crate(results: Path, folder: Path) -> None:
    """Write the results, the code beside them and the crate's metadata.

    Raises:
        ConfigError: something among the results is not what its manifest says, there are none, no
            code lies beside them, or the folder is there or lies among the results.
    """
    if folder.resolve().is_relative_to(results.resolve()):
        raise ConfigError(f"{folder} lies in {results}, which it is to hold; name another folder")
    manifests = manifests_below(results)
    if not manifests:
        raise ConfigError(f"{results} has no manifest; type make, which computes the default")
    root = results.absolute().parent
    if not (root / WORKFLOW).is_file():
        raise ConfigError(
            f"{results} does not lie in a copy of the workflow, and a crate holds the code and the "
            f"configuration that made its results; found no {WORKFLOW} beside it: copy it to where "
            "these are"
        )
    wrong = problems(results)
    if wrong:
        raise ConfigError("\n".join(["these results are not what their manifests say:", *wrong]))
    names = [path.name for name in SOURCES for path in sorted(root.glob(name))]
    with new_folder(folder) as here:
        for name in names:
            _copy(root / name, here / name)
        _copy(results, here / RESULTS)
        _write(here, described(here, answer(manifests), citation(root), names))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=LEFT_OUT)
    else:
        shutil.copyfile(source, target)


def _write(folder: Path, graph: list[Entity]) -> None:
    whole = {"@context": CONTEXT, "@graph": graph}
    text = json.dumps(whole, indent=1, ensure_ascii=False)
    (folder / METADATA).write_text(text + "\n", encoding="utf-8")
