"""Naming a base that somebody else serves."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.bases.specs import RegisterBaseSpec
from subliminal.config.models import HOSTED


def register_base(spec: RegisterBaseSpec, manifest: Path) -> None:
    """Write down which snapshot a base is, and that its provider serves it. Nothing is asked.

    Args:
        manifest: nothing lies beside it.
    """
    run = Run.begin("register_base", spec)
    facts = {"backend": HOSTED, "snapshot": spec.snapshot, "extra_body": spec.extra_body}
    run.finish(manifest, [], facts)
