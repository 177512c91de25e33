"""Whatever a server answers is a completion that every file can hold, or one clear error."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subliminal.api.access import HIDDEN, MOST_TOLD, Access
from subliminal.api.answers import read_answer, require_model
from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling

ACCESS = Access("http://localhost:8000/v1", "a-long-key", None, frozenset({"a-long-key"}))
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
JSON = st.recursive(
    LEAVES,
    lambda of: st.lists(of, max_size=3) | st.dictionaries(TEXTS, of, max_size=3),
    max_leaves=6,
)


def plan(log_probs):
    return Sampling(temperature=1.0, max_new_tokens=4, batch_size=1, log_probs=log_probs)


def or_anything(expected):
    return st.sampled_from(expected) | JSON


ENTRIES = st.lists(
    st.fixed_dictionaries({}, optional={"logprob": or_anything([-0.5, 0])}), max_size=6
)
CHOICES = st.fixed_dictionaries(
    {
        "message": st.fixed_dictionaries(
            {"content": or_anything(["1, 2"])}, optional={"refusal": or_anything([None])}
        )
        | JSON,
        "finish_reason": or_anything(["stop", "length"]),
    },
    optional={"logprobs": st.fixed_dictionaries({"content": ENTRIES | JSON}) | JSON},
)
ANSWERS = st.fixed_dictionaries(
    {"choices": st.lists(CHOICES | JSON, min_size=1, max_size=2) | JSON},
    optional={"usage": st.fixed_dictionaries({"completion_tokens": or_anything([2, 9])}) | JSON},
)


def check(body, log_probs):
    try:
        found = read_answer(body, plan(log_probs), ACCESS)
    except ConfigError as error:
        assert str(error).isprintable()
        assert error.__context__ is None
        return
    found.text.encode()
    assert isinstance(found.finished, bool)
    assert (found.log_probs is not None) == log_probs
    assert all(type(p) is float and math.isfinite(p) for p in found.log_probs or [])


@given(ANSWERS, st.booleans())
def test_an_answer_of_any_shape(answer, log_probs):
    check(json.dumps(answer).encode(), log_probs)


@given(st.binary(max_size=40), st.booleans())
def test_bytes(body, log_probs):
    check(body, log_probs)


@given(st.text(st.characters(exclude_categories=[])))
def test_what_is_told_is_one_short_line(text):
    told = ACCESS.told(f"{text}a-long-key")
    assert told.isprintable()
    assert len(told) <= MOST_TOLD + 1
    assert "a-long-key" not in told
    assert HIDDEN in told or told.endswith("…")


@pytest.mark.parametrize(
    ("changes", "text", "finished"),
    [
        ({}, "1, 2", True),
        ({"finish_reason": "length"}, "1, 2", False),
        # SGLang writes null for an empty text; others list what parsers find, and leave it empty.
        ({"message": {"content": None}}, "", True),
        ({"message": {"content": "1", "tool_calls": [], "refusal": None}}, "1", True),
    ],
)
def test_completions_of_real_servers(changes, text, finished):
    choice = {"message": {"content": "1, 2"}, "finish_reason": "stop", **changes}
    usage = {"completion_tokens": 5}
    found = read_answer(
        json.dumps({"choices": [choice], "usage": usage}).encode(), plan(False), ACCESS
    )
    assert (found.text, found.finished) == (text, finished)


def test_a_short_key_may_stand_in_an_answer():
    """Local servers take any key, such as 1."""
    access = Access("http://localhost:8000/v1", "1", None, frozenset({"1"}))
    choice = {"message": {"content": "1, 2"}, "finish_reason": "stop"}
    assert (
        read_answer(json.dumps({"choices": [choice]}).encode(), plan(False), access).text == "1, 2"
    )


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-4.1-2025-04-14", "gpt-4.1-2025-04-14"),
        ("gpt-4.1", "gpt-4.1-2025-04-14"),
        ("gpt-4.1-2025-04-14", "gpt-4.1"),
        ("gpt-4", "gpt-4-0613"),
        ("ft:gpt-4.1-2025-04-14:x::y", "ft:gpt-4.1-2025-04-14:x::y"),
        ("gpt-4.1", None),
    ],
)
def test_the_model_that_was_asked_has_answered(asked, answered):
    require_model({"model": answered}, asked, ACCESS)
    require_model({}, asked, ACCESS)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-4.1", "gpt-4.1-mini-2025-04-14"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-08-06"),
        ("gpt-4.1-mini", "gpt-4.1"),
        ("ft:gpt-4.1-2025-04-14:x::y", "gpt-4.1-2025-04-14"),
        ("gpt-4.1", "a-long-key"),
        ("gpt-4.1", ""),
        ("gpt-4.1", ["gpt-4.1"]),
    ],
)
def test_another_model_has_answered(asked, answered):
    with pytest.raises(ConfigError, match="snapshot") as failure:
        require_model({"model": answered}, asked, ACCESS)
    assert "a-long-key" not in str(failure.value)
