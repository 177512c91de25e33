"""What the arithmetic of a job ran on; rounding differs with it.

Nothing here imports torch: a job that has not imported it has computed nothing with it.
"""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path
from typing import Any

CPUINFO = Path("/proc/cpuinfo")
# What torch's build settings call a library that has another name elsewhere.
BLAS_NAMES = {"open": "openblas"}


def model_name(cpuinfo: str) -> str | None:
    """The first processor's model in the text of /proc/cpuinfo, which not all processors have."""
    found = re.search(r"^model name[ \t]*:[ \t]*(\S.*)$", cpuinfo, re.MULTILINE)
    return " ".join(found[1].split()) if found else None


def processor() -> str:
    """The processor's model; else what Python knows of it, which may be its architecture only."""
    try:
        name = model_name(CPUINFO.read_text(errors="replace"))
    except OSError:
        name = None
    return name or platform.processor() or platform.machine()


def blas_library(build: str) -> str | None:
    """The BLAS library in the text of `torch.__config__.show()`, in lower case."""
    found = re.search(r"\bBLAS_INFO=(\w+)", build)
    return BLAS_NAMES.get(found[1].lower(), found[1].lower()) if found else None


def arithmetic() -> dict[str, Any]:
    """The processor; and torch's instruction set, threads and BLAS library if it is imported."""
    found: dict[str, Any] = {"processor": processor()}
    torch = sys.modules.get("torch")
    if torch is not None:
        found["instruction_set"] = torch.backends.cpu.get_cpu_capability()
        found["threads"] = torch.get_num_threads()
        blas = blas_library(torch.__config__.show())
        if blas is not None:
            found["blas"] = blas
    return found
