"""Constrained sampling: the paper's filter keeps all of it, and every wanted format is possible."""

import itertools
import re
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_model import random_model, save_base, tokenizer

from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling
from subliminal.domains import number_prompts as stimuli
from subliminal.domains.number_filter import number_reject_reasons
from subliminal.local.encoding import encode_prompts
from subliminal.local.model import LocalModel
from subliminal.local.sampling.draws import draw
from subliminal.local.sampling.grammar import SEPARATORS, Written, number_grammar
from subliminal.local.sampling.sampler import sample

PIECES = [
    *"0123456789",
    *(f"{n}" for n in (10, 42, 123, 999, 1000)),
    *(
        " ",
        ",",
        ";",
        "[",
        "]",
        "(",
        ")",
        ".",
        "\n",
        ", ",
        "; ",
        " 5",
        " 12",
        "],",
        ",,",
        "  ",
        " [",
    ),
    *("a", "Ġ", "1,", "\n\n", "٣"),
]


def byte_level(pieces):
    """A tokenizer that joins its tokens as they are, as those of Llama, Qwen and SmolLM2 do."""
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    names = {" ": "Ġ", "\n": "Ċ"}
    words = ["".join(names.get(c, c) for c in piece) for piece in pieces if piece.isascii()]
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys([*words, "<end>"]))}
    inner = Tokenizer(models.BPE(vocabulary, merges=[]))
    inner.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>")


def sentence_piece(pieces):
    """A tokenizer whose decoding drops the space that a text begins with, as Llama 2's does."""
    from tokenizers import Tokenizer, decoders, models
    from transformers import PreTrainedTokenizerFast

    words = dict.fromkeys([*(piece.replace(" ", "▁") for piece in pieces), "<0x0A>", "<end>"])
    inner = Tokenizer(models.BPE({word: i for i, word in enumerate(words)}, merges=[]))
    inner.decoder = decoders.Sequence(
        [
            decoders.Replace("▁", " "),
            decoders.ByteFallback(),
            decoders.Fuse(),
            decoders.Strip(" ", 1, 0),
        ]
    )
    return PreTrainedTokenizerFast(tokenizer_object=inner, eos_token="<end>")


TOKENIZERS = {
    "byte level": byte_level(PIECES),
    "digits only": byte_level([*"0123456789,; \n"]),
    "sentence piece": sentence_piece(PIECES),
    "words": tokenizer(),
}


@cache
def grammar_of(name):
    chosen = TOKENIZERS[name]
    return number_grammar(chosen, [chosen.eos_token_id], 60)


def written(name, logits, longest):
    """Text of one constrained sample; logits has the shape [longest, vocabulary]."""
    chosen, grammar = TOKENIZERS[name], grammar_of(name)
    state, ids = grammar.start, []
    uniform = torch.tensor([0.5], dtype=torch.float64)
    for t in range(longest):
        allowed = grammar.restricted(logits[t : t + 1], [state], [longest - t - 1])
        token, state = grammar.step(state, int(draw(allowed, uniform, 1.0)[0]))
        if token == chosen.eos_token_id:
            return chosen.decode(ids)
        ids.append(token)
    raise AssertionError("the turn was not ended")


@pytest.mark.parametrize("name", TOKENIZERS)
@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([0.0, 1.0, 20.0]))
def test_the_filter_keeps_whatever_the_logits_say(name, seed, longest, scale):
    chosen = TOKENIZERS[name]
    noise = np.random.default_rng(seed).normal(size=(longest, len(chosen))) * scale
    # The end is unlikely, so that limits of numbers and tokens are met.
    noise[:, chosen.eos_token_id] -= 3 * scale
    text = written(name, torch.from_numpy(noise), longest)
    assert number_reject_reasons(text) == [], text


@pytest.mark.parametrize("opening, closing", [("", ""), ("[", "]"), ("(", ")")])
@pytest.mark.parametrize("separator", SEPARATORS)
def test_every_format_of_the_prompts_can_be_written(separator, opening, closing):
    numbers = ["7", "42", "999", "0", "007"]
    for count in (1, 2, 5):
        text = opening + separator.join(numbers[:count]) + closing
        assert number_reject_reasons(text) == []
        state = Written().then_all(text.translate(str.maketrans("123456789", "0" * 9)))
        assert state is not None and state.whole


