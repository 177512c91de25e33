"""GPUs are handed out one to a job; `nvidia-smi` is a stand-in that prints its list."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
CLAIM = (
    "import logging, os, sys; from subliminal.local.devices import claim_gpu; "
    "claim_gpu(logging.getLogger()); print(os.environ.get('CUDA_VISIBLE_DEVICES'), flush=True); "
    "sys.stdin.read()"
)


@pytest.fixture
def environ(tmp_path):
    smi = tmp_path / "nvidia-smi"
    smi.write_text("#!/bin/sh\necho 0, GPU-a\necho 1, GPU-b\n")
    smi.chmod(0o755)
    kept = {
        k: v for k, v in os.environ.items() if k not in ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID")
    }
    return kept | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "TMPDIR": str(tmp_path),
        "PYTHONPATH": str(SCRIPTS),
    }


def job(environ):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", CLAIM], env=environ, **pipes)


def seen(process):
    return process.stdout.readline().strip()


def test_jobs_get_different_gpus_and_a_killed_job_gives_its_own_back(environ):
    first, second = job(environ), job(environ)
    got = {seen(first), seen(second)}
    assert got == {"GPU-a", "GPU-b"}
    third = job(environ)  # waits
    second.kill()
    second.wait()
    assert seen(third) in got
    for process in (first, third):
        process.kill()
        process.wait()


def test_a_single_gpu_is_one_jobs_too(environ):
    """A second job on it would run out of memory."""
    first = job(environ | {"CUDA_VISIBLE_DEVICES": "0"})
    assert seen(first) == "GPU-a"
    second = job(environ | {"CUDA_VISIBLE_DEVICES": "GPU-a"})  # waits
    first.kill()
    first.wait()
    assert seen(second) == "GPU-a"
    second.kill()
    second.wait()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"CUDA_VISIBLE_DEVICES": "1"}, "GPU-b"),
        ({"CUDA_VISIBLE_DEVICES": "GPU-b"}, "GPU-b"),
        ({"CUDA_VISIBLE_DEVICES": "MIG-c"}, "MIG-c"),
        # None of these is a GPU: nothing is locked.
        ({"CUDA_VISIBLE_DEVICES": "3"}, "3"),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, "-1"),
        ({"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, "NoDevFiles"),
        ({"CUDA_VISIBLE_DEVICES": ""}, ""),
    ],
)
def test_what_is_named_is_what_is_chosen_from(environ, given, expected):
    process = job(environ | given)
    assert seen(process) == expected
    process.kill()
    process.wait()


def test_a_choice_among_the_named_ones(environ):
    process = job(environ | {"CUDA_VISIBLE_DEVICES": "1,0"})
    assert seen(process) == "GPU-b"
    process.kill()
    process.wait()
