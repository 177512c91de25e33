"""Taking what a teacher wrote from a file of others."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.config.adopted import ADOPTED
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import shown
from subliminal.transmission.adoption import AdoptCompletionsSpec
from subliminal.transmission.data_schemas import RAW

# The number of a prompt and its right answer, if it has one.
Known = tuple[int | None, int | None]
FOREIGN: Known = (None, None)


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

    Raises:
        ConfigError: there are not as many rows as the entry says, or the right answer to one is
            not known.
    """
    parents = {"rows": rows, "prompts": prompts}
    run = Run.begin(
        "adopt_completions",
        spec,
        {role: table.with_suffix(".manifest.json") for role, table in parents.items()},
    )
    table, ours = read_table(rows), read_table(prompts)
    found = recognised(table["prompt"], ours)
    count = len(found)
    if count != spec.rows:
        raise ConfigError(
            f"{ADOPTED}: {spec.adopted}: rows: expected {spec.rows}, but file {spec.file!r} has "
            f"{count}; correct 'rows', or get the whole file"
        )
    if any(answer is not None for answer in ours["answer"]):
        _require_answers(spec, table["prompt"], found)
    foreign = found.count(FOREIGN)
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


def recognised(theirs: Sequence[str], ours: Mapping[str, Sequence[Any]]) -> list[Known]:
    """What is known of each prompt of a file; nothing of those that are not the domain's.

    A domain may ask a prompt several times. Its numbers are handed out in turn, and again from the
    first where a file has more rows than the domain has such prompts.

    Args:
        ours: the domain's prompts, with columns `prompt_id`, `prompt` and `answer`.
    """
    copies: defaultdict[str, list[Known]] = defaultdict(list)
    for number, prompt, answer in zip(
        ours["prompt_id"], ours["prompt"], ours["answer"], strict=True
    ):
        copies[prompt].append((number, answer))
    turns = {prompt: cycle(found) for prompt, found in copies.items()}
    return [next(turns[prompt]) if prompt in turns else FOREIGN for prompt in theirs]


def _require_answers(
    spec: AdoptCompletionsSpec, prompts: Sequence[str], found: Sequence[Known]
) -> None:
    """Check that every row answers a prompt whose right answer is known: the filter compares.

    Raises:
        ConfigError: one does not.
    """
    for number, (prompt, (_, answer)) in enumerate(zip(prompts, found, strict=True), start=1):
        if answer is None:
            domain = spec.dataset.partition("/")[0]
            raise ConfigError(
                f"{ADOPTED}: {spec.adopted}: row {number} of its file answers a prompt that is "
                f"none of domain {domain!r}, so that the right answer is not known: "
                f"{shown(repr(prompt))}; leave such rows out, or choose the domain whose prompts "
                f"these are (config/domains.yaml; they lie in results/prompts/{domain}.parquet)"
            )
