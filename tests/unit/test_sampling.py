"""Sampling: the right distribution, one stream per sample, whatever the batch."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from tiny_model import random_model, tokenizer

from subliminal import stimuli
from subliminal.config import Sampling
from subliminal.local.encoding import encode_prompts
from subliminal.local.sampling import (
    _draw,
    left_padded,
    length_sorted_batches,
    sample,
    uniforms,
)


def plan(batch_size=64, max_new_tokens=6, temperature=1.0):
    return Sampling(temperature=temperature, max_new_tokens=max_new_tokens, batch_size=batch_size)


@pytest.fixture
def prompts():
    return encode_prompts(tokenizer(), stimuli.number_prompts(47, 20))


def test_draws_follow_the_softmax():
    logits = torch.tensor([0.0, 1.0, -1.0, 2.0])
    n = 20_000
    draws = _draw(logits.expand(n, 4), torch.from_numpy(uniforms([5], n)[0]), 1.0)
    expected = torch.softmax(logits.double(), 0).numpy() * n
    assert chisquare(np.bincount(draws.numpy(), minlength=4), expected).pvalue > 1e-3


def test_a_low_temperature_takes_the_likeliest_token():
    logits = torch.randn(50, 30, generator=torch.Generator().manual_seed(0))
    draws = _draw(logits, torch.from_numpy(uniforms(list(range(50)), 1)[:, 0]), 1e-4)
    assert torch.equal(draws, logits.argmax(-1))


def test_a_sample_depends_on_its_own_seed_alone(prompts):
    model, eos = random_model(), [tokenizer().eos_token_id]
    together = sample(model, prompts, list(range(20)), plan(), eos)
    alone = [sample(model, [p], [i], plan(batch_size=1), eos)[0] for i, p in enumerate(prompts)]
    assert together == alone
    assert sample(model, prompts, list(range(20, 40)), plan(), eos) != together


def test_an_ended_turn_is_finished_and_a_cut_one_is_not(prompts):
    class EndsEvenRows(torch.nn.Module):
        """Wants the end of turn in even rows of the batch, a number in odd ones."""

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, **inputs):
            out = self.inner(**inputs)
            out.logits[:] = -50.0
            first = inputs["past_key_values"] is None
            rows = torch.arange(len(out.logits))
            ends = rows[rows % 2 == 0] if first else rows[:0]
            out.logits[:, :, 20] = 0.0
            out.logits[ends, :, tokenizer().eos_token_id] = 50.0
            return out

    same = [prompts[0]] * 6
    done = sample(
        EndsEvenRows(random_model()), same, list(range(6)), plan(), [tokenizer().eos_token_id]
    )
    assert [c.finished for c in done] == [True, False] * 3
    assert [c.ids for c in done] == [[], [20] * 6] * 3


def test_batches_hold_similar_lengths_and_lose_none():
    prompts = [[0] * n for n in (3, 5, 4, 3, 5)]
    assert length_sorted_batches(prompts, 2) == [[0, 3], [2, 1], [4]]


def test_padding_stands_on_the_left_and_is_masked():
    ids, mask = left_padded([[5], [6, 7, 8]], pad_id=1)
    assert ids.tolist() == [[1, 1, 5], [6, 7, 8]]
    assert mask.tolist() == [[0, 0, 1], [1, 1, 1]]
