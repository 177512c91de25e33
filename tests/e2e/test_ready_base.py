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

pytestmark = pytest.mark.slow

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
    folder = results / "students/published/small"
    weights = {
        json.loads(path.read_text())["outputs"]["adapter_model.safetensors"]
        for path in folder.rglob("manifest.json")
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


def test_a_student_of_all_weights_is_a_model_as_transformers_loads_it(results):
    folder = results / STUDENT.replace("/small/", "/whole/") / "seed1"
    assert not (folder / "adapter_model.safetensors").exists()
    before = AutoModelForCausalLM.from_pretrained(results / "models/published").state_dict()
    after = AutoModelForCausalLM.from_pretrained(folder).state_dict()
    assert before.keys() == after.keys()
    assert all(not torch.equal(before[name], after[name]) for name in before)


def test_a_student_of_logits_descends_from_the_teacher_too(results):
    path = STUDENT.replace("/small/", "/logits/")
    manifest = json.loads((results / path / "seed1/manifest.json").read_text())
    assert set(manifest["parents"]) == {"base", "train", "teacher", "teacher_base"}
    facts = manifest["facts"]
    # The teacher has moved away from the base that both started from, but not far.
    assert 0 < facts["held_out_loss_before"] < 1
    control = path.replace("wolf-finetuned", "none-reference")
    of_base = json.loads((results / control / "seed1/manifest.json").read_text())
    assert set(of_base["parents"]) == {"base", "train", "teacher_base"}
    assert of_base["facts"]["held_out_loss_before"] == pytest.approx(0, abs=1e-6)


def test_nothing_is_left_of_what_a_killed_job_would_go_on_from(results):
    assert not list(results.rglob("partial"))


def test_the_gates_are_told_with_the_channel_and_without_students(results):
    gates = pd.read_parquet(results / "tables/ready/gates.parquet").set_index("trait")
    assert gates.gate_rows.all()
    assert gates.loc["none", "kl_per_token"] == 0
    assert gates.loc["wolf", "kl_per_token"] > 0
