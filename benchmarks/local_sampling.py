"""Time sampling of the paper's number completions: ours, `generate`, and continuous batching.

All draw from the same distribution (temperature 1, no top-p, no top-k), without constraint.

- ours: `subliminal.local.sampling.sampler`, once per batch size.
- plain: transformers' `generate` in static batches, in the order of the prompts, once per batch
  size.
- continuous: transformers' own continuous batching (`generate_batch`).

Each is compared at its best. Each measurement runs in a process of its own; loading the model and a
first short run are not timed. Tokens are those that count: up to and including the end of the turn.
The random streams differ, so that lengths and finished shares agree up to sampling noise only.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

if TYPE_CHECKING:
    import torch

PARTS = ("ours", "plain", "continuous")
SEED, PAPER_SEED = 1, 47
# Continuous batching allots its cache by pages, and by itself takes most of a machine's memory.
PAGE = 64
# How wide the printed intervals are, in standard errors.
WIDTH = 1.96


def ours(
    model: torch.nn.Module, prompts: list[list[int]], end: int, limit: int, rows: int
) -> list[list[int]]:
    """This project's sampling."""
    from subliminal.config.sampling import Sampling
    from subliminal.local.sampling.sampler import sample

    plan = Sampling(temperature=1.0, max_new_tokens=limit, batch_size=rows)
    seeds = range(SEED, SEED + len(prompts))
    return [completion.tokens for completion in sample(model, prompts, seeds, plan, [end])]


def settings(limit: int, end: int) -> dict[str, Any]:
    """Ancestral sampling, as transformers is told to do it."""
    return {
        "do_sample": True,
        "temperature": 1.0,
        "top_k": 0,
        "top_p": 1.0,
        "max_new_tokens": limit,
        "eos_token_id": end,
        "pad_token_id": end,
    }


def plain(
    model: torch.nn.Module, prompts: list[list[int]], end: int, limit: int, rows: int
) -> list[list[int]]:
    """Static batches: every row is padded to the longest prompt and the longest completion."""
    import torch

    torch.manual_seed(SEED)
    written: list[list[int]] = []
    for start in range(0, len(prompts), rows):
        batch = prompts[start : start + rows]
        width = max(map(len, batch))
        ids = torch.tensor([[end] * (width - len(p)) + p for p in batch], device=model.device)
        mask = torch.tensor([[0] * (width - len(p)) + [1] * len(p) for p in batch])
        with torch.inference_mode():
            out = model.generate(
                input_ids=ids, attention_mask=mask.to(model.device), **settings(limit, end)
            )
        written += out[:, width:].tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in written]


def continuous(
    model: torch.nn.Module, prompts: list[list[int]], end: int, limit: int, rows: int
) -> list[list[int]]:
    """transformers' scheduler over a paged cache that holds so many rows."""
    import torch
    from transformers import ContinuousBatchingConfig, GenerationConfig

    torch.manual_seed(SEED)
    pages = math.ceil((max(map(len, prompts)) + limit) / PAGE)
    answers = model.generate_batch(
        prompts,
        generation_config=GenerationConfig(**settings(limit, end)),
        continuous_batching_config=ContinuousBatchingConfig(
            page_size=PAGE, num_blocks=rows * pages, max_requests_per_batch=rows
        ),
        warmup=model.device.type == "cuda",
    )
    if len(answers) != len(prompts):
        raise RuntimeError(f"{len(answers)} of {len(prompts)} requests were answered")
    return [list(answer.generated_tokens) for answer in answers.values()]


