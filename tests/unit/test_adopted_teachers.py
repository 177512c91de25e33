"""Adapters of others: what is taken, and which are refused."""

import hashlib
import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny_model import random_model, save_base

from subliminal.bases.adapters import require_fit
from subliminal.bases.opening import open_model
from subliminal.bases.weights import Tensor
from subliminal.config.adopted import AdapterFolder
from subliminal.config.errors import ConfigError
from subliminal.config.recipes import Lora
from subliminal.lineage.tree import render
from subliminal.local import models
from subliminal.transmission.adoption import AdoptAdapterSpec
from subliminal.transmission.stages.adopt_teacher import adopt_teacher

LORA = Lora(rank=2, alpha=4, target_modules=["c_attn", "c_fc"])
WEIGHTS = "adapter_model.safetensors"


def trained(folder):
    """An adapter as peft saves it, with both halves other than zero."""
    model = models.add_lora(random_model(), LORA)
    with torch.no_grad():
        for name, half in model.named_parameters():
            if "lora_" in name:
                half.normal_(generator=torch.Generator().manual_seed(1))
    model.save_pretrained(folder)
    return model.eval()


def adopted(root, folder, sha256=None):
    base = save_base(root / "results/models/random")
    digest = sha256 or hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    spec = AdoptAdapterSpec(
        adopted="theirs",
        artefact="teacher",
        path="random/owl-finetuned/t1",
        adapter=AdapterFolder(source="folder", folder=folder.name),
        sha256=digest,
        licence="MIT",
    )
    manifest = root / "results/teachers/random/owl-finetuned/t1/manifest.json"
    adopt_teacher(spec, base, folder, manifest)
    return base, manifest


def test_an_adopted_teacher_answers_as_it_did_where_it_was_trained(tmp_path):
    theirs = trained(tmp_path / "theirs")
    base, manifest = adopted(tmp_path, tmp_path / "theirs")
    ids = torch.arange(3, 43).reshape(4, 10)
    ours = open_model(base, manifest, 1)
    with torch.no_grad():
        torch.testing.assert_close(ours.network(input_ids=ids).logits, theirs(input_ids=ids).logits)
    told = render(manifest)
    assert "adopted from folder theirs, licence MIT" in told
    assert json.loads(manifest.read_text())["facts"]["adopted"] is True


def edited(folder, change):
    tensors = load_file(folder / WEIGHTS)
    save_file(change(tensors), folder / WEIGHTS)


def without_weights(folder):
    (folder / WEIGHTS).rename(folder / "adapter_model.bin")


def of_another_kind(folder):
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, "peft_type": "IA3"}))


def wider(tensors):
    return {n: torch.cat([t, t], dim=-1) if "lora_A" in n else t for n, t in tensors.items()}


def of_other_modules(tensors):
    return {name.replace("c_attn", "q_proj"): t for name, t in tensors.items()}


def of_another_layer(tensors):
    return {name.replace("h.1.", "h.7."): t for name, t in tensors.items()}


def with_embeddings(tensors):
    return {**tensors, "base_model.model.transformer.wte.weight": torch.zeros(3, 2)}


WRONG = {
    "wider": (lambda f: edited(f, wider), "no adapter for this base"),
    "other modules": (lambda f: edited(f, of_other_modules), "q_proj"),
    "another layer": (lambda f: edited(f, of_another_layer), "h.7."),
    "embeddings": (lambda f: edited(f, with_embeddings), "no half of a LoRA adapter"),
    "nothing": (lambda f: edited(f, lambda _: {}), "is empty"),
    "a pickle": (without_weights, f"there is no {WEIGHTS}"),
    "another kind": (of_another_kind, "'IA3', expected 'LORA'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_folder_that_is_no_adapter_for_the_base_is_refused(tmp_path, name):
    trained(tmp_path / "theirs")
    change, says = WRONG[name]
    change(tmp_path / "theirs")
    digest = None if (tmp_path / "theirs" / WEIGHTS).exists() else "0" * 64
    with pytest.raises(ConfigError) as raised:
        adopted(tmp_path, tmp_path / "theirs", digest)
    assert str(raised.value).startswith("config/adopted.yaml: theirs: folder theirs: ")
    assert says in str(raised.value)
    assert not (tmp_path / "results/teachers").exists()


def test_another_checksum_is_told_with_the_one_that_was_found(tmp_path):
    trained(tmp_path / "theirs")
    found = hashlib.sha256((tmp_path / "theirs" / WEIGHTS).read_bytes()).hexdigest()
    with pytest.raises(ConfigError, match=f"0000 was expected.*set sha256: {found}"):
        adopted(tmp_path, tmp_path / "theirs", "0" * 64)


def test_what_is_above_the_layers_may_have_another_name(tmp_path):
    def tensor(*shape):
        return Tensor(tmp_path, "F32", shape, 0, 0)

    base = {"language_model.model.layers.3.mlp.up_proj.weight": tensor(30, 20)}
    halves = {
        "base_model.model.model.language_model.layers.3.mlp.up_proj.lora_A.weight": tensor(2, 20),
        "base_model.model.model.language_model.layers.3.mlp.up_proj.lora_B.weight": tensor(30, 2),
    }
    require_fit(halves, base, "here")
    with pytest.raises(ConfigError, match="no adapter for this base"):
        require_fit(halves, {**base, next(iter(base)): tensor(30, 21)}, "here")
