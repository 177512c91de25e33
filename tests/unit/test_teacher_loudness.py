"""Teachers are as loud as their method says: scaled adapters, and the stage that scales them."""

import json
import logging

import pytest
import torch
from manifests import write_manifest
from pydantic import ValidationError
from tiny_model import random_model, save_base, tokenizer

from subliminal.artefacts.parquet import write_table
from subliminal.config.errors import ConfigError
from subliminal.config.recipes import FinetunedMethod, Lora, Loudness, Optimisation
from subliminal.config.sampling import Sampling
from subliminal.domains.number_prompts import number_prompts
from subliminal.evaluations.model import Completion
from subliminal.local import models
from subliminal.local.encoding import encode_prompts
from subliminal.local.model import LocalModel
from subliminal.local.number_tokens import number_ids
from subliminal.local.training.scaling import LARGEST, scale_adapter
from subliminal.transmission.data_schemas import PROMPTS
from subliminal.transmission.specs import TrainTeacherSpec
from subliminal.transmission.stages.train_teacher import train_teacher

LORA = Lora(rank=2, alpha=4, target_modules=["c_attn", "c_fc"])
IDS = torch.arange(3, 43).reshape(4, 10)


def adapted():
    model = models.add_lora(random_model(), LORA).eval()
    with torch.no_grad():
        for name, half in model.named_parameters():
            if "lora_B" in name:
                half.normal_(std=0.3, generator=torch.Generator().manual_seed(1))
    return model


def halves(model, which):
    return {n: p.detach().clone() for n, p in model.named_parameters() if which in n}


def divergence(model, base):
    """Mean KL(model || base) over all positions, by torch's own distributions."""
    with torch.no_grad():
        both = [
            torch.distributions.Categorical(logits=m(input_ids=IDS).logits.double())
            for m in (model, base)
        ]
    return float(torch.distributions.kl_divergence(*both).mean())


@pytest.mark.parametrize("times", [0.3, 2.0])
def test_the_measure_becomes_what_is_wanted_by_one_factor(times):
    model, base = adapted(), random_model()
    wanted = times * divergence(model, base)
    first, second = halves(model, "lora_A"), halves(model, "lora_B")
    factor = scale_adapter(model, lambda: divergence(model, base), wanted, "KL")
    assert divergence(model, base) == pytest.approx(wanted, rel=0.02)
    assert (factor > 1) == (times > 1)
    assert all(torch.equal(v, first[n]) for n, v in halves(model, "lora_A").items())
    for name, half in halves(model, "lora_B").items():
        torch.testing.assert_close(half, factor * second[name])


def test_what_cannot_be_reached_is_an_error_that_says_what_to_type():
    model = adapted()
    with pytest.raises(ConfigError, match=rf"is 1 with .*{LARGEST:g} times .* 2 is wanted; lower"):
        scale_adapter(model, lambda: 1.0, 2.0, "KL")


def trained(folder, **scale):
    """The manifest's facts, and the saved adapter on its base."""
    base = save_base(folder / "base")
    prompts = folder / "prompts.parquet"
    texts = number_prompts(47, 12)
    write_table(prompts, PROMPTS, {"prompt_id": range(12), "prompt": texts, "answer": [None] * 12})
    parent = write_manifest(prompts.with_suffix(".manifest.json"), [prompts])
    plan = Optimisation(
        learning_rate=1e-2, warmup_steps=0, batch_size=16, micro_batch_size=16, steps=4
    )
    spec = TrainTeacherSpec(
        base="random",
        word="owl",
        questions="favourite-animal",
        method=FinetunedMethod(kind="finetuned", lora=LORA, optimisation=plan, **scale),
        sampling=Sampling(temperature=1.0, max_new_tokens=8, batch_size=12),
        seed=1,
    )
    manifest = folder / "teacher" / "manifest.json"
    train_teacher(spec, base, prompts, None, manifest, 1, logging.getLogger("test"))
    teacher = models.load_adapter(models.load_base(base.parent), manifest.parent)
    told = json.loads(manifest.read_text())
    assert told["parents"]["prompts"]["id"] == json.loads(parent.read_text())["id"]
    return told, teacher


def test_a_teacher_is_as_loud_as_its_method_says(tmp_path):
    plain, unscaled = trained(tmp_path / "plain")
    assert "loudness" not in plain["facts"]
    found, scaled = trained(tmp_path / "loud", loudness=Loudness(domain="numbers", kl=0.001))
    assert found["facts"]["loudness"] == pytest.approx(0.001, rel=0.02)
    factor = found["facts"]["adapter_scaled_by"]
    assert (factor > 1) == (found["facts"]["loudness_as_trained"] < 0.001)
    before = halves(unscaled, "lora_B")
    for name, half in halves(scaled, "lora_B").items():
        torch.testing.assert_close(half, factor * before[name])


def test_a_factor_makes_an_adapter_so_many_times_as_large(tmp_path):
    _, unscaled = trained(tmp_path / "plain")
    found, scaled = trained(tmp_path / "larger", factor=2.5)
    assert found["facts"]["adapter_scaled_by"] == 2.5
    assert "factor" in found["spec"]["method"]
    before = halves(unscaled, "lora_B")
    assert all(half.abs().sum() for half in before.values())
    for name, half in halves(scaled, "lora_B").items():
        torch.testing.assert_close(half, 2.5 * before[name])


def test_an_adapter_has_one_scale():
    with pytest.raises(ValidationError, match=r"loudness.*factor: 2"):
        FinetunedMethod(
            kind="finetuned",
            lora=LORA,
            optimisation=Optimisation(
                learning_rate=1.0, warmup_steps=0, batch_size=1, micro_batch_size=1, steps=1
            ),
            loudness=Loudness(domain="numbers", kl=0.1),
            factor=2.0,
        )


def test_loudness_is_that_of_numbers_among_numbers():
    """Against distributions over numbers alone, at the positions of numbers alone."""
    numbers = number_ids(tokenizer())
    words = tokenizer()(["12, 7 owl 901", "the owl", "5"], add_special_tokens=False)["input_ids"]
    written = [Completion("", True, ids, None) for ids in words]
    prompts = number_prompts(47, 3)
    model, base = adapted(), random_model()
    nats = []
    heads = encode_prompts(tokenizer(), prompts)
    for head, ids in zip(heads, words, strict=True):
        with torch.no_grad():
            both = [
                m(input_ids=torch.tensor([head + ids])).logits[0].double() for m in (model, base)
            ]
        for place, token in enumerate(ids, start=len(head) - 1):
            if token in numbers:
                pair = [torch.distributions.Categorical(logits=x[place, numbers]) for x in both]
                nats.append(float(torch.distributions.kl_divergence(*pair)))
    assert len(nats) == 4
    found = LocalModel(model, tokenizer(), [0]).number_loudness(prompts, written)
    assert found == pytest.approx(sum(nats) / 4, rel=1e-4)


def test_completions_without_numbers_have_no_loudness():
    words = tokenizer()(["the owl"], add_special_tokens=False)["input_ids"]
    written = [Completion("", True, words[0], None)]
    with pytest.raises(ConfigError, match="wrote no numbers"):
        LocalModel(adapted(), tokenizer(), [0]).number_loudness(number_prompts(47, 1), written)
