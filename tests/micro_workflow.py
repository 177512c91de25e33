"""The repository with a configuration that runs everything once, as small as it gets."""

import shutil
from pathlib import Path

from working_copy import WorkingCopy

MICRO = Path(__file__).parent / "e2e" / "micro"


def micro_sources(root):
    """A copy with the micro configuration in place of the repository's, and without results."""
    copy = WorkingCopy.of_repository(root)
    shutil.copytree(MICRO, root / "config", dirs_exist_ok=True)
    return copy
