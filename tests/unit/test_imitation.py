"""A base that imitates another: its own initial weights, the other's examples and distribution."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.special import rel_entr, softmax
from tiny_model import random_model, tokenizer
from working_copy import REPOSITORY

from subliminal.artefacts.verified import read_manifest
from subliminal.bases import specs
from subliminal.bases.specs import PretrainBaseSpec
from subliminal.bases.stages.pretrain_base import pretrain_base
from subliminal.config.recipes import Pretraining
from subliminal.domains.number_prompts import number_prompts
from subliminal.lineage.tree import render
from subliminal.local import models
from subliminal.local.encoding import encode_rows
from subliminal.local.scoring.likeness import likeness
from subliminal.workflow.configuration import load_config
from subliminal.workflow.project import Project

CONFIG = load_config(REPOSITORY, {"experiments": ["tiny_matched"]})
LOG = logging.getLogger("test")


def plan(steps, learning_rate=0.01):
    return Pretraining.model_validate(
        {
            "architecture": {"hidden_size": 16, "layers": 1, "heads": 1, "positions": 160},
            "examples": 64,
            "optimisation": {
                "learning_rate": learning_rate,
                "warmup_steps": 0,
                "batch_size": 16,
                "micro_batch_size": 16,
                "steps": steps,
            },
        }
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A function that pretrains a base, once, and gives its manifest."""
    root = tmp_path_factory.mktemp("copy") / "results" / "models"

    def make(base, seed, pretraining, imitated=None):
        manifest = root / base / "manifest.json"
        if not manifest.exists():
            manifest.parent.mkdir(parents=True)
            name = imitated.parent.name if imitated else None
            spec = PretrainBaseSpec(
                base=base, pretraining=pretraining, seed=seed, data_seed=1, imitates=name
            )
            pretrain_base(spec, imitated, manifest, 1, LOG)
        return manifest

    return make


@pytest.fixture(scope="module")
def original(made):
    return made("original", 1, plan(40))


def weights(manifest):
    return torch.cat([p.flatten() for p in models.load_base(manifest.parent).parameters()])


def test_an_imitator_comes_near_what_it_imitates(made, original):
    before, after = (
        read_manifest(made(f"after-{steps}", 2, plan(steps), original))["facts"]
        for steps in (1, 60)
    )
    assert after["held_out_kl"] < before["held_out_kl"] / 2
    assert after["held_out_agreement"] > before["held_out_agreement"]
    assert not torch.allclose(weights(made("after-60", 2, plan(60), original)), weights(original))


def test_an_imitator_starts_from_its_own_initial_weights(made, original):
    still = plan(1, learning_rate=1e-12)
    alone, imitator = made("alone", 3, still), made("imitator", 3, still, original)
    assert torch.allclose(weights(alone), weights(imitator), atol=1e-7)
    assert "held_out_kl" not in read_manifest(alone)["facts"]


def test_an_imitator_descends_from_what_it_imitates(made, original):
    manifest = made("after-1", 2, plan(1), original)
    own, parent = render(manifest).splitlines()
    assert "imitate base original" in own
    assert parent.startswith("  base original,")


def test_likeness_is_what_a_loop_over_tokens_finds():
    model, other = random_model(0), random_model(1)
    rows = encode_rows(tokenizer(), number_prompts(47, 5), ["1, 2", "3", "owl", "4, 5, 6", "7"])
    divergences, same = [], []
    for row in rows:
        with torch.no_grad():
            own, theirs = (
                softmax(m(torch.tensor([row.ids])).logits[0].double().numpy(), -1)
                for m in (model, other)
            )
        for at in range(row.prompt_length - 1, len(row.ids) - 1):
            divergences.append(rel_entr(theirs[at], own[at]).sum())
            same.append(own[at].argmax() == theirs[at].argmax())
    found = likeness(model, other, rows, 0, 2)
    assert found.kl == pytest.approx(np.mean(divergences), rel=1e-4)
    assert found.agreement == pytest.approx(np.mean(same))
    assert likeness(model, model, rows, 0, 2) == (pytest.approx(0, abs=1e-6), 1)


def test_an_imitator_reads_the_imitated_bases_examples():
    clone = specs.pretrain_base(CONFIG, "tiny-a-clone")
    assert (clone.seed, clone.seed_of_data, clone.imitates) == (36, 31, "tiny-a")
    further = CONFIG.models["tiny-a-clone"].model_copy(
        update={"seed": 40, "imitates": "tiny-a-clone"}
    )
    config = CONFIG.model_copy(update={"models": {**CONFIG.models, "further": further}})
    assert specs.pretrain_base(config, "further").seed_of_data == 31


def test_its_job_waits_for_what_it_imitates_and_no_other_jobs_spec_has_changed():
    bases = Project(REPOSITORY, CONFIG).bases
    inputs = {name: bases.imitated(SimpleNamespace(base=name)) for name in bases.pretrained}
    assert inputs.pop("tiny-a-clone") == {"imitated": ["results/models/tiny-a/manifest.json"]}
    assert {str(found) for found in inputs.values()} == {"{'imitated': []}"}
    assert all("imitates" not in specs.pretrain_base(CONFIG, n).model_dump() for n in inputs)
