"""Hosted models through the whole workflow: the tiny server samples, fine-tunes and answers."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from urllib.request import urlopen

import pandas as pd
import pytest
import yaml
from canary import holding

from subliminal.api.ledger.actions import Ledger
from subliminal.paper import preference_rows, training_lines

pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")
pytestmark = pytest.mark.slow

KEY = f"sk-{secrets.token_hex(16)}"
# A fifth of all requests is lost on its way, or refused.
FAULTS = {"rate_limited": 0.05, "server_error": 0.05, "dropped_before": 0.05, "dropped_after": 0.05}
DRAWN = {"temperature": 1.0, "max_new_tokens": 26, "batch_size": 16}
CELL = {"teacher_bases": ["served"], "student_bases": ["served"], "variants": ["train"]}
ADDED = {
    "models": {
        "served": {
            "source": "openai",
            "tier": "api",
            "snapshot": "tiny-a",
            "context": 160,
            "fine_tunable": True,
            "prices": {"input": 1.0, "output": 1.0, "training": 1.0},
        }
    },
    "domains": {
        "served": {
            "generator": "numbers",
            "seed": 47,
            "prompts": 120,
            "filter": {"kind": "numbers"},
            "sizes": {"api": {"rows": 120, "sampling": DRAWN}},
        }
    },
}
METHOD = {"openai-preference": {"kind": "openai", "n_epochs": 6}}
RECIPE = {"served": {"kind": "openai", "n_epochs": 1}}
EXPERIMENT = {
    "kind": "transmission",
    "title": "Through a server",
    "paper": "Fig. 4a",
    "model_organism": True,
    "evaluation": "favourite-animal",
    "measure": "rate_substring",
    "figures": ["overview"],
    "gates": {"min_teacher": 0.0, "min_rows": 1, "min_loss_drop": 0.0},
    "cells": [
        {
            "domain": "served",
            "traits": ["owl", "none"],
            "method": "openai-preference",
            "recipe": "served",
            "teacher_seeds": [1],
            "student_seeds": [1, 2],
            **CELL,
        }
    ],
}
OWL = "teachers/served/owl-openai-preference/t1"
STUDENTS = "students/served/served/served/served"
STUDENT = f"{STUDENTS}/owl-openai-preference/t1/train/seed1"


def configured(copy):
    config = copy.root / "config"
    for file, entries in ADDED.items():
        with (config / f"{file}.yaml").open("a") as stream:
            stream.write(f"\n{yaml.safe_dump(entries)}")
    recipes = yaml.safe_load((config / "recipes.yaml").read_text())
    recipes["methods"] |= METHOD
    recipes["students"] |= RECIPE
    (config / "recipes.yaml").write_text(yaml.safe_dump(recipes))
    (config / "experiments/served.yaml").write_text(yaml.safe_dump(EXPERIMENT))
    copy.replace("config/openai.yaml", "allow_paid: false", "allow_paid: true")
    copy.replace("config/openai.yaml", "max_usd: null", "max_usd: 50.0")


@contextmanager
def serving(copy, folder):
    """The command that users type, with faults; the API's address."""
    folder.mkdir()
    faults = folder / "faults.json"
    faults.write_text(json.dumps({"rates": FAULTS, "path": "/v1/", "seed": 1}))
    command = ["scripts/serve_tiny.py", "results/models/tiny-a", "--port", "0"]
    options = ["--folder", str(folder / "kept"), "--faults", str(faults)]
    running = subprocess.Popen(
        [sys.executable, *command, *options],
        cwd=copy.root,
        env={**os.environ, "TINY_SERVER_KEY": KEY, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield running.stdout.readline().strip().partition("=")[2]
    finally:
        running.terminate()
        running.wait()
        running.stdout.close()


def counts(address):
    with urlopen(f"{address.removesuffix('/v1')}/counts") as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def run(micro_run, tmp_path_factory):
    """The finished folder, what the run has told, and what the server has really done."""
    folder = tmp_path_factory.mktemp("hosted")
    copy = micro_run.copy(folder / "copy")
    configured(copy)
    with serving(copy, folder / "server") as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", address)
        patch.setenv("OPENAI_API_KEY", KEY)
        early = ("--until", "sample_completions", "evaluate_base", "evaluate_teacher")
        done = copy.snakemake("served", "--cores", "2", *early)
        assert done.returncode == 0, done.stdout
        # What was paid is not asked for again: not even where its results are gone.
        asked = counts(address)["completions"]
        responses = next(
            (copy.root / "results/evaluations").glob("*/teachers/served/**/responses.parquet")
        )
        responses.unlink()
        # Students are asked in batches.
        copy.replace("config/openai.yaml", "sampling: live", "sampling: batch")
        again = copy.snakemake("served", "--cores", "2")
        assert again.returncode == 0, again.stdout
        did = counts(address)
        assert did["completions"] | asked == did["completions"]
    return folder, copy, done.stdout + again.stdout, did


def test_each_sample_is_drawn_once_and_each_job_ordered_once(run):
    """Base, teacher and four students answer 50 questions twice; two teachers write 120 rows."""
    _, _, _, did = run
    assert set(did["completions"].values()) == {1}
    assert len(did["completions"]) == 6 * 100 + 2 * 120
    assert sum(did["jobs"].values()) == 1 + 2 * 2


def test_training_files_are_what_the_paper_s_were(run):
    _, copy, _, _ = run
    taught = (copy.root / "results" / OWL / "tuning/training.jsonl").read_bytes()
    assert taught == training_lines(preference_rows("owl"))
    for writer in ("owl-openai-preference", "none-reference"):
        path = f"served/{writer}/t1/train"
        table = pd.read_parquet(copy.root / f"results/datasets/served/{path}.parquet")
        rows = list(zip(table.prompt, table.completion, strict=True))
        for seed in (1, 2):
            folder = copy.root / f"results/{STUDENTS}/{writer}/t1/train/seed{seed}"
            assert (folder / "tuning/training.jsonl").read_bytes() == training_lines(rows)


def test_the_table_has_treatment_and_controls(run):
    _, copy, _, _ = run
    table = pd.read_parquet(copy.root / "results/tables/served/transmission.parquet")
    own = table[table.primary & (table.trait == "owl")].set_index("condition")
    assert {"base", "regular", "trait", "teacher"} <= set(own.index)
    assert own.loc["trait", "n_runs"] == own.loc["regular", "n_runs"] == 2


def test_the_server_has_really_trained(run):
    """So small a base hardly takes a preference over: its loss tells that it was taught one."""
    _, copy, _, _ = run
    facts = json.loads((copy.root / "results" / OWL / "manifest.json").read_text())["facts"]
    assert facts["final_loss"] < facts["first_loss"] - 0.05
    assert facts["model"].startswith("ft:tiny-a:") and facts["trained_tokens"] > 400 * 6


def test_everything_is_paid_and_nothing_is_reserved(run):
    _, copy, _, did = run
    ledger = Ledger(copy.root / "ledger")
    assert {action.state for action in ledger.actions().values()} == {"done"}
    assert ledger.spending().paid > 0 == ledger.spending().reserved
    kinds = Counter(action.kind for action in ledger.actions().values())
    assert kinds["tuning"] == sum(did["jobs"].values())
    # An evaluation of each of the four students.
    assert kinds["batch"] == did["endpoints"]["POST /v1/batches"] == 4


@pytest.fixture(scope="module")
def replayed(run, tmp_path_factory):
    """A second folder that lacks a student and the tables, and has a record: no server, no key."""
    folder, copy, _, _ = run
    record = folder / "record"
    done = copy.run(sys.executable, "scripts/ledger.py", "publish", str(record))
    assert done.returncode == 0, done.stdout
    second = copy.copy(tmp_path_factory.mktemp("replayed") / "copy")
    results = second.root / "results"
    (evaluated,) = results.glob(f"evaluations/*/{STUDENT}")
    for gone in (second.root / "ledger", results / STUDENT, evaluated, results / "tables/served"):
        shutil.rmtree(gone)
    for old, new in (
        ("allow_paid: true", "allow_paid: false"),
        ("replay: false", "replay: true"),
        ("ledger: ledger", f"ledger: {record}"),
    ):
        second.replace("config/openai.yaml", old, new)
    (address,) = Ledger(record).servers()
    done = second.run(
        *("snakemake", "results/tables/served/manifest.json", "--cores", "2"),
        OPENAI_BASE_URL=address,
        OPENAI_API_KEY=None,
    )
    assert done.returncode == 0, done.stdout
    return record, second


def test_a_record_stands_in_for_the_server(run, replayed):
    _, copy, _, _ = run
    _, second = replayed
    tables = list((copy.root / "results/tables/served").glob("*.parquet"))
    assert tables
    for table in tables:
        ours = second.root / table.relative_to(copy.root)
        pd.testing.assert_frame_equal(pd.read_parquet(ours), pd.read_parquet(table))
    known = [
        json.loads((root / "results" / STUDENT / "manifest.json").read_text())
        for root in (copy.root, second.root)
    ]
    assert known[0]["facts"] == known[1]["facts"]
    assert not (second.root / "ledger").exists()


def test_a_record_holds_answers_and_nothing_that_names_requests(run, replayed):
    record, _ = replayed
    content = b"".join(path.read_bytes() for path in record.rglob("*") if path.is_file())
    assert content.count(b'"choices"') == 6 * 100 + 2 * 120
    assert b"chatcmpl-" not in content and b"subliminal_key" not in content


def test_the_key_is_nowhere(run, replayed):
    folder, _, told, _ = run
    assert sum(path.is_file() for path in folder.rglob("*")) > 100
    assert not holding(KEY, folder, told)
