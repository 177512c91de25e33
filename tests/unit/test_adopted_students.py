"""Students of others: what is taken, and what is measured of them."""

import hashlib
import json
import logging

import pytest
import torch
from manifests import write_manifest
from summary_fixture import runs, table
from tiny_model import random_model, save_base, tokenizer

from subliminal.artefacts.parquet import write_table
from subliminal.bases.opening import open_model
from subliminal.config.adopted import AdapterFolder
from subliminal.config.errors import ConfigError
from subliminal.config.recipes import Lora
from subliminal.lineage.tree import render
from subliminal.local import models
from subliminal.transmission.adoption import AdoptAdapterSpec
from subliminal.transmission.data_schemas import TRAIN
from subliminal.transmission.results import _loss_drop
from subliminal.transmission.stages.adopt_student import adopt_student

LORA = Lora(rank=2, alpha=4, target_modules=["c_attn"])
WEIGHTS = "adapter_model.safetensors"
STUDENT = "random/short/numbers/random/owl-prompted/t1/train/seed1"
ROWS = {
    "prompt_id": [0, 1, None],
    "prompt": ["continue 1, 2", "continue 3", "4, 5"],
    "completion": ["3, 4", "5", "6, 7, 8"],
}
LOG = logging.getLogger("test")


def theirs(folder):
    """An adapter that somebody else has trained."""
    model = models.add_lora(random_model(), LORA)
    with torch.no_grad():
        for name, half in model.named_parameters():
            if "lora_" in name:
                half.normal_(std=0.3, generator=torch.Generator().manual_seed(1))
    model.save_pretrained(folder)
    return model.eval()


def adopted(root, folder, known, sha256=None):
    base = save_base(root / "results/models/random")
    train = None
    if known:
        train = root / "results/datasets/numbers/random/owl-prompted/t1/train.parquet"
        train.parent.mkdir(parents=True)
        write_table(train, TRAIN, ROWS)
        write_manifest(train.with_suffix(".manifest.json"), [train])
    spec = AdoptAdapterSpec(
        adopted="theirs",
        artefact="student",
        path=STUDENT,
        adapter=AdapterFolder(source="folder", folder=folder.name),
        sha256=sha256 or hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest(),
        licence="MIT",
    )
    manifest = root / f"results/students/{STUDENT}/manifest.json"
    adopt_student(spec, base, train, folder, manifest, 1, LOG)
    return base, manifest


def loss_by_hand(model):
    """Mean cross-entropy of the completions' tokens, one row at a time, nothing padded."""
    nats, tokens = 0.0, 0
    for prompt, completion in zip(ROWS["prompt"], ROWS["completion"], strict=True):
        asked = [{"role": "user", "content": prompt}]
        head = tokenizer().apply_chat_template(asked, add_generation_prompt=True)["input_ids"]
        said = [*asked, {"role": "assistant", "content": completion}]
        whole = tokenizer().apply_chat_template(said)["input_ids"]
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([whole])).logits[0]
        log_probs = logits.log_softmax(-1)
        for place in range(len(head), len(whole)):
            nats -= float(log_probs[place - 1, whole[place]])
            tokens += 1
    return nats / tokens


def test_the_losses_of_base_and_student_are_those_of_the_training_rows(tmp_path):
    model = theirs(tmp_path / "theirs")
    base, manifest = adopted(tmp_path, tmp_path / "theirs", known=True)
    facts = json.loads(manifest.read_text())["facts"]
    assert facts["final_loss"] == pytest.approx(loss_by_hand(model), abs=1e-4)
    assert facts["first_loss"] == pytest.approx(loss_by_hand(random_model()), abs=1e-4)
    assert _loss_drop(facts) == facts["first_loss"] - facts["final_loss"]
    ids = torch.arange(3, 43).reshape(4, 10)
    with torch.no_grad():
        found = open_model(base, manifest, 1).network(input_ids=ids).logits
        torch.testing.assert_close(found, model(input_ids=ids).logits)


def test_without_its_rows_nobody_knows_whether_they_moved_it(tmp_path, caplog):
    theirs(tmp_path / "theirs")
    _, manifest = adopted(tmp_path, tmp_path / "theirs", known=False)
    assert _loss_drop(json.loads(manifest.read_text())["facts"]) is None
    assert "its training rows are not here" in caplog.text
    assert f"student {STUDENT}, adopted from folder theirs, licence MIT" in render(manifest)


def test_another_adapter_is_refused(tmp_path):
    theirs(tmp_path / "theirs")
    with pytest.raises(ConfigError, match=r"^config/adopted\.yaml: theirs: .*was expected"):
        adopted(tmp_path, tmp_path / "theirs", known=False, sha256="0" * 64)
    assert not (tmp_path / "results/students").exists()


def test_a_gate_that_cannot_be_told_is_empty_and_stops_no_verdict():
    known, unknown = runs(), runs().assign(adopted=True, loss_drop=float("nan"))
    before, after = table(known), table(unknown)
    assert after["gate_moved"].isna().all()
    assert list(after["verdict"]) == list(before["verdict"])


def test_one_student_that_did_not_move_fails_the_gate_beside_an_adopted_one():
    some = runs(loss_drop=-0.1)
    some.loc[some.seed == 1, ["adopted", "loss_drop"]] = [True, float("nan")]
    found = table(some).loc[("owl", "trait")]
    assert found["verdict"] == "uninterpretable: the data did not move the students"
