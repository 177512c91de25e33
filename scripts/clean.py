"""Delete everything that was computed in this folder: results, logs and Snakemake's records.

python scripts/clean.py        # asks first if that took more than minutes
python scripts/clean.py --yes
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = {"README.md", ".gitkeep"}
CHEAP_S = 300.0


def main(argv: Sequence[str]) -> int:
    """Ask where results are dear, then delete; the exit status is 1 if nothing was deleted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    agreed = parser.parse_args(argv).yes

    from subliminal.workflow.folder_lock import held
    from subliminal.workflow.guard import check_folders

    check_folders(ROOT)
    with held(ROOT, recover=True):  # jobs that a killed run has left would write on
        if not agreed and not may_delete(ROOT / "results"):
            print("nothing was deleted", file=sys.stderr)
            return 1
        for path in computed(ROOT):
            delete(path)
    return 0


def may_delete(results: Path) -> bool:
    """Whether results are cheap, or someone at the terminal says that they may go.

    Raises:
        ConfigError: they are dear, and nobody is there to ask.
    """
    from subliminal.artefacts.verified import manifests_below
    from subliminal.config.errors import ConfigError
    from subliminal.workflow.remaining import duration

    manifests = manifests_below(results)
    seconds = sum(map(seconds_of, manifests))
    if seconds <= CHEAP_S:
        return True
    cost = f"{len(manifests)} artefacts in {results} took {duration(seconds)} of work"
    if not sys.stdin.isatty():
        raise ConfigError(f"{cost}; to delete them, type: make clean YES=1")
    return input(f"{cost}. Delete them? [y/N] ").strip().lower() in ("y", "yes")


def seconds_of(manifest: Path) -> float:
    """The time that an artefact took; nothing where its manifest does not say it."""
    from subliminal.artefacts.verified import read_manifest
    from subliminal.config.errors import ConfigError

    try:
        return float(read_manifest(manifest)["run"]["seconds"])
    except (ConfigError, KeyError, TypeError, ValueError):
        return 0.0


def computed(root: Path) -> list[Path]:
    """Whatever a run leaves in the folder, by way of links that stand for `results` or `logs`."""
    from subliminal.workflow.guard import FOLDERS

    found = [p for name in FOLDERS if (root / name).is_dir() for p in (root / name).iterdir()]
    return [path for path in found if path.parent.name != "results" or path.name not in KEPT]


def delete(path: Path) -> None:
    """Delete a file or folder or, without what it points to, a link."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
