"""Sampling: the right distribution, one stream per sample, whatever the batch."""

import logging

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from tiny_model import random_model, tokenizer

from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling
from subliminal.domains import number_prompts as stimuli
from subliminal.local.encoding import encode_prompts
from subliminal.local.sampling.draws import PIECE, draw, uniforms
from subliminal.local.sampling.sampler import batches, sample

VOCABULARY = 97
SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 64,
    # Wide enough for a random model to have likely and unlikely tokens.
    "initializer_range": 0.5,
}
# Shorter than the rows, so that it matters.
WINDOW = {"sliding_window": 6, "layer_types": ["sliding_attention", "full_attention"]}


def plan(batch_size=64, max_new_tokens=6, temperature=1.0, **more):
    return Sampling(
        temperature=temperature, max_new_tokens=max_new_tokens, batch_size=batch_size, **more
    )


def random_base(name):
    import transformers as t

    torch.manual_seed(0)
    make = {
        "gpt2": lambda: t.GPT2LMHeadModel(
            t.GPT2Config(
                vocab_size=VOCABULARY,
                n_embd=32,
                n_layer=2,
                n_head=2,
                n_positions=64,
                initializer_range=0.5,
            )
        ),
        "llama": lambda: t.LlamaForCausalLM(t.LlamaConfig(**SHAPE)),
        "qwen2": lambda: t.Qwen2ForCausalLM(t.Qwen2Config(**SHAPE)),
        "gemma": lambda: t.GemmaForCausalLM(t.GemmaConfig(**SHAPE)),
        "gemma2": lambda: t.Gemma2ForCausalLM(t.Gemma2Config(**SHAPE, **WINDOW)),
        "gemma3": lambda: t.Gemma3ForCausalLM(t.Gemma3TextConfig(**SHAPE, **WINDOW)),
    }
    return make[name]().eval()


def random_prompts(rng):
    """Prompts of different lengths that begin alike; two of them are the same."""
    opening = rng.integers(0, VOCABULARY, 5).tolist()
    rest = [rng.integers(0, VOCABULARY, n).tolist() for n in (4, 17, 1, 9, 9, 3, 20, 9, 2, 12)]
    return [[*opening, *tokens] for tokens in [*rest, rest[3]]]


@pytest.fixture
def prompts():
    return encode_prompts(tokenizer(), stimuli.number_prompts(47, 20))


def test_draws_follow_the_softmax():
    # More than one piece of the vocabulary, and not a whole number of them.
    logits = torch.randn(3 * PIECE + 7, generator=torch.Generator().manual_seed(0))
    n = 40_000
    tokens, _ = draw(logits.expand(n, -1), torch.from_numpy(uniforms([5], n)[0]), 1.0)
    expected = torch.softmax(logits.double(), 0).numpy() * n
    assert chisquare(np.bincount(tokens.numpy(), minlength=len(logits)), expected).pvalue > 1e-3


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_temperature_0_is_greedy_as_in_transformers(name):
    model = random_base(name)
    prompts = random_prompts(np.random.default_rng(3))
    drawn = sample(
        model, prompts, range(len(prompts)), plan(4, 8, temperature=0.0, log_probs=True), [-1]
    )
    for prompt, completion in zip(prompts, drawn, strict=True):
        ids = torch.tensor([prompt])
        expected = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            max_new_tokens=8,
            eos_token_id=None,
            pad_token_id=0,
        )
        assert completion.ids == expected[0, len(prompt) :].tolist()
        logits = model(torch.tensor([[*prompt, *completion.ids]])).logits[0]
        after = torch.log_softmax(logits, -1)[len(prompt) - 1 : -1].max(-1).values
        torch.testing.assert_close(torch.tensor(completion.log_probs), after, rtol=0, atol=1e-4)


def test_a_low_temperature_takes_the_likeliest_token():
    logits = torch.randn(50, 30, generator=torch.Generator().manual_seed(0))
    tokens, _ = draw(logits, torch.from_numpy(uniforms(list(range(50)), 1)[:, 0]), 1e-4)
    assert torch.equal(tokens, logits.argmax(-1))


def test_what_is_forbidden_is_not_drawn_at_either_end():
    logits = torch.full((2, 3 * PIECE), float("-inf"))
    logits[:, [5, PIECE + 3, 2 * PIECE - 2]] = torch.tensor([-1.0, 2.0, 0.5])
    ends = torch.tensor([0.0, 1.0 - 2.0**-53], dtype=torch.float64)
    assert draw(logits, ends, 1.0)[0].tolist() == [5, 2 * PIECE - 2]


