"""Manifests: an artefact's spec, its parents, and the time and memory of its job.

An artefact's ``id`` hashes its spec, its parents' ids and its files, and nothing that differs
between two runs of the same thing; ``run`` holds what does.
"""

from __future__ import annotations

import hashlib
import json
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from subliminal.artefacts.machine import arithmetic
from subliminal.artefacts.parquet import whole_file
from subliminal.artefacts.spec import StageSpec
from subliminal.config.errors import ConfigError

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


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _canonical(data: Any) -> str:
    return json.dumps(data, sort_keys=True, ensure_ascii=False)


def _git_commit() -> str | None:
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.strip()


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


@dataclass(frozen=True)
class Run:
    """A stage in progress; `begin` it first thing, `Run.finish` it last."""

    stage: str
    spec: StageSpec
    started: float

    @classmethod
    def begin(cls, stage: str, spec: StageSpec) -> Run:
        """Note the time."""
        return cls(stage, spec, time.monotonic())

    def finish(
        self,
        path: Path,
        outputs: Iterable[Path],
        parents: Mapping[str, Path | None],
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the manifest.

        Args:
            outputs: the files that were made, all in the manifest's folder.
            parents: manifests of what was read, by role; None for a role that is not filled.
            facts: deterministic findings of the stage, such as how many rows it kept.
        """
        made = {file.name: file_sha256(file) for file in sorted(outputs)}
        origins = {
            role: {"path": str(parent), "id": json.loads(parent.read_text())["id"]}
            for role, parent in parents.items()
            if parent is not None
        }
        spec = self.spec.model_dump(mode="json")
        identity = [self.stage, spec, {r: o["id"] for r, o in origins.items()}, made]
        content = {
            "id": hashlib.sha256(_canonical(identity).encode()).hexdigest(),
            "stage": self.stage,
            "about": self.spec.about() or self.stage.replace("_", " "),
            "spec": spec,
            "parents": origins,
            "outputs": made,
            "facts": dict(facts or {}),
            "run": {
                "seconds": round(time.monotonic() - self.started, 2),
                "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "device": _device(),
                **arithmetic(),
                "python": platform.python_version(),
                "packages": {p: v for p in PACKAGES if (v := _version(p)) is not None},
                "git_commit": _git_commit(),
            },
        }
        with whole_file(path) as temporary:
            temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_manifest(path: Path) -> dict[str, Any]:
    """A manifest's content."""
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def require_outputs(*manifests: Path) -> None:
    """Check that the files that manifests list lie beside them; Snakemake follows manifests only.

    Raises:
        ConfigError: something is gone.
    """
    for manifest in manifests:
        for name in read_manifest(manifest)["outputs"]:
            if not (manifest.parent / name).exists():
                raise ConfigError(
                    f"{manifest.parent / name} is gone, but {manifest} lists it; type: rm "
                    f"{manifest}, then run the same command again"
                )