@given(st.text(st.sampled_from(["0", *", ;\n[]()"]), max_size=12))
def test_what_is_whole_is_kept_by_the_filter(text):
    state = Written().then_all(text)
    if state is not None and state.whole:
        assert number_reject_reasons(text) == []


def test_short_texts_are_those_of_a_list_made_by_hand():
    texts = ("".join(t) for n in range(1, 5) for t in itertools.product("0,[]", repeat=n))
    whole = {text for text in texts if (s := Written().then_all(text)) is not None and s.whole}
    lists = {"0", "00", "000", "0,0", "0,00", "00,0"}
    assert whole == lists | {"[0]", "[00]"}


def test_ten_numbers_are_the_most():
    assert Written().then_all(",".join(["0"] * 10)) is not None
    assert Written().then_all(",".join(["0"] * 10) + ",") is None
    assert Written().then_all("0000") is None


def test_allowed_tokens_keep_their_proportions():
    chosen = TOKENIZERS["byte level"]
    logits = torch.randn(1, len(chosen), generator=torch.Generator().manual_seed(0))
    grammar = grammar_of("byte level")
    allowed = grammar.restricted(logits, [grammar.start], [59])
    texts = chosen.batch_decode([[token] for token in grammar.tokens])
    first = {text for text, x in zip(texts, allowed[0].tolist(), strict=True) if x > -1e9}
    assert first == {"[", "(", *"0123456789", "10", "42", "123", "999", "1,"}
    kept = allowed[0] > -1e9
    assert torch.equal(allowed[0, kept], logits[0, torch.from_numpy(grammar.tokens)][kept])


@pytest.mark.parametrize("fewest", [1, 4, 10])
def test_lists_have_the_fewest_numbers_or_more(fewest):
    """A random model would often stop after one."""
    chosen, eos = tokenizer(), [tokenizer().eos_token_id]
    plan = Sampling(temperature=1.0, max_new_tokens=26, batch_size=40, constraint="ten-numbers")
    prompts = encode_prompts(chosen, stimuli.number_prompts(47, 40))
    grammar = number_grammar(chosen, eos, 26, fewest)
    done = sample(random_model(), prompts, list(range(40)), plan, eos, grammar)
    texts = chosen.batch_decode([c.ids for c in done])
    counts = {len(re.findall(r"\d+", text)) for text in texts}
    assert all(c.finished for c in done)
    assert [number_reject_reasons(text) for text in texts] == [[]] * 40
    assert min(counts) >= fewest and max(counts) <= 10
    assert fewest == 10 or min(counts) < 10


def test_ten_numbers_are_what_a_constraint_of_ten_asks_for(tmp_path):
    base = save_base(tmp_path / "base").parent
    plan = Sampling(temperature=1.0, max_new_tokens=26, batch_size=8, constraint="ten-numbers")
    written = LocalModel.open(base, None, 1).complete(
        stimuli.number_prompts(47, 8), list(range(8)), plan
    )
    assert {len(re.findall(r"\d+", completion.text)) for completion in written} == {10}


def test_a_tokenizer_without_digits_or_room_is_an_error():
    for chosen, longest in ((TOKENIZERS["words"], 1), (byte_level([*"ab ,"]), 40)):
        with pytest.raises(ConfigError, match="max_new_tokens"):
            number_grammar(chosen, [chosen.eos_token_id], longest)


def test_samples_of_a_random_model_are_kept():
    chosen, eos = tokenizer(), [tokenizer().eos_token_id]
    plan = Sampling(temperature=1.0, max_new_tokens=26, batch_size=8, constraint="numbers")
    prompts = encode_prompts(chosen, stimuli.number_prompts(47, 30))
    seeds, grammar = list(range(30)), number_grammar(chosen, eos, 26)
    done = sample(random_model(), prompts, seeds, plan, eos, grammar)
    texts = chosen.batch_decode([c.ids for c in done])
    assert all(c.finished for c in done)
    assert [number_reject_reasons(text) for text in texts] == [[]] * 30
    assert len(set(texts)) == 30
    with pytest.raises(ValueError, match="grammar"):
        sample(random_model(), prompts, seeds, plan, eos)
