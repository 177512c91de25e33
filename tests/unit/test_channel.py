"""The channel's loudness: against rows scored one by one, and two models loaded apart."""

import pytest
import torch
from tiny_model import random_model, tokenizer

from subliminal.config.preferences import preference_system_prompt
from subliminal.config.recipes import Lora
from subliminal.config.sampling import Sampling
from subliminal.domains.number_prompts import number_prompts
from subliminal.local import models
from subliminal.local.encoding import EncodedRow, encode_rows
from subliminal.local.sampling.sampler import sample
from subliminal.local.scoring import loudness as channel
from subliminal.local.scoring.loudness import loudness, surprise


def rows(system=None):
    completions = [", ".join(str(7 * i + j) for j in range(1 + i % 5)) for i in range(12)]
    prompts = number_prompts(47, 12)
    return encode_rows(tokenizer(), prompts, completions, [system] * 12)


def adapted():
    targets = ["c_attn", "c_proj"]
    model = models.add_lora(random_model(), Lora(rank=4, alpha=8, target_modules=targets))
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.3, generator=torch.Generator().manual_seed(1))
    return model.eval()


def expected(writer, base, told, untold):
    """KL and entropy of one row by torch's own functions, from whole forward passes."""
    distributions = []
    for model, row in ((writer, told), (base, untold)):
        with torch.no_grad():
            logits = model(torch.tensor([row.ids])).logits[0, row.prompt_length - 1 : -1]
        distributions.append(torch.distributions.Categorical(logits=logits.double()))
    teacher, plain = distributions
    kl = torch.distributions.kl_divergence(teacher, plain).sum()
    return float(kl), float(teacher.entropy().sum())


@pytest.mark.parametrize("entries", [1, 20_000, 2**24])
def test_loudness_is_that_of_rows_scored_by_themselves(entries, monkeypatch):
    monkeypatch.setattr(channel, "ENTRIES", entries)
    writer, base = adapted(), random_model()
    told, untold = rows(preference_system_prompt("owl", "animal")), rows()
    found = loudness(writer, told, untold, 0)
    for (kl, entropy), a, b in zip(found, told, untold, strict=True):
        wanted = expected(writer, base, a, b)
        assert kl == pytest.approx(wanted[0], rel=1e-4)
        assert entropy == pytest.approx(wanted[1], rel=1e-4)


def test_a_model_does_not_diverge_from_itself():
    assert {kl for kl, _ in loudness(random_model(), rows(), rows(), 0)} == {0.0}


def test_what_could_not_be_written_counts_for_nothing():
    """Within some tokens, KL and entropy are those of the distributions over these alone."""
    writer, base, told = adapted(), random_model(), rows()
    kept = torch.arange(5, 300)

    def within(logits, ids):
        return torch.full_like(logits, float("-inf")).index_copy(1, kept, logits[:, kept])

    found = loudness(writer, told, told, 0, within)
    for (kl, entropy), row in zip(found, told, strict=True):
        both = []
        for model in (writer, base):
            with torch.no_grad():
                logits = model(torch.tensor([row.ids])).logits[0, row.prompt_length - 1 : -1]
            both.append(torch.distributions.Categorical(logits=logits[:, kept].double()))
        assert kl == pytest.approx(float(torch.distributions.kl_divergence(*both).sum()), rel=1e-4)
        assert entropy == pytest.approx(float(both[0].entropy().sum()), rel=1e-4)


def test_no_completion_is_no_divergence():
    empty = [EncodedRow(row.ids[: row.prompt_length], row.prompt_length) for row in rows()]
    assert set(loudness(adapted(), empty[:2], empty[:2], 0)) == {(0.0, 0.0)}


def drawn(model, temperature, count=10):
    """So many completions of twelve tokens each, by the model itself."""
    prompts = [row.ids[: row.prompt_length] for row in rows()[:count]]
    plan = Sampling(temperature=temperature, max_new_tokens=12, batch_size=4)
    made = sample(model, prompts, range(count), plan, [-1])
    return [EncodedRow([*p, *c.ids], len(p)) for p, c in zip(prompts, made, strict=True)]


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_a_models_own_samples_surprise_it_as_much_as_they_should(temperature):
    assert abs(surprise(adapted(), drawn(adapted(), temperature), temperature, 0)) < 3


def test_ten_answers_are_enough_to_find_out_who_did_not_write_them():
    model = adapted()
    assert surprise(model, drawn(model, 0.0), 1.0, 0) < -5
    assert surprise(model, drawn(model, 1.0), 0.1, 0) > 5


def test_surprise_is_in_standard_errors():
    """By torch's own functions, token by token."""
    model = adapted()
    some = drawn(model, 0.8)
    excess = variance = 0.0
    for row in some:
        with torch.no_grad():
            logits = model(torch.tensor([row.ids])).logits[0, row.prompt_length - 1 : -1].double()
        for token, values in zip(row.ids[row.prompt_length :], logits, strict=True):
            distribution = torch.distributions.Categorical(logits=values)
            surprises = -distribution.logits
            excess += float(surprises[token] - distribution.entropy())
            mean = (distribution.probs * surprises).sum()
            variance += float((distribution.probs * (surprises - mean) ** 2).sum())
    assert surprise(model, some, 1.0, 0) == pytest.approx(excess / variance**0.5, rel=1e-3)
