"""Kept rows to training rows: as they are or shuffled, all or a random part."""

from __future__ import annotations

import logging
import random
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.seeds import derive_seed
from subliminal.config.paths import PLAIN_VARIANT
from subliminal.domains.registry import VARIANTS
from subliminal.transmission.data_schemas import TRAIN
from subliminal.transmission.specs import MakeTrainSetSpec

log = logging.getLogger(__name__)
# One shuffle per dataset with the authors' seed (ED Fig. 4f).
SHUFFLE_SEED = 1


def chosen_rows(kept: list[int], count: int | None, seed: int) -> list[int]:
    """All kept rows, or ``count`` of them drawn without replacement, in their original order."""
    if count is None or count >= len(kept):
        return kept
    rng = random.Random(derive_seed("make_train_set", seed))
    return sorted(rng.sample(kept, count))


def make_train_set(
    spec: MakeTrainSetSpec, raw: Path, filtered: Path, train: Path, manifest: Path
) -> None:
    """Write the rows that students of this variant are trained on."""
    parents = {"filtered": filtered, "raw": raw}
    run = Run.begin(
        "make_train_set",
        spec,
        {role: table.with_suffix(".manifest.json") for role, table in parents.items()},
    )
    source = read_table(raw, "prompt_id", "prompt")
    passed = read_table(filtered, "kept", "completion")
    kept = [i for i, keep in enumerate(passed["kept"]) if keep]
    rows = chosen_rows(kept, spec.rows, spec.seed)
    if spec.rows is not None and len(rows) < spec.rows:
        log.warning(
            "warning: %d rows kept, %d wanted (train_rows); where the dose is in epochs, students "
            "of this dataset take fewer steps than others",
            len(rows),
            spec.rows,
        )
    completions = [passed["completion"][i] for i in rows]
    if spec.variant != PLAIN_VARIANT:
        completions = VARIANTS[spec.variant](completions, SHUFFLE_SEED)
    write_table(
        train,
        TRAIN,
        {
            "prompt_id": [source["prompt_id"][i] for i in rows],
            "prompt": [source["prompt"][i] for i in rows],
            "completion": completions,
        },
    )
    run.finish(manifest, [train], {"rows": len(rows)})
