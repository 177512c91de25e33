"""Scores of candidate words: against plain forward passes over the whole sequence."""

import numpy as np
import pytest
import torch
from tiny_model import random_model, tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

from subliminal.config.errors import ConfigError
from subliminal.evaluations.questions import questions
from subliminal.local.encoding import encode_prompts
from subliminal.local.scoring.candidates import (
    candidate_forms,
    candidate_log_probs,
    collisions,
    spellings,
)
from subliminal.local.scoring.next_token import next_token_log_probs

PIECES = ["<unk>", "o", "wl", "owl", "s", "O", "c", "a", "t", "cat", "er", "pillar"]


def pieces(texts, add_special_tokens=False):
    """Longest pieces first; what is in no piece becomes <unk> (a stand-in for a tokenizer)."""

    def split(text):
        ids = []
        while text:
            known = [p for p in PIECES[1:] if text.startswith(p)]
            piece = max(known, key=len) if known else None
            ids.append(PIECES.index(piece) if piece else 0)
            text = text[len(piece) if piece else 1 :]
        return ids

    return {"input_ids": [split(text) for text in texts]}


class PieceTokenizer:
    """A stand-in with the three things that forms need of a tokenizer."""

    unk_token_id = 0
    __call__ = staticmethod(pieces)

    def decode(self, ids):
        return "".join(PIECES[i] for i in ids)


def ids_of(text):
    return tuple(pieces([text])["input_ids"][0])


def llama():
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(PIECES),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
        )
    ).eval()


def test_forms_are_the_spellings_that_the_tokenizer_can_write():
    owl, cat = candidate_forms(PieceTokenizer(), ["owl", "cat"])
    # "owls" starts with "owl", so its probability is contained in that of "owl".
    assert owl == sorted([ids_of("owl"), ids_of("Owl")])
    assert cat == [ids_of("cat")]


def test_words_of_a_candidate_are_capitalised_together_or_only_the_first():
    assert spellings("sea otter") == [
        *("sea otter", "sea otters", "Sea otter", "Sea otters", "Sea Otter", "Sea Otters"),
    ]
    assert spellings("owl") == ["owl", "owls", "Owl", "Owls"]


def test_a_candidate_of_two_words_is_scored_over_its_tokens_by_the_tiny_tokenizer():
    """The two words of a fox of this name are tokens of their own."""
    model, words = random_model(), ["red fox", "wolf"]
    forms = candidate_forms(tokenizer(), words)
    red, fox = tokenizer()("red fox", add_special_tokens=False)["input_ids"]
    (foxes,) = tokenizer()("foxs", add_special_tokens=False)["input_ids"]
    assert forms[0] == sorted([(red, fox), (red, foxes)])
    prompts = encode_prompts(tokenizer(), questions("favourite-animal")[:2])
    first = next_token_log_probs(model, prompts)
    after = next_token_log_probs(model, [[*prompt, red] for prompt in prompts])
    expected = first[:, red] + np.logaddexp(after[:, fox], after[:, foxes])
    assert candidate_log_probs(model, prompts, forms)[:, 0] == pytest.approx(expected, abs=1e-5)


def test_a_word_that_cannot_be_written_is_refused():
    with pytest.raises(ConfigError, match="'zebra' cannot be written"):
        candidate_forms(PieceTokenizer(), ["owl", "zebra"])


def test_words_that_start_alike_are_reported():
    words = ["cat", "caterpillar", "owl"]
    found = collisions(words, candidate_forms(PieceTokenizer(), words))
    assert found == [("cat", "caterpillar")]


def test_the_tiny_tokenizer_has_a_form_for_singular_and_plural():
    forms = candidate_forms(tokenizer(), ["owl", "wolf"])
    assert [[len(form) for form in own] for own in forms] == [[1, 1], [1, 1]]


def test_single_tokens_are_scored_as_next_tokens():
    model, words = random_model(), ["owl", "wolf", "cat"]
    prompts = encode_prompts(tokenizer(), questions("favourite-animal")[:4])
    forms = candidate_forms(tokenizer(), words)
    direct = next_token_log_probs(model, prompts)
    expected = [[np.logaddexp(row[a], row[b]) for (a,), (b,) in forms] for row in direct]
    assert candidate_log_probs(model, prompts, forms) == pytest.approx(np.array(expected))


def test_several_tokens_are_scored_as_one_forward_pass_over_the_whole_answer_does():
    model = llama()
    words = ["owl", "cat", "caterpillar"]
    forms = candidate_forms(PieceTokenizer(), words)
    prompts = [[3, 4, 9], [5, 2, 10, 11, 1]]
    found = candidate_log_probs(model, prompts, forms)
    for i, prompt in enumerate(prompts):
        for j, own in enumerate(forms):
            total = 0.0
            for form in own:
                ids = torch.tensor([[*prompt, *form]])
                with torch.no_grad():
                    logs = torch.log_softmax(model(ids).logits[0].double(), -1)
                steps = [logs[len(prompt) - 1 + n, token] for n, token in enumerate(form)]
                total += float(torch.stack(steps).sum().exp())
            assert found[i, j] == pytest.approx(np.log(total), abs=1e-5)


def test_probabilities_of_words_without_collisions_add_up_to_less_than_one():
    found = candidate_log_probs(llama(), [[3, 4, 9]], [[(1,)], [(2, 3)], [(2, 4), (5,)]])
    assert np.exp(found).sum() < 1
