"""Having Snakemake make an artefact again that it would take for up to date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# Artefacts that are told with the reason; a changed recipe may concern hundreds.
TOLD = 5


def remaking(workflow: Any) -> Callable[[str, str], None]:
    """A function that takes a manifest to be made again and the reason.

    Specs are compared wherever more than times are: not under `--rerun-triggers mtime`.

    Args:
        workflow: Snakemake's, whose plan is being made when the function is called.
    """
    from snakemake.logging import logger
    from snakemake.settings.types import RerunTrigger

    known: set[str] = set()

    def remake(manifest: str, reason: str) -> None:
        if set(workflow.rerun_triggers) <= {RerunTrigger.MTIME} or manifest in known:
            return
        known.add(manifest)
        # As if it stood behind --forcerun, which would make it a target as well.
        workflow.dag.forcefiles.add(manifest)
        if len(known) <= TOLD:
            logger.warning(f"{manifest} {reason}: it is made again")

    return remake
