"""Train a student on a tiny base in four ways that compute the same, and compare.

python benchmarks/tiny_training.py    # after `make`

Adapters act beside the weights, as in peft, or through them (`local/training/merging.py`); the last
layer is computed at every position, as in transformers, or where there is loss
(`local/pruned.py`). The ways take turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections import defaultdict
from itertools import product
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
BASE = ROOT / "results/models/tiny-a"
TRAIN = ROOT / "results/datasets/numbers-constrained/tiny-a/owl-finetuned/t1/train.parquet"


def measured(merged: bool, pruned: bool, steps: int) -> tuple[float, float]:
    """Processor seconds per 100 steps, and the last step's loss in nats per token."""
    import numpy as np

    from subliminal.artefacts.parquet import read_table
    from subliminal.local import logits, models
    from subliminal.local.encoding import encode_rows
    from subliminal.local.training.fine_tuning import fine_tune
    from subliminal.local.training.merging import merge_where_cheaper
    from subliminal.local.training.objectives import CompletionTokens
    from subliminal.workflow.project import Project

    recipe = Project.load(ROOT, None).config.recipes.students["tiny"]
    models.prepare(0, 1)
    tokenizer, table = models.load_tokenizer(BASE), read_table(TRAIN)
    rows = encode_rows(tokenizer, table["prompt"], table["completion"])
    model = models.trainable(models.load_base(BASE), recipe.lora)
    if merged:
        merge_where_cheaper(model)
    plan = recipe.optimisation.model_copy(update={"steps": steps})
    loss = CompletionTokens(tokenizer.pad_token_id)
    find = logits.gpt2_of if pruned else lambda model: None
    with mock.patch.object(logits, "gpt2_of", find):
        start = time.process_time()
        history = fine_tune(model, rows, plan, loss, np.random.default_rng(0))
    return (time.process_time() - start) / steps * 100, history[-1].loss


def main() -> int:
    """Print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    if not TRAIN.exists():
        print(f"{TRAIN} is not there: run `make` first", file=sys.stderr)
        return 1
    seconds, losses = defaultdict(list), {}
    for _, way in product(range(args.rounds), product((False, True), repeat=2)):
        took, losses[way] = measured(*way, args.steps)
        seconds[way].append(took)
    print(f"{'adapters':<16}{'last layer':<16}{'s / 100 steps':>14}{'last loss':>14}")
    for (merged, pruned), took in seconds.items():
        names = "through weights" if merged else "peft", "at completions" if pruned else "whole"
        loss = losses[merged, pruned]
        print(f"{names[0]:<16}{names[1]:<16}{statistics.median(took):>14.2f}{loss:>14.6f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
