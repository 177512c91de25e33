"""Write the conda environments from envs/*.in: `make lock` calls it after requirements.lock.

Each gets the packages that its list names and all that these need, pinned as in requirements.lock.
What they need is read from the packages that are installed; nothing is fetched. What the lock does
not name, as the CUDA libraries of torch, stays for pip to choose.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENTS = ROOT / "envs"
HEAD = """\
{about}
# Written by `make lock` from {source} and requirements.lock.
channels:
  - conda-forge
  - nodefaults
dependencies:
  - python=3.11
  - pip=25.3
  - pip:
{pins}
"""


def locked(text: str) -> dict[str, str]:
    """The pins of a lock file, by normalised name."""
    return {canonicalize_name(line.split("==")[0]): line for line in text.split()}


def closure(names: Iterable[str], lock: Mapping[str, str]) -> list[str]:
    """The pins of packages and of all that they need, in the order of the lock.

    Raises:
        SystemExit: the lock lacks one that is asked for by name.
    """
    asked = [Requirement(name) for name in names]
    missing = [str(name) for name in asked if canonicalize_name(name.name) not in lock]
    if missing:
        sys.exit(f"requirements.lock has no {', '.join(missing)}; add it to requirements.in")
    found: set[tuple[str, str]] = set()
    todo = [(canonicalize_name(one.name), extra) for one in asked for extra in ("", *one.extras)]
    while todo:
        name, extra = package = todo.pop()
        if package in found or name not in lock:
            continue
        found.add(package)
        for needed in map(Requirement, requires(name) or []):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                key = canonicalize_name(needed.name)
                todo += [(key, extra) for extra in ("", *needed.extras)]
    kept = {name for name, _ in found}
    return [pin for name, pin in lock.items() if name in kept]


def listed(file: Path) -> list[str]:
    """The packages that a list names, those of lists that it includes too."""
    names: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            names += listed(file.with_name(line.removeprefix("-r ")))
        elif line and not line.startswith("#"):
            names.append(line)
    return names


def environment(file: Path, lock: Mapping[str, str]) -> str:
    """The conda environment of a list, as YAML."""
    pins = "\n".join(f"      - {pin}" for pin in closure(listed(file), lock))
    about = file.read_text(encoding="utf-8").splitlines()[0]
    return HEAD.format(about=about, source=file.relative_to(ROOT), pins=pins)


def main() -> None:
    """Write them all."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    lock = locked((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    for file in sorted(ENVIRONMENTS.glob("*.in")):
        file.with_suffix(".yaml").write_text(environment(file, lock), encoding="utf-8")


if __name__ == "__main__":
    main()