@pytest.mark.parametrize("name", ["gpt2", "llama", "qwen2", "gemma", "gemma2", "gemma3"])
def test_samples_are_those_of_a_plain_forward_pass(name):
    model, temperature, longest = random_base(name), 0.9, 14
    prompts = random_prompts(np.random.default_rng(1))
    seeds, eos = list(range(100, 100 + len(prompts))), list(range(0, VOCABULARY, 8))
    chosen = plan(3, longest, temperature, log_probs=True)
    done = sample(model, prompts, seeds, chosen, eos)
    assert any(c.finished for c in done)
    for prompt, completion, numbers in zip(prompts, done, uniforms(seeds, longest), strict=True):
        tokens = torch.tensor(completion.tokens)
        with torch.no_grad():
            logits = model(torch.tensor([[*prompt, *tokens]])).logits[0, len(prompt) - 1 : -1]
        expected = torch.log_softmax(logits.double() / temperature, -1)
        assert completion.log_probs == pytest.approx(
            expected.gather(1, tokens[:, None])[:, 0].tolist(), abs=1e-4
        )
        upper = expected.exp().cumsum(-1).gather(1, tokens[:, None])[:, 0].numpy()
        drawn = numbers[: len(tokens)]
        assert (drawn < upper + 1e-6).all()
        assert (drawn > upper - np.exp(completion.log_probs) - 1e-6).all()
        assert len(tokens) == longest or completion.tokens[-1] in eos
        assert not set(completion.ids) & set(eos)


def test_a_sample_depends_on_its_own_seed_alone(prompts):
    model, eos = random_model(), [tokenizer().eos_token_id]
    together = sample(model, prompts, list(range(20)), plan(), eos)
    for size in (1, 3):
        assert sample(model, prompts, list(range(20)), plan(batch_size=size), eos) == together
    assert sample(model, prompts, list(range(20, 40)), plan(), eos) != together


def test_an_ended_turn_is_finished_and_a_cut_one_is_not():
    class EndsLongRows(torch.nn.Module):
        """Wants the end of turn in rows beyond 12 tokens, a number in others."""

        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, **inputs):
            out = self.inner(**inputs)
            out.logits[:] = -50.0
            out.logits[:, :, 20] = 0.0
            ends = inputs["position_ids"][:, -1] >= 12
            out.logits[ends, :, tokenizer().eos_token_id] = 50.0
            return out

    prompts = [[7] * 5, [7] * 9, [7] * 13]
    done = sample(
        EndsLongRows(random_model()), prompts, [0, 1, 2], plan(), [tokenizer().eos_token_id]
    )
    assert [c.finished for c in done] == [False, True, True]
    assert [c.ids for c in done] == [[20] * 6, [20] * 4, []]
    assert [len(c.tokens) for c in done] == [6, 5, 1]


def test_batches_hold_similar_lengths_and_lose_none():
    lengths = [int(n) for n in np.random.default_rng(0).integers(2, 9, 50)]
    made = batches([[0] * n for n in lengths], 16)
    order = [i for batch in made for i in batch]
    assert [len(batch) for batch in made] == [16, 16, 16, 2]
    assert sorted(order) == list(range(50))
    assert [lengths[i] for i in order] == sorted(lengths)


def test_known_batches_are_not_sampled_again(prompts):
    model, eos, seeds = random_model(), [tokenizer().eos_token_id], list(range(20))
    made = []
    whole = sample(model, prompts, seeds, plan(8), eos, on_batch=made.append)
    assert len(made) == 3
    again = []
    known = {**made[0], **made[2]}
    assert sample(model, prompts, seeds, plan(8), eos, None, known, again.append) == whole
    assert again == [made[1]]


def test_progress_counts_completions_and_tokens(prompts):
    model, eos, seen = random_model(), [tokenizer().eos_token_id], []
    done = sample(
        model, prompts, list(range(20)), plan(2), eos, on_progress=lambda *p: seen.append(p)
    )
    assert seen == sorted(seen)
    assert seen[-1] == (20, sum(len(c.tokens) for c in done))


class OutOfMemory(torch.nn.Module):
    """A model on a device that holds so many rows."""

    def __init__(self, most):
        super().__init__()
        self.inner, self.most = random_model(), most

    def forward(self, input_ids, **inputs):
        if len(input_ids) > self.most:
            raise torch.OutOfMemoryError("too many rows")
        return self.inner(input_ids=input_ids, **inputs)


def test_a_batch_that_does_not_fit_is_halved(prompts, caplog):
    eos, seeds = [tokenizer().eos_token_id], list(range(20))
    with caplog.at_level(logging.INFO):
        done = sample(OutOfMemory(6), prompts, seeds, plan(20), eos)
    assert done == sample(random_model(), prompts, seeds, plan(20), eos)
    assert "5 rows at once" in caplog.messages[-1]


def test_a_row_that_does_not_fit_is_an_error(prompts):
    with pytest.raises(ConfigError, match="max_new_tokens"):
        sample(OutOfMemory(0), prompts, list(range(20)), plan(2), [tokenizer().eos_token_id])
