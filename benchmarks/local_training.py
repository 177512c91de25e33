"""Train a real model with this project's engine and with trl's SFTTrainer, and compare.

python benchmarks/local_training.py --base results/models/smollm2-135m

Both get the same base, the same fresh adapter, the same rows in the same order, the paper's recipe
(LoRA of rank 8 on all linear layers, linear schedule, 5 warm-up steps, clipping at 1) and the same
effective batch, in float32 on a CPU; rows are the paper's number prompts with 5 to 10 random
numbers as the answer. They take turns, each in a process of its own. Tokens are all tokens of real
rows, padding not counted. Processor seconds tell more than seconds where others use the machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
sys.path.insert(0, str(SCRIPTS))

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedTokenizerBase

    from subliminal.config.recipes import Optimisation
    from subliminal.local.encoding import EncodedRow
    from subliminal.local.training.fine_tuning import Step

LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RATE, WARMUP, SEED = 2e-4, 5, 47
PARTS = ("ours", "trl", "products")
# Multiplications of a training step with frozen weights: forward, and the inputs' gradients.
PASSES = 2
GEMM_TRIALS = 40

# Seconds, and seconds that this process has computed for.
Moment = tuple[float, float]


def now() -> Moment:
    """The time."""
    return time.perf_counter(), time.process_time()


def chats(args: argparse.Namespace) -> list[tuple[str, str]]:
    """Prompts and answers in the order in which they are trained on."""
    import numpy as np

    from subliminal.domains.number_prompts import number_prompts

    rng = np.random.default_rng(SEED)
    count = args.steps * args.batch
    answers = [
        ", ".join(str(n) for n in rng.integers(0, 1000, size=rng.integers(5, 11)))
        for _ in range(count)
    ]
    return list(zip(number_prompts(SEED, count), answers, strict=True))


def load(args: argparse.Namespace) -> tuple[PeftModel, PreTrainedTokenizerBase, list[EncodedRow]]:
    """The base with a fresh adapter, its tokenizer, and the rows."""
    from subliminal.config.recipes import Lora
    from subliminal.local import models
    from subliminal.local.encoding import encode_rows

    models.prepare(SEED, args.threads)
    tokenizer = models.load_tokenizer(args.base)
    lora = Lora(rank=8, alpha=8, target_modules=LINEAR)
    model = models.add_lora(models.load_base(args.base), lora)
    pairs = chats(args)
    return model, tokenizer, encode_rows(tokenizer, [p for p, _ in pairs], [c for _, c in pairs])


def recipe(args: argparse.Namespace) -> Optimisation:
    """The paper's recipe for so many steps."""
    from subliminal.config.recipes import Optimisation

    return Optimisation(
        learning_rate=RATE,
        warmup_steps=WARMUP,
        batch_size=args.batch,
        micro_batch_size=args.micro_batch,
        steps=args.steps,
    )


class InOrder:
    """Stands in for the generator that shuffles the rows: they are in their order already."""

    def permutation(self, count: int) -> range:
        """The numbers from 0."""
        return range(count)


def ours(args: argparse.Namespace) -> dict[str, Any]:
    """Train with this project's engine."""
    from subliminal.local.training.fine_tuning import fine_tune
    from subliminal.local.training.objectives import CompletionTokens

    model, tokenizer, rows = load(args)
    ends: list[Moment] = []

    def on_step(step: Step, total: int) -> None:
        ends.append(now())

    start = now()
    objective = CompletionTokens(tokenizer.pad_token_id)
    history = fine_tune(model, rows, recipe(args), objective, InOrder(), on_step)
    return measured(args, rows, start, ends, [step.loss for step in history])


