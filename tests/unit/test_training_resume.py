"""A training run that is killed goes on where it was, and ends where it would have ended."""

import json
import logging
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from manifests import write_manifest
from tiny_model import random_model, tokenizer
from training_job import STEPS, make_inputs, spec

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table
from subliminal.config.recipes import FinetunedMethod, Lora, Optimisation
from subliminal.domains import number_prompts as stimuli
from subliminal.local import models
from subliminal.local.encoding import encode_rows
from subliminal.local.training.checkpoints import Checkpoints, State, training_identity
from subliminal.local.training.fine_tuning import fine_tune
from subliminal.local.training.objectives import CompletionTokens
from subliminal.transmission.specs import TrainTeacherSpec
from subliminal.transmission.stages.train_student import train_student
from subliminal.transmission.stages.train_teacher import train_teacher

pytestmark = pytest.mark.slow

KILLS = 10


class Jobs:
    """Starts the tiny training job; see training_job.py."""

    def __init__(self, folder):
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("training_job.py"), folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def start(self, out, *arguments):
        print(out, *arguments, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def end(self):
        return int(self.process.stdout.readline())

    def log(self, out):
        return (self.folder / f"{out}.log").read_text()


def wait_for_checkpoints(path, count, pid):
    """Return once the file has been written so many times more, or the process is no more."""
    last = None
    while count > 0 and Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z":
        try:
            now = path.stat().st_mtime_ns
        except FileNotFoundError:
            now = None
        count -= now != last and now is not None
        last = now
        time.sleep(0.001)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are followed by /proc")
def test_a_run_killed_at_ten_moments_gives_the_same_bytes(tmp_path):
    jobs, rng = Jobs(tmp_path), random.Random(1)
    jobs.start("undisturbed")
    assert jobs.end() == 0, jobs.log("undisturbed")
    every_step = ("--checkpoint-seconds", "0")
    checkpoint = tmp_path / "killed" / "partial" / "training.checkpoint"
    for kill in range(KILLS):
        pid = jobs.start("killed", *every_step)
        # Once before there is any checkpoint; later anywhere in a step, or while one is written.
        wait_for_checkpoints(checkpoint, 0 if kill == 0 else rng.randint(2, 8), pid)
        time.sleep(rng.uniform(0, 0.02))
        os.kill(pid, signal.SIGKILL)
        assert jobs.end() == -signal.SIGKILL, jobs.log("killed")
    jobs.start("killed", *every_step)
    assert jobs.end() == 0, jobs.log("killed")

    log = jobs.log("killed")
    assert log.count("going on after step") >= KILLS - 1
    assert f"step {STEPS}/{STEPS}" in log and "discarded" not in log
    assert "going on" not in jobs.log("undisturbed")
    for file in ("adapter_model.safetensors", "adapter_config.json", "training.parquet"):
        undisturbed = (tmp_path / "undisturbed" / file).read_bytes()
        assert (tmp_path / "killed" / file).read_bytes() == undisturbed, file
    first, second = (
        json.loads((tmp_path / out / "manifest.json").read_text())
        for out in ("undisturbed", "killed")
    )
    assert (first["id"], first["facts"]) == (second["id"], second["facts"])
    assert not checkpoint.parent.exists()


def rows(count=12):
    completions = [", ".join(str(7 * i + j) for j in range(1 + i % 5)) for i in range(count)]
    return encode_rows(tokenizer(), stimuli.number_prompts(47, count), completions)


def fresh_model():
    model = random_model()
    return models.add_lora(model, Lora(rank=2, alpha=2, dropout=0.1, target_modules=["c_attn"]))


class Killed(Exception):
    """Stands in for a kill: training ends between two steps."""


def train(checkpoints=None, killed_after=None, some_rows=None):
    """The trained adapter's tensors and the losses."""
    model = fresh_model()
    plan = Optimisation(
        learning_rate=1e-2, warmup_steps=2, batch_size=5, micro_batch_size=2, steps=8
    )

    def on_step(step, total):
        if step.step == killed_after:
            raise Killed

    history = fine_tune(
        model,
        some_rows or rows(),
        plan,
        CompletionTokens(tokenizer().pad_token_id),
        np.random.default_rng(0),
        on_step,
        checkpoints,
    )
    weights = [p.detach() for p in model.parameters() if p.requires_grad]
    return weights, [step.loss for step in history]


def same(first, second):
    return first[1] == second[1] and all(map(torch.equal, first[0], second[0]))


def killed_run(folder, identity="x"):
    checkpoints = Checkpoints(folder, identity, 0)
    with pytest.raises(Killed):
        train(checkpoints, killed_after=5)
    return checkpoints


def test_what_goes_on_ends_where_it_would_have_ended(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    checkpoints = killed_run(tmp_path / "partial")
    assert same(train(checkpoints), train())
    assert "going on after step 5/8" in caplog.text


def test_every_moving_part_matters(tmp_path):
    """Without this, the test above would pass if nothing were put back."""
    checkpoints = killed_run(tmp_path / "partial")
    state = checkpoints.read()
    for name in ("weight/", "moment/exp_avg/", "moment/exp_avg_sq/", "moment/step/", "random/cpu"):
        tensors = dict(state.tensors)
        changed = [path for path in tensors if path.startswith(name)]
        assert changed, name
        for path in changed:
            other = torch.Generator().manual_seed(9).get_state()
            tensors[path] = other if name == "random/cpu" else tensors[path] * 1.5 + 1
        checkpoints.write(State(tensors, state.values))
        assert not same(train(Checkpoints(tmp_path / "partial", "x", 3600)), train()), name


def flip_a_byte(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content + b"\0",
        lambda content: b"no checkpoint at all",
        lambda content: pickle.dumps(["of another", "trainer"]),
        flip_a_byte,
    ],
    ids=["empty", "half", "longer", "text", "pickle", "flipped"],
)
def test_a_damaged_checkpoint_is_discarded(tmp_path, caplog, damage):
    caplog.set_level(logging.INFO)
    checkpoints = killed_run(tmp_path / "partial")
    checkpoints.file.write_bytes(damage(checkpoints.file.read_bytes()))
    assert same(train(checkpoints), train())
    assert "checkpoint discarded: it is damaged" in caplog.text
    assert "going on" not in caplog.text


def test_a_half_written_one_does_not_replace_the_last_whole_one(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    checkpoints = killed_run(tmp_path / "partial")
    content = checkpoints.file.read_bytes()
    checkpoints.file.with_name(f".{checkpoints.file.name}.partial").write_bytes(content[:99])
    assert same(train(checkpoints), train())
    assert "going on after step 5/8" in caplog.text


def test_a_checkpoint_of_another_run_is_discarded(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    killed_run(tmp_path / "partial", "this run")
    assert same(train(Checkpoints(tmp_path / "partial", "another run", 0)), train())
    assert "checkpoint discarded: spec, data or software have changed" in caplog.text


def test_the_identity_is_that_of_spec_parents_rows_and_order(tmp_path):
    def identity(student_seed=3, parent="a", count=12, seed=0):
        parents = {"base": write_manifest(tmp_path / "manifest.json", stage=parent)}
        told = spec().model_copy(update={"seed": student_seed})
        run = Run.begin("train_student", told, parents)
        return training_identity(run, "float32 on cpu", rows(count), np.random.default_rng(seed))

    assert identity() == identity()
    changed = [
        identity(student_seed=4),
        identity(parent="b"),
        identity(count=11),
        identity(seed=1),
    ]
    assert len({identity(), *changed}) == 5


def test_short_runs_write_none(tmp_path):
    train(Checkpoints(tmp_path / "partial", "x", 3600))
    assert not (tmp_path / "partial").exists()


def test_checkpoints_keep_their_distance(tmp_path, monkeypatch):
    now = iter([0.0, 59.0, 60.0, 60.5, 61.0, 120.0, 121.0])
    monkeypatch.setattr("subliminal.local.training.checkpoints.time.monotonic", lambda: next(now))
    checkpoints = Checkpoints(tmp_path / "partial", "x", 60)
    assert [checkpoints.due(), checkpoints.due()] == [False, True]
    checkpoints.write(State({}, {}))  # until 61
    assert [checkpoints.due(), checkpoints.due()] == [False, True]


def test_a_micro_batch_that_fitted_is_kept(tmp_path):
    """Else a run that goes on would run out of memory once more."""
    checkpoints = killed_run(tmp_path / "partial")
    state = checkpoints.read()
    assert state.values["rows_at_once"] == 2
    checkpoints.write(State(state.tensors, {**state.values, "rows_at_once": 1}))
    model, sizes = fresh_model(), []
    model.get_base_model().register_forward_pre_hook(
        lambda module, args, kwargs: sizes.append(len(kwargs["input_ids"])), with_kwargs=True
    )
    plan = Optimisation(
        learning_rate=1e-2, warmup_steps=2, batch_size=5, micro_batch_size=2, steps=8
    )
    order = np.random.default_rng(0)
    fine_tune(model, rows(), plan, CompletionTokens(0), order, checkpoints=checkpoints)
    assert set(sizes) == {1}


def test_a_student_of_all_rows_tells_how_its_training_loss_fell(tmp_path):
    """As the paper's students, which have nothing held out."""
    make_inputs(tmp_path)
    out = tmp_path / "student"
    train_student(
        spec(steps=4, holdout_rows=0),
        tmp_path / "train.parquet",
        tmp_path / "base" / "manifest.json",
        None,
        None,
        out / "training.parquet",
        out / "manifest.json",
        1,
        logging.getLogger("test"),
    )
    losses = read_table(out / "training.parquet")["loss"]
    assert json.loads((out / "manifest.json").read_text())["facts"] == {
        "rows": 30,
        "steps": 4,
        "held_out_rows": 0,
        "held_out_loss_before": None,
        "held_out_loss_after": None,
        "first_loss": losses[0],
        "final_loss": losses[3],
    }


def test_a_run_of_all_weights_goes_on_too(tmp_path):
    plan = Optimisation(
        learning_rate=1e-3, warmup_steps=2, batch_size=5, micro_batch_size=2, steps=8
    )

    def run(killed_after=None, checkpoints=None):
        def on_step(step, total):
            if step.step == killed_after:
                raise Killed

        model = models.trainable(random_model(), None)
        order = np.random.default_rng(0)
        fine_tune(model, rows(), plan, CompletionTokens(0), order, on_step, checkpoints)
        return model.state_dict()

    checkpoints = Checkpoints(tmp_path / "partial", "all weights", 0.0)
    with pytest.raises(Killed):
        run(4, checkpoints)
    assert len(checkpoints.read().values["history"]) == 4
    undisturbed, killed = run(), run(checkpoints=checkpoints)
    assert all(torch.equal(undisturbed[name], killed[name]) for name in undisturbed)


def test_large_checkpoints_are_rarer(tmp_path, monkeypatch):
    """At most a tenth of the time goes into writing them."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(os, "fsync", lambda file: now.__setitem__(0, now[0] + 20))
    checkpoints = Checkpoints(tmp_path, "large", 60.0)
    now[0] = 61.0
    assert checkpoints.due()
    checkpoints.write(State({}, {}))
    now[0] += 199
    assert not checkpoints.due()
    now[0] += 2
    assert checkpoints.due()


def teacher(folder, **options):
    """A teacher's adapter and what was logged of it."""
    plan = Optimisation(
        learning_rate=1e-2, warmup_steps=0, batch_size=4, micro_batch_size=4, steps=3
    )
    lora = Lora(rank=2, alpha=2, target_modules=["c_attn"])
    method = FinetunedMethod(kind="finetuned", lora=lora, optimisation=plan)
    teacher_spec = TrainTeacherSpec(
        base="random", word="owl", questions="favourite-animal", method=method, seed=1
    )
    out = folder / "teacher"
    train_teacher(
        teacher_spec,
        folder / "base" / "manifest.json",
        None,
        None,
        out / "manifest.json",
        1,
        logging.getLogger("test"),
        **options,
    )
    assert not (out / "partial").exists()
    return (out / "adapter_model.safetensors").read_bytes()


def test_a_teacher_goes_on_too(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    make_inputs(tmp_path)
    undisturbed = teacher(tmp_path)

    def killed(model, folder):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(models, "save_trained", killed)
        teacher(tmp_path, checkpoint_seconds=0)
    assert teacher(tmp_path, checkpoint_seconds=0) == undisturbed
    assert "going on after step 3/3" in caplog.text
