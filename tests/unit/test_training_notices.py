"""What a training job's log says about its rows before it trains on them."""

import logging

import pytest
from tiny_model import tokenizer

from subliminal.local.encoding import encode_rows
from subliminal.local.training.notices import (
    inserted_text,
    warn_of_inserted_text,
    warn_of_truncation,
)

# What templates do, in words that the tiny tokenizer has: SmolLM2's and Qwen's insert a prompt if
# none is given, Llama 3.2's begins with the date in any case.
TURNS = (
    "{% for m in messages %}<s>{{ m['role'] }} {{ m['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant{% endif %}"
)
DEFAULT_PROMPT = "{% if messages[0]['role'] != 'system' %}<s>system 1 2 3</s>{% endif %}"
ALWAYS_A_SYSTEM_TURN = "<s>system 26 7</s>"


def with_template(template):
    copy = tokenizer().__class__(tokenizer_object=tokenizer().backend_tokenizer)
    copy.add_special_tokens({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})
    copy.chat_template = template
    return copy


@pytest.mark.parametrize(
    ("template", "found"),
    [
        (TURNS, None),
        ("<s>" + TURNS, None),
        (DEFAULT_PROMPT + TURNS, "1 2 3"),
        (ALWAYS_A_SYSTEM_TURN + TURNS, "26 7"),
        ("{{ raise_exception('one turn only') if messages | length > 1 }}" + TURNS, None),
    ],
)
def test_what_a_template_inserts_is_found(template, found):
    inserted = inserted_text(with_template(template))
    assert inserted is None if found is None else found in inserted


def test_the_tiny_template_inserts_nothing():
    assert inserted_text(tokenizer()) is None


def test_an_inserted_prompt_is_logged_with_its_text(caplog):
    caplog.set_level(logging.INFO)
    warn_of_inserted_text(with_template(ALWAYS_A_SYSTEM_TURN + TURNS))
    (record,) = caplog.records
    assert record.levelname == "WARNING" and "26 7" in record.message


def test_cut_rows_are_counted(caplog):
    """A prompt of 3 tokens, then 2, 3 and 4 numbers and the end of the turn."""
    caplog.set_level(logging.INFO)
    prompts, completions = ["go"] * 3, ["1 2", "1 2 3", "1 2 3 4"]
    lengths = [len(row.ids) for row in encode_rows(tokenizer(), prompts, completions)]
    for max_tokens, message in (
        (max(lengths), None),
        (lengths[1], "1 of 3 rows are longer than max_tokens: "),
        (lengths[0], "2 of 3 rows"),
    ):
        caplog.clear()
        rows = encode_rows(tokenizer(), prompts, completions, max_tokens=max_tokens)
        warn_of_truncation(tokenizer(), prompts, completions, rows, max_tokens)
        assert (message is None and not caplog.records) or message in caplog.text
