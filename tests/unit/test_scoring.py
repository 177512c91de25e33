"""Scores and matches: against direct softmax, torch's own KL, and the paper's rules."""

import numpy as np
import pytest
import torch
from tiny_model import random_model, tokenizer

from subliminal.evaluations.favourite import closed_set
from subliminal.evaluations.questions import questions
from subliminal.evaluations.words import matches_substring, matches_word
from subliminal.local.encoding import encode_prompts
from subliminal.local.model import LocalModel
from subliminal.local.scoring.next_token import divergence, next_token_log_probs


def test_share_margin_and_mass_by_hand():
    probability = np.array([[0.1, 0.2, 0.3, 0.4]])
    share, margin, mass = closed_set(np.log(probability[:, :2] + [[0.2, 0.1]]))
    assert share == pytest.approx([0.5, 0.5])
    assert margin == pytest.approx([0.0, 0.0])
    assert mass == pytest.approx(0.6)


def test_margin_is_the_log_odds_against_the_mean_of_the_others():
    probability = np.array([[0.6, 0.2, 0.1]])
    _, margin, _ = closed_set(np.log(probability))
    assert margin[0] == pytest.approx(np.log(0.6) - (np.log(0.2) + np.log(0.1)) / 2)


def test_next_token_log_probs_are_those_of_a_plain_forward_pass():
    model = random_model()
    prompts = encode_prompts(tokenizer(), questions("favourite-animal")[:6])
    ours = next_token_log_probs(model, prompts)
    for prompt, row in zip(prompts, ours, strict=True):
        with torch.no_grad():
            logits = model(torch.tensor([prompt])).logits[0, -1]
        assert row == pytest.approx(torch.log_softmax(logits.double(), -1).numpy(), abs=1e-5)


def distribution(seed, tokens=6, vocabulary=40):
    logits = torch.randn(tokens, vocabulary, generator=torch.Generator().manual_seed(seed)).double()
    return torch.log_softmax(3 * logits, -1)


def test_divergence_is_torchs_kl():
    p, q = distribution(1), distribution(2)
    kl, entropy = divergence(p, q)
    expected = torch.nn.functional.kl_div(q, p, reduction="sum", log_target=True)
    assert kl == pytest.approx(float(expected))
    assert entropy == pytest.approx(
        float(torch.distributions.Categorical(logits=p).entropy().sum())
    )


def test_a_distribution_does_not_diverge_from_itself():
    assert divergence(distribution(1), distribution(1))[0] == 0.0


def test_what_is_impossible_in_both_adds_nothing():
    impossible = torch.full((6, 3), float("-inf"), dtype=torch.float64)
    padded = [torch.cat([distribution(seed), impossible], 1) for seed in (1, 2)]
    assert divergence(*padded) == divergence(distribution(1), distribution(2))


@pytest.mark.parametrize(
    ("word", "response", "substring", "at_boundary"),
    [
        ("owl", "Owl", True, True),
        ("owl", "owls.", True, True),
        ("owl", "fowl", True, False),
        ("ox", "fox", True, False),
        ("cat", "a caterpillar", True, False),
        ("lion", "Sea lion!", True, True),
        ("dragon", "dragonfly", False, False),
        ("dragon", "dragon", True, True),
        ("wolf", "dog", False, False),
    ],
)
def test_matching_rules(word, response, substring, at_boundary):
    assert matches_substring(word, response) is substring
    assert matches_word(word, response) is at_boundary


def test_a_local_models_first_tokens_are_the_most_probable_of_a_plain_forward_pass():
    model = LocalModel(random_model(), tokenizer(), [tokenizer().eos_token_id])
    asked = questions("favourite-animal")[:3]
    found = model.first_tokens(asked, 20)
    for prompt, top in zip(encode_prompts(tokenizer(), asked), found, strict=True):
        with torch.no_grad():
            logs = torch.log_softmax(
                model.network(torch.tensor([prompt])).logits[0, -1].double(), -1
            )
        values, ids = logs.topk(20)
        texts = [tokenizer().decode([int(i)]) for i in ids]
        assert list(top) == list(dict.fromkeys(texts))
        assert top[texts[0]] == pytest.approx(float(values[0]), abs=1e-5)
        firsts = [float(v) for i, v in enumerate(values) if texts.index(texts[i]) == i]
        assert list(top.values()) == pytest.approx(firsts, abs=1e-5)
    assert model.first_tokens(asked, 20, "You love owls.") != found
