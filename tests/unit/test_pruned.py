"""GPT-2's logits at some positions equal those that transformers computes at all of them."""

import pytest
import torch
from tiny_model import random_model

from subliminal.config.recipes import Lora
from subliminal.local import models
from subliminal.local.pruned import gpt2_of, logits_at
from subliminal.local.training.merging import merge_where_cheaper

LORA = Lora(rank=32, alpha=32, target_modules=["c_attn", "c_proj", "c_fc"])


def batch():
    generator = torch.Generator().manual_seed(3)
    return torch.randint(0, 400, (5, 23), generator=generator)


def positions(kind):
    """Which positions are asked for, in rows that have none, some or all of them."""
    wanted = torch.zeros(5, 23, dtype=torch.bool)
    if kind == "completions":
        for row, (start, end) in enumerate([(4, 9), (0, 23), (22, 23), (10, 22), (3, 4)]):
            wanted[row, start:end] = True
    if kind == "scattered":
        wanted[0, [0, 7, 22]] = wanted[3, [1, 2]] = True
    if kind == "one":
        wanted[2, 5] = True
    return wanted


def model(adapters):
    base = random_model()
    with torch.no_grad():
        for parameter in base.parameters():
            parameter.normal_(std=0.2)
    if adapters == "none":
        return base
    adapted = models.add_lora(base, LORA)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.1)
    if adapters == "merged":
        assert merge_where_cheaper(adapted) == 8
    return adapted


@pytest.mark.parametrize("kind", ["completions", "scattered", "one"])
@pytest.mark.parametrize("adapters", ["none", "apart", "merged"])
def test_logits_are_those_of_transformers(adapters, kind):
    some, wanted = model(adapters), positions(kind)
    gpt2 = gpt2_of(some)
    assert gpt2 is not None
    with torch.no_grad():
        found = logits_at(gpt2, batch(), wanted)
        expected = some(input_ids=batch(), use_cache=False).logits[wanted]
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6 * float(expected.abs().max()))


def test_dropout_in_training_is_left_to_transformers():
    dropping = models.add_lora(random_model(), LORA.model_copy(update={"dropout": 0.1}))
    assert gpt2_of(dropping.eval()) is not None
    assert gpt2_of(dropping.train()) is None


def test_other_architectures_are_left_to_transformers():
    import transformers as t

    shape = {"vocab_size": 9, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1}
    assert gpt2_of(t.LlamaForCausalLM(t.LlamaConfig(**shape, num_attention_heads=2))) is None
