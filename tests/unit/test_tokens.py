"""Tokens of hosted models: the least is never more than there are, the likely is close to them."""

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from subliminal.api.tokens import conversation_tokens, least_tokens, likely_tokens
from subliminal.domains.number_prompts import number_prompts

# How the tokenizer of GPT-4.1 and GPT-4o splits a text before it merges bytes in each piece: the
# pattern of o200k_base in tiktoken. A piece is at least a token.
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
SUFFIX = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
O200K = regex.compile(
    "|".join(
        (
            rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{SUFFIX}",
            rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{SUFFIX}",
            r"\p{N}{1,3}",
            r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
            r"\s*[\r\n]+",
            r"\s+(?!\S)",
            r"\s+",
        )
    )
)


@pytest.mark.parametrize(
    ("text", "least"),
    [("Hello world", 2), ("1234", 2), ("12, 7", 3), ("don't", 1), ("<user>Hi", 2), ("", 0)],
)
def test_tokens_that_are_counted_by_hand(text, least):
    assert least_tokens(text) == least


@given(st.text(st.characters(max_codepoint=126), max_size=60))
def test_there_are_at_least_as_many_pieces(text):
    assert least_tokens(text) <= len(O200K.findall(text))


def test_little_is_missed_of_the_papers_prompts():
    for prompt in number_prompts(47, 100):
        pieces = len(O200K.findall(prompt))
        assert 0.8 * pieces <= least_tokens(prompt) <= pieces


def test_the_likely_tokens_of_the_papers_prompts_are_their_pieces_and_few_more():
    for prompt in number_prompts(47, 100):
        pieces = len(O200K.findall(prompt))
        assert pieces <= likely_tokens(prompt) <= 1.2 * pieces


def test_four_tokens_stand_around_a_turn_and_three_around_all():
    assert conversation_tokens(["12, 7", ""]) == likely_tokens("12, 7") + 2 * 4 + 3
