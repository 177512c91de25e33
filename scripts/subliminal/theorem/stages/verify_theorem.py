"""The theorem on random networks."""

from __future__ import annotations

from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import write_frame
from subliminal.theorem.schemas import THEOREM, THEOREM_SUMMARY
from subliminal.theorem.specs import VerifyTheoremSpec


def verify_theorem(spec: VerifyTheoremSpec, table: Path, summary: Path, manifest: Path) -> None:
    """Take one student step for every setting, seed and epsilon, and write what it did.

    It runs on one thread: it takes seconds, and its bytes do not depend on the machine's cores.

    Args:
        table: one row per setting, epsilon and seed.
        summary: one row per setting and epsilon.
    """
    import torch

    from subliminal.theorem.measure import measure
    from subliminal.theorem.summary import summarise

    run = Run.begin("verify_theorem", spec)
    torch.set_num_threads(1)
    rows = measure(spec.networks)
    write_frame(table, THEOREM, rows)
    write_frame(summary, THEOREM_SUMMARY, summarise(rows))
    run.finish(manifest, [table, summary], {"rows": len(rows)})