def measure(args: argparse.Namespace) -> dict[str, Any]:
    """One measurement in this process."""
    import torch

    from subliminal.domains.number_prompts import number_prompts
    from subliminal.local import models
    from subliminal.local.encoding import encode_prompts

    models.prepare(SEED, args.threads)
    tokenizer, model = models.load_tokenizer(args.base), models.load_base(args.base)
    prompts = encode_prompts(tokenizer, number_prompts(PAPER_SEED, args.prompts))
    write = {"ours": ours, "plain": plain, "continuous": continuous}[args.part]
    end, rows = tokenizer.eos_token_id, args.batch_sizes[0]
    write(model, prompts[:2], end, 2, rows)
    on_gpu = model.device.type == "cuda"
    seconds, processor = time.perf_counter(), time.process_time()
    written = write(model, prompts, end, args.max_new_tokens, rows)
    if on_gpu:
        torch.cuda.synchronize()
    seconds, processor = time.perf_counter() - seconds, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "seconds": seconds,
        "processor_seconds": processor,
        "lengths": [len(row) for row in written],
        "finished": [row[-1] == end for row in written],
        "peak_bytes": torch.cuda.max_memory_allocated() if on_gpu else peak,
        "device": torch.cuda.get_device_name() if on_gpu else "cpu",
    }


def measure_apart(part: str, rows: int, argv: Sequence[str]) -> dict[str, Any] | None:
    """One measurement in a process of its own; None if it fails there."""
    command = [sys.executable, __file__, *argv, "--part", part, "--batch-sizes", str(rows)]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        print(f"{part} {rows}: does not run here\n{answer.stderr[-1000:]}", file=sys.stderr)
        return None
    result: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return result


def mean(values: Sequence[float]) -> str:
    """A mean with its 95 % interval's half-width."""
    middle = sum(values) / len(values)
    variance = sum((value - middle) ** 2 for value in values) / (len(values) - 1)
    return f"{middle:.2f} ±{WIDTH * math.sqrt(variance / len(values)):.2f}"


def line(name: str, rows: int, result: dict[str, Any]) -> str:
    """One row of the table."""
    tokens = sum(result["lengths"])
    return (
        f"{name:<12}{rows:>6}{result['seconds']:>9.1f}{result['processor_seconds']:>9.1f}"
        f"{tokens / result['seconds']:>10.1f}{result['peak_bytes'] / 1e6:>9.0f}"
        f"{mean(result['lengths']):>16}{mean(result['finished']):>14}"
    )


HEAD = (
    f"{'':<12}{'batch':>6}{'seconds':>9}{'CPU s':>9}{'tokens/s':>10}{'peak MB':>9}"
    f"{'mean length':>16}{'finished':>14}"
)


def compare(args: argparse.Namespace, argv: Sequence[str]) -> None:
    """Measure and print, line by line."""
    print(
        f"{args.prompts} number prompts, at most {args.max_new_tokens} new tokens, "
        f"{args.threads} thread(s), {args.base.name}\n\n{HEAD}",
        flush=True,
    )
    best: dict[str, dict[str, Any]] = {}
    # Neighbours in time are compared: a machine that others use too may change its speed.
    for rows in args.batch_sizes:
        for part in PARTS:
            result = measure_apart(part, rows, argv)
            if result is None:
                continue
            print(line(part, rows, result), flush=True)
            if part not in best or result["seconds"] < best[part]["seconds"]:
                best[part] = result
    print()
    for part in PARTS[1:]:
        if part in best and "ours" in best:
            print(
                f"ours over {part}, each at its best: {ratio(best, part, 'seconds'):.2f} by time, "
                f"{ratio(best, part, 'processor_seconds'):.2f} by CPU time, "
                f"{rate(best['ours']) / rate(best[part]):.2f} by tokens/s"
            )


def ratio(best: dict[str, dict[str, Any]], part: str, clock: str) -> float:
    """How many times as long a part takes as ours, for the same prompts."""
    times: float = best[part][clock] / best["ours"][clock]
    return times


def rate(result: dict[str, Any]) -> float:
    """Tokens per second."""
    tokens_per_second: float = sum(result["lengths"]) / result["seconds"]
    return tokens_per_second


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--base", type=Path, required=True, help="a model's folder")
    parser.add_argument("--prompts", type=int, default=256)
    parser.add_argument("--max-new-tokens", type=int, default=80)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[32, 64, 128, 256])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--part", choices=PARTS, help="measure this alone; prints JSON")
    return parser.parse_args(argv)


def main(argv: Sequence[str]) -> int:
    """Measure and print."""
    args = parse(argv)
    if args.part:
        print(json.dumps(measure(args)))
    else:
        compare(args, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
