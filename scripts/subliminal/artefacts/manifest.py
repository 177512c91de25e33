"""Manifests: an artefact's spec, its parents, and the time and memory of its job.

An artefact's ``id`` hashes its spec, its parents, its place, its files and its facts, and nothing
that differs between two runs of the same thing; ``run`` holds what does.
"""

from __future__ import annotations

import json
import platform
import resource
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

from subliminal.artefacts.commit import git_commit
from subliminal.artefacts.hashing import file_sha256
from subliminal.artefacts.machine import arithmetic
from subliminal.artefacts.parquet import whole_file
from subliminal.artefacts.spec import StageSpec
from subliminal.artefacts.verified import identity, place_of, verify

PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "peft",
    "gguf",
    "huggingface_hub",
    "numpy",
    "pyarrow",
    "pydantic",
)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _device() -> str:
    """The accelerator's name if this process has used one; else the processor's architecture."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return str(torch.cuda.get_device_name())
    return f"cpu ({platform.machine()})"


def _peak_memory_mb() -> int:
    """The most that this process has held, or one that it has started."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    unit = 2**20 if sys.platform == "darwin" else 2**10  # bytes there, kilobytes elsewhere
    return max(resource.getrusage(who).ru_maxrss for who in whose) // unit


@dataclass(frozen=True)
class Run:
    """A stage in progress; `begin` it first thing, `Run.finish` it last.

    Attributes:
        parents: what is read, by role: the manifest's path and id.
    """

    stage: str
    spec: StageSpec
    parents: dict[str, dict[str, str]]
    started: float

    @classmethod
    def begin(
        cls, stage: str, spec: StageSpec, parents: Mapping[str, Path | None] = MappingProxyType({})
    ) -> Run:
        """Note the time, and make sure that what is to be read is what its manifests say.

        Args:
            parents: manifests of what is read, by role; None for a role that is not filled.

        Raises:
            ConfigError: a parent is not what it was when it was made, or a stimulus has changed.
        """
        started = time.monotonic()
        spec.require_stimuli()
        origins = {
            role: {"path": str(parent), "id": verify(parent)["id"]}
            for role, parent in parents.items()
            if parent is not None
        }
        return cls(stage, spec, origins, started)

    def finish(
        self, path: Path, outputs: Iterable[Path], facts: Mapping[str, Any] | None = None
    ) -> None:
        """Write the manifest.

        Args:
            outputs: the files that were made, all in the manifest's folder.
            facts: deterministic findings of the stage, such as how many rows it kept.
        """
        content: dict[str, Any] = {
            "stage": self.stage,
            "about": self.spec.about() or self.stage.replace("_", " "),
            "path": place_of(path),
            "spec": self.spec.model_dump(mode="json"),
            "parents": self.parents,
            "outputs": {file.name: file_sha256(file) for file in sorted(outputs)},
            "facts": dict(facts or {}),
            "run": {
                "finished": datetime.now(UTC).strftime("%Y-%m-%d %H:%M"),
                "seconds": round(time.monotonic() - self.started, 2),
                "peak_memory_mb": _peak_memory_mb(),
                "device": _device(),
                **arithmetic(),
                "python": platform.python_version(),
                "packages": {p: v for p in PACKAGES if (v := _version(p)) is not None},
                "git_commit": git_commit(),
            },
        }
        # As it will be read: JSON has no tuples, and keys of its own.
        whole = {"id": identity(json.loads(json.dumps(content))), **content}
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
