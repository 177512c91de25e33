"""Time the start of scripts and stages: up to the help, and up to the first pass of a job's model.

    python benchmarks/start_up.py            # after `make`: its jobs' own inputs are used

Help is what a command line costs before it does anything. The first pass through a model is the
first useful step of a job that has one; until then a job reads its files, imports packages and
loads weights. Jobs are started cold, each in a new process, and end at that step: nothing is
written. Behind the warm start of `make`, the packages are there already ("imported" is then 0).
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
STAGE = ROOT / "scripts/stage.py"
STARTED = "SUBLIMINAL_BENCHMARK_STARTED"
HEAVY = ("torch", "transformers", "peft", "pandas", "pyarrow", "scipy", "altair", "openai")
TEACHER = "tiny-a/owl-finetuned/t1"
# A job of the default run by rule; all but the first read what others have made.
JOBS = {
    "pretrain_base": "results/models/tiny-a/manifest.json",
    "train_teacher": f"results/teachers/{TEACHER}/manifest.json",
    "sample_completions": f"results/datasets/numbers/{TEACHER}/raw.manifest.json",
    "train_student": f"results/students/tiny-a/tiny/numbers/{TEACHER}/train/seed1/manifest.json",
    "evaluate_student": (
        f"results/evaluations/favourite-animal/students/tiny-a/tiny/numbers/{TEACHER}/train/seed1/"
        "manifest.json"
    ),
}


def probe(argv: list[str]) -> None:
    """Run a script up to the first pass through a model, and print how long that took."""
    started = float(os.environ[STARTED])
    python = time.monotonic()
    sys.path.insert(0, str(ROOT / "scripts"))
    import torch
    import transformers  # noqa: F401

    imported = time.monotonic()

    def report(*_: object) -> None:
        now = time.monotonic()
        heavy = [name for name in HEAVY if name in sys.modules]
        print(now - started, imported - python, len(sys.modules), ",".join(heavy), flush=True)
        os._exit(0)

    torch.nn.modules.module.register_module_forward_pre_hook(report)
    import runpy

    sys.argv = argv
    runpy.run_path(argv[0], run_name="__main__")


def commands() -> dict[str, list[str]]:
    """Every script, and every stage of the one that runs them, by name."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from subliminal.workflow.command_line import stage_modules

    scripts = sorted((ROOT / "scripts").glob("*.py"))
    stages = {name: [str(STAGE), name] for name in stage_modules()}
    return {**{script.stem: [str(script)] for script in scripts}, **stages}


def timed_help(command: list[str], rounds: int) -> tuple[float, str]:
    """Seconds to a command's help, the least of some rounds, and the heavy packages it imports."""
    seconds = []
    for _ in range(rounds):
        started = time.monotonic()
        subprocess.run([sys.executable, *command, "--help"], check=True, capture_output=True)
        seconds.append(time.monotonic() - started)
    code = (
        "import runpy, sys; sys.argv = [*sys.argv[1:], '--help']\n"
        f"sys.path.insert(0, {str(ROOT / 'scripts')!r})\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        f"except SystemExit: print(*[m for m in {HEAVY} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True)
    return min(seconds), done.stderr.strip() or "-"


def command_of(rule: str, target: str) -> list[str]:
    """What Snakemake would start for a job, without its log."""
    dry = ["snakemake", "-n", "-p", "--workflow-profile", "none", "--cores", "1"]
    chosen = ["--forcerun", rule, "--allowed-rules", rule, "--", target]
    done = subprocess.run([*dry, *chosen], cwd=ROOT, capture_output=True, text=True)
    found = re.search(r"^ +python (scripts/.*?)2>&1", done.stdout, re.DOTALL | re.MULTILINE)
    if found is None:
        sys.exit(f"no job of {rule} for {target}; run `make` first\n{done.stdout}{done.stderr}")
    return shlex.split(found[1].replace("\\\n", " "))


def timed_job(command: list[str], rounds: int) -> tuple[float, float, str, str]:
    """Seconds to the first pass and of it for imports, modules, and the heavy packages."""
    totals, imports = [], []
    for _ in range(rounds):
        environ = {**os.environ, "OMP_NUM_THREADS": "1", STARTED: str(time.monotonic())}
        probed = [sys.executable, __file__, "--probe", *command]
        done = subprocess.run(probed, cwd=ROOT, env=environ, capture_output=True, text=True)
        if done.returncode or not done.stdout:
            sys.exit(done.stderr)
        total, imported, modules, heavy = done.stdout.split()
        totals.append(float(total))
        imports.append(float(imported))
    return statistics.median(totals), statistics.median(imports), modules, heavy


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    print(f"{'script or stage':<28}{'help, s':>9}  heavy packages")
    for name, command in commands().items():
        seconds, heavy = timed_help(command, rounds)
        print(f"{name:<28}{seconds:>9.2f}  {heavy}", flush=True)
    print(f"\n{'job':<28}{'step 1, s':>9}{'imported':>10}{'modules':>9}  heavy packages")
    for rule, target in JOBS.items():
        total, imported, modules, heavy = timed_job(command_of(rule, target), rounds)
        print(f"{rule:<28}{total:>9.2f}{imported:>10.2f}{modules:>9}  {heavy}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--probe"]:
        probe(sys.argv[2:])
    else:
        main()
