"""A full disk, folders that are not ours, little memory, a missing package: each is one message."""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
from pathlib import Path

import pytest
from outcomes import RIGHT, Outcome, outcome_of, record
from working_copy import WorkingCopy

from subliminal.config.errors import ConfigError
from subliminal.config.failures import message_for

pytestmark = pytest.mark.slow

STUDENT = "tiny-a/tiny/numbers/tiny-a/owl-finetuned/t1/train/seed1"
DATA = "results/datasets/numbers/tiny-a/owl-finetuned/t1"
BASE = "results/models/tiny-a/manifest.json"
# Of each job: the manifest that it writes, its options, and what else it writes.
JOBS = {
    "make_prompts": ("results/prompts/numbers.manifest.json", {}, {"prompts": "numbers.parquet"}),
    "make_train_set": (
        f"{DATA}/train.manifest.json",
        {"raw": f"{DATA}/raw.parquet", "filtered": f"{DATA}/filtered.parquet"},
        {"train": "train.parquet"},
    ),
    "train_student": (
        f"results/students/{STUDENT}/manifest.json",
        {"train": f"{DATA}/train.parquet", "base": BASE, "threads": "1"},
        {"training": "training.parquet"},
    ),
    "evaluate_model": (
        f"results/evaluations/favourite-animal/students/{STUDENT}/manifest.json",
        {"base": BASE, "trained": f"results/students/{STUDENT}/manifest.json", "threads": "1"},
        {"responses": "responses.parquet", "scores": "scores.parquet"},
    ),
    "summarise_experiment": ("results/tables/micro/manifest.json", {}, {}),
}


def command(run: WorkingCopy, stage: str) -> list[str]:
    """What Snakemake would run to make a job's outputs again, with the spec of its manifest."""
    manifest, inputs, outputs = JOBS[stage]
    spec = json.loads((run.root / manifest).read_text())["spec"]
    folder = Path(manifest).parent
    options = {**inputs, **{o: str(folder / name) for o, name in outputs.items()}}
    given = [text for option, value in options.items() for text in (f"--{option}", value)]
    head = [sys.executable, "scripts/stage.py", stage, "--spec", json.dumps(spec)]
    return [*head, *given, "--manifest", manifest]


def full_disk() -> None:
    """No file may grow beyond some bytes: writing fails as it does on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200))


@pytest.mark.parametrize("stage", JOBS)
def test_a_full_disk_is_told_and_leaves_no_half_file(stage, micro_copy, request):
    manifest = micro_copy.root / JOBS[stage][0]
    arguments = command(micro_copy, stage)
    manifest.unlink()
    done = micro_copy.run(*arguments, before=full_disk)
    outcome = outcome_of(done.returncode, done.stdout, ("free some space",), False)
    if manifest.exists() or list(manifest.parent.glob(".*.partial")):
        outcome = Outcome.SILENT
    record(request, outcome)
    assert outcome is Outcome.CLEAR_ERROR, done.stdout
    done = micro_copy.snakemake(JOBS[stage][0], "--cores", "1")
    assert done.returncode == 0, done.stdout


# Root may write anywhere, unless it gives that up.
POWERLESS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if not os.getuid() else []


@pytest.mark.parametrize("stage", JOBS)
def test_a_folder_that_is_not_ours_is_told(stage, micro_copy, request):
    folder = (micro_copy.root / JOBS[stage][0]).parent
    folder.chmod(0o555)
    done = micro_copy.run(*POWERLESS, *command(micro_copy, stage))
    folder.chmod(0o755)
    outcome = outcome_of(done.returncode, done.stdout, ("ermission denied", "writable"), False)
    record(request, outcome)
    assert outcome is Outcome.CLEAR_ERROR, done.stdout


@pytest.mark.parametrize("stage", JOBS)
def test_a_missing_package_is_told(stage, micro_run, request):
    """Without site-packages, as by a Python that is not the environment's."""
    bare, *arguments = command(micro_run, stage)
    done = micro_run.run(bare, "-S", *arguments)
    outcome = outcome_of(done.returncode, done.stdout, ("not installed", "type make"), False)
    record(request, outcome)
    assert outcome is Outcome.CLEAR_ERROR, done.stdout


@pytest.mark.parametrize(
    "spec", ["", "{}", "[]", "nope", '{"a": 1}', "null", "[" * 5000, '{"seed": 1e999}']
)
def test_a_spec_that_is_none_is_told(spec, micro_run, request):
    arguments = command(micro_run, "make_prompts")
    arguments[arguments.index("--spec") + 1] = spec
    done = micro_run.run(*arguments)
    outcome = outcome_of(done.returncode, done.stdout, ("--spec",), False)
    record(request, outcome)
    assert outcome in RIGHT, done.stdout


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "x"), "free some space"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "x"), "free some space"),
        (OSError(errno.EROFS, "Read-only file system", "x"), "writable"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "writable"),
        (Exception("I/O error: Permission denied (os error 13) at path x"), "writable"),
        (FileNotFoundError(errno.ENOENT, "No such file or directory", "x"), "x: No such file"),
        (OSError(errno.ESTALE, "Stale file handle", "x"), "x: Stale file handle"),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x"), "too long"),
        (MemoryError(), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "out of memory"),
        (ModuleNotFoundError("No module named 'torch.x'", name="torch.x"), "'torch'"),
        (KeyboardInterrupt(), "interrupted"),
        (ConfigError("a\x1b[31mb"), r"a\x1b[31mb"),
    ],
)
def test_a_known_failure_is_told(error, says):
    assert says in message_for(error)


@pytest.mark.parametrize(
    "error",
    [
        KeyError("a"),
        AssertionError(),
        RuntimeError("shapes"),
        ModuleNotFoundError("No module named 'subliminal.x'", name="subliminal.x"),
    ],
)
def test_a_bug_is_not_told_as_something_else(error):
    assert message_for(error) is None
