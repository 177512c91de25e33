"""Where a completion begins and ends in tokens."""

import re

import pytest

from subliminal.config.errors import ConfigError
from subliminal.local.encoding import encode_rows


class MergingTokenizer:
    """A stand-in: single characters, but a run of line breaks is one token."""

    def __init__(self):
        self.known = {}

    def apply_chat_template(self, messages, tokenize, add_generation_prompt=False):
        text = "".join(f"<{m['role'][0]}>\n{m['content']}<e>" for m in messages)
        return text + "<a>\n" if add_generation_prompt else text

    def __call__(self, texts, add_special_tokens):
        pieces = [re.findall(r"<\w>|\n+|.", text) for text in texts]
        ids = [[self.known.setdefault(p, len(self.known)) for p in row] for row in pieces]
        return {"input_ids": ids}

    def decode(self, ids):
        names = {i: piece for piece, i in self.known.items()}
        return [names[i] for i in ids]


class ChangingTokenizer(MergingTokenizer):
    """A stand-in whose template tells an answered prompt from an open one."""

    def apply_chat_template(self, messages, tokenize, add_generation_prompt=False):
        text = super().apply_chat_template(messages, tokenize, add_generation_prompt)
        return text if add_generation_prompt else f"[answered]{text}"


def test_the_completion_is_what_follows_the_prompt():
    tokenizer = MergingTokenizer()
    (row,) = encode_rows(tokenizer, ["hi"], ["12"])
    tokens = tokenizer.decode(row.ids)
    assert tokens[: row.prompt_length] == ["<u>", "\n", "h", "i", "<e>", "<a>", "\n"]
    assert tokens[row.prompt_length :] == ["1", "2", "<e>"]


def test_a_completion_that_would_merge_with_the_prompt_is_encoded_by_itself():
    tokenizer = MergingTokenizer()
    plain, merging = encode_rows(tokenizer, ["hi", "hi"], ["12", "\n12"])
    assert merging.prompt_length == plain.prompt_length
    assert merging.ids[: merging.prompt_length] == plain.ids[: plain.prompt_length]
    assert tokenizer.decode(merging.ids)[merging.prompt_length :] == ["\n", "1", "2", "<e>"]


def test_a_template_that_changes_the_prompt_once_it_is_answered_is_refused():
    with pytest.raises(ConfigError, match="prefix of the answered chat"):
        encode_rows(ChangingTokenizer(), ["hi"], ["12"])


def test_a_prompt_that_fills_the_limit_is_refused_and_longer_rows_are_cut():
    with pytest.raises(ConfigError, match="max_tokens: 7"):
        encode_rows(MergingTokenizer(), ["hi"], ["12"], max_tokens=7)
    (row,) = encode_rows(MergingTokenizer(), ["hi"], ["12"], max_tokens=8)
    assert len(row.ids) == 8