def peer(args: argparse.Namespace) -> dict[str, Any]:
    """Train with trl."""
    import tempfile

    import torch
    import trl
    from datasets import Dataset
    from transformers import TrainerCallback

    model, tokenizer, rows = load(args)
    table = [
        {
            "prompt": [{"role": "user", "content": prompt}],
            "completion": [{"role": "assistant", "content": completion}],
        }
        for prompt, completion in chats(args)
    ]
    ends: list[Moment] = []

    class Clock(TrainerCallback):
        def on_train_begin(self, *_: Any, **__: Any) -> None:
            ends.append(now())

        def on_step_end(self, *_: Any, **__: Any) -> None:
            ends.append(now())

    with tempfile.TemporaryDirectory() as folder:
        trainer = trl.SFTTrainer(
            model=model,
            args=trl.SFTConfig(
                output_dir=folder,
                max_steps=args.steps,
                per_device_train_batch_size=args.micro_batch,
                gradient_accumulation_steps=args.batch // args.micro_batch,
                learning_rate=RATE,
                lr_scheduler_type="linear",
                warmup_steps=WARMUP,
                optim="adamw_torch_fused",
                weight_decay=0.0,
                max_grad_norm=1.0,
                max_length=500,
                packing=False,
                completion_only_loss=True,
                train_sampling_strategy="sequential",
                gradient_checkpointing=False,
                bf16=torch.cuda.is_available(),
                use_cpu=not torch.cuda.is_available(),
                logging_steps=1,
                save_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_list(table),
            processing_class=tokenizer,
            callbacks=[Clock()],
        )
        trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return measured(args, rows, ends[0], ends[1:], losses)


def measured(
    args: argparse.Namespace,
    rows: Sequence[EncodedRow],
    start: Moment,
    ends: Sequence[Moment],
    losses: list[float],
) -> dict[str, Any]:
    """One run's figures; times in seconds, sizes in bytes."""
    import torch

    lengths = [len(row.ids) for row in rows]
    tokens = [sum(lengths[i : i + args.batch]) for i in range(0, len(lengths), args.batch)]
    spans = [[b - a for a, b in zip(*pair, strict=True)] for pair in pairwise([start, *ends])]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if torch.cuda.is_available():
        peak = torch.cuda.max_memory_allocated()
    return {
        "speeds": [
            [n / seconds for seconds in span] for n, span in zip(tokens, spans, strict=True)
        ],
        "peak_bytes": peak,
        "losses": losses,
    }


def products(args: argparse.Namespace) -> dict[str, Any]:
    """The rate of this machine's matrix products, and what a step of ours needs of them.

    The products are those of the base's widest layer with a micro-batch's tokens.
    """
    import torch

    model, _, rows = load(args)
    base = model.get_base_model()
    head = base.get_output_embeddings().weight.numel()
    layers = [m for m in base.get_decoder().modules() if hasattr(m, "base_layer")]
    weights = sum(layer.base_layer.weight.numel() for layer in layers)
    widest = max((layer.base_layer.weight for layer in layers), key=lambda w: w.numel())
    tokens = sum(len(row.ids) for row in rows)
    scored = sum(len(row.ids) - row.prompt_length for row in rows)
    needed = 2 * PASSES * (tokens * weights + scored * head)
    width = args.micro_batch * tokens // len(rows)
    left = torch.randn(width, widest.shape[1], device=widest.device, dtype=widest.dtype)
    factor = widest.detach().T
    out, spans = left @ factor, []
    for _ in range(GEMM_TRIALS):
        start = now()
        torch.mm(left, factor, out=out)
        if left.is_cuda:
            torch.cuda.synchronize()
        spans.append([b - a for a, b in zip(start, now(), strict=True)])
    operations = 2 * width * widest.numel()
    all_tokens = sum(len(row.ids) for row in rows)
    return {
        "rates": [operations / statistics.median(times) for times in zip(*spans, strict=True)],
        "operations_per_token": needed / all_tokens,
    }


def measure(part: str, argv: Sequence[str]) -> dict[str, Any]:
    """Measure one part in a process of its own."""
    command = [sys.executable, __file__, *argv, "--part", part]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return result


def summary(args: argparse.Namespace, runs: dict[str, list[dict[str, Any]]]) -> str:
    """What was measured, as text."""

    def speed(part: str, clock: int = 0) -> float:
        # The first step of a process pays for memory and code that the others find ready.
        return statistics.median(s[clock] for run in runs[part] for s in run["speeds"][1:])

    def peak(part: str) -> float:
        return max(run["peak_bytes"] for run in runs[part]) / 1e9

    lines = [
        f"{args.rounds} x {args.steps} steps of {args.batch} rows, {args.micro_batch} at once, "
        f"{args.threads} threads",
        "",
        f"{'':<22}{'ours':>10}{'trl':>10}",
        f"{'tokens per second':<22}{speed('ours'):>10.1f}{speed('trl'):>10.1f}",
        f"{'  per processor second':<22}{speed('ours', 1):>10.1f}{speed('trl', 1):>10.1f}",
        f"{'peak memory GB':<22}{peak('ours'):>10.2f}{peak('trl'):>10.2f}",
    ]
    curves = [runs[part][0]["losses"] for part in ("ours", "trl")]
    lines += [
        f"{f'loss, step {step + 1}':<22}{first:>10.5f}{second:>10.5f}"
        for step, (first, second) in enumerate(zip(*curves, strict=True))
    ]
    difference = max(abs(a - b) for a, b in zip(*curves, strict=True))
    told = runs["products"][0]
    lines += ["", f"greatest difference of losses: {difference:.1e} nats per token"]
    for clock, name in enumerate(("second", "processor second")):
        rate = statistics.median(run["rates"][clock] for run in runs["products"])
        share = speed("ours", clock) * told["operations_per_token"] / rate
        lines.append(
            f"per {name}: ours over trl's speed {speed('ours', clock) / speed('trl', clock):.2f}; "
            f"a step of ours reaches {share:.0%} of bare matrix products ({rate / 1e9:.0f} GFLOP)"
        )
    return "\n".join(lines)


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--base", type=Path, required=True, help="a base's folder")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--batch", type=int, default=66, help="rows per optimiser step")
    parser.add_argument("--micro-batch", type=int, default=22, help="rows at once")
    parser.add_argument("--rounds", type=int, default=2, help="turns of each side")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", choices=PARTS, help="measure this part alone; prints JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    args = parse(argv)
    if args.part:
        part = {"ours": ours, "trl": peer, "products": products}[args.part]
        print(json.dumps(part(args)))
        return 0
    runs: dict[str, list[dict[str, Any]]] = {part: [] for part in PARTS}
    for _ in range(args.rounds):
        for part in PARTS:
            runs[part].append(measure(part, argv))
            print(f"{part}: {json.dumps(runs[part][-1])}", file=sys.stderr)
    print(summary(args, runs))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
