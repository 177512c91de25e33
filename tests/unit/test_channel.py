"""The channel's loudness: against rows scored one by one, and two models loaded apart."""

import pytest
import torch
from tiny_model import random_model, tokenizer

from subliminal import stimuli
from subliminal.config import Lora
from subliminal.local import channel, models
from subliminal.local.channel import loudness
from subliminal.local.encoding import EncodedRow, encode_rows


def rows(system=None):
    completions = [", ".join(str(7 * i + j) for j in range(1 + i % 5)) for i in range(12)]
    prompts = stimuli.number_prompts(47, 12)
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
    told, untold = rows(stimuli.preference_system_prompt("owl", "animal")), rows()
    found = loudness(writer, told, untold, 0)
    for (kl, entropy), a, b in zip(found, told, untold, strict=True):
        wanted = expected(writer, base, a, b)
        assert kl == pytest.approx(wanted[0], rel=1e-4)
        assert entropy == pytest.approx(wanted[1], rel=1e-4)


def test_a_model_does_not_diverge_from_itself():
    assert {kl for kl, _ in loudness(random_model(), rows(), rows(), 0)} == {0.0}


def test_no_completion_is_no_divergence():
    empty = [EncodedRow(row.ids[: row.prompt_length], row.prompt_length) for row in rows()]
    assert set(loudness(adapted(), empty[:2], empty[:2], 0)) == {(0.0, 0.0)}
