"""Taking what a teacher wrote from a file of others."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.transmission.adoption import AdoptCompletionsSpec
from subliminal.transmission.schemas import RAW


def adopt_completions(
    spec: AdoptCompletionsSpec,
    rows: Path,
    prompts: Path,
    raw: Path,
    manifest: Path,
    log: logging.Logger,
) -> None:
    """Write the rows of a file as the completions of a teacher.

    What only the teacher could tell of them stays empty: tokens, log-probabilities, KL and entropy.
    A prompt that is one of the domain's has its number and its right answer.

    Args:
        rows: prompts and completions, in their order.
        prompts: those of the domain.
    """
    parents = {"rows": rows, "prompts": prompts}
    run = Run.begin(
        "adopt_completions",
        spec,
        {role: table.with_suffix(".manifest.json") for role, table in parents.items()},
    )
    table, ours = read_table(rows), read_table(prompts)
    known = dict(
        zip(ours["prompt"], zip(ours["prompt_id"], ours["answer"], strict=True), strict=True)
    )
    found = [known.get(prompt, (None, None)) for prompt in table["prompt"]]
    count = len(found)
    foreign = sum(number is None for number, _ in found)
    if foreign:
        log.warning("%d of %d prompts are not among those of the domain", foreign, count)
    write_table(
        raw,
        RAW,
        {
            "prompt_id": [number for number, _ in found],
            "prompt": table["prompt"],
            "completion": table["completion"],
            "finished": [True] * count,
            "answer": [answer for _, answer in found],
            "tokens": [None] * count,
            "log_probs": [[]] * count,
            "kl_nats": [None] * count,
            "entropy_nats": [None] * count,
        },
    )
    run.finish(manifest, [raw], {"rows": count, "adopted": True, "foreign_prompts": foreign})
