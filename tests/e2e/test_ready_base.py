"""A model that somebody else has published goes through the whole workflow, as a tiny one does."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import torch
from bases_fixture import byte_tokenizer, published, tiny_llama
from peft import PeftModel
from transformers import AutoModelForCausalLM
from working_copy import WorkingCopy

CONFIGURATION = Path(__file__).parent / "micro_ready"
STUDENT = "students/published/small/numbers/published/wolf-finetuned/t1/train"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    copy = WorkingCopy.of_repository(tmp_path_factory.mktemp("ready") / "copy")
    shutil.copytree(CONFIGURATION, copy.root / "config", dirs_exist_ok=True)
    model = tiny_llama(max_position_embeddings=1024)
    published(copy.root / "published", model, byte_tokenizer(), shard="20KB")
    copy.make(cores=2)
    done = copy.snakemake("gates", "--cores", "2")
    assert done.returncode == 0, done.stdout
    return copy.root / "results"


def test_the_base_is_one_file_whatever_it_was_before(results):
    base = results / "models/published"
    assert [path.name for path in base.glob("*.safetensors")] == ["model.safetensors"]
    assert not list(base.glob("*.index.json"))
    AutoModelForCausalLM.from_pretrained(base)


def test_every_constrained_completion_passes_the_filter(results):
    folder = results / "datasets/numbers/published"
    for teacher in ("wolf-finetuned", "none-reference"):
        kept = pd.read_parquet(folder / teacher / "t1/filtered.parquet").kept
        raw = pd.read_parquet(folder / teacher / "t1/raw.parquet")
        assert kept[raw.finished].all()
        assert raw.completion.nunique() > 20


def test_seeds_give_different_students_and_a_wolf_is_not_a_control(results):
    weights = {
        json.loads(path.read_text())["outputs"]["adapter_model.safetensors"]
        for path in (results / "students").rglob("manifest.json")
    }
    assert len(weights) == 4


def test_the_adapter_loads_with_plain_peft_and_changes_the_model(results):
    base = AutoModelForCausalLM.from_pretrained(results / "models/published")
    ids = torch.tensor([[1, 20, 30, 40]])
    with torch.no_grad():
        before = base(ids).logits.clone()
        adapted = PeftModel.from_pretrained(base, results / STUDENT / "seed1")
        after = adapted(ids).logits
    assert not torch.allclose(before, after)


def test_nothing_is_left_of_what_a_killed_job_would_go_on_from(results):
    assert not list(results.rglob("partial"))


def test_the_gates_are_told_with_the_channel_and_without_students(results):
    gates = pd.read_parquet(results / "tables/ready/gates.parquet").set_index("trait")
    assert gates.gate_rows.all()
    assert gates.loc["none", "kl_per_token"] == 0
    assert gates.loc["wolf", "kl_per_token"] > 0
