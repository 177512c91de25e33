"""The tiny server's rate limits, by a clock of the test."""

import pytest

from subliminal.serving.limits import Limits, told
from subliminal.serving.refusals import RefusedError


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.02, "20ms"), (1, "1s"), (1.5, "1.5s"), (119.6, "2m0s"), (360, "6m0s")]
)
def test_times_are_told_as_openai_does(seconds, text):
    assert told(seconds) == text


def test_an_allowance_comes_back_over_a_minute():
    at = [0.0]
    limits = Limits(2, 1000, lambda: at[0])
    limits.admit()
    limits.admit()
    with pytest.raises(RefusedError) as refused:
        limits.admit()
    assert (refused.value.status, refused.value.kind) == (429, "requests")
    assert refused.value.headers["retry-after"] == "30"
    at[0] = 29.0
    with pytest.raises(RefusedError):
        limits.admit()
    at[0] = 30.0
    limits.admit()


def test_an_answer_longer_than_the_allowance_is_waited_for():
    at = [0.0]
    limits = Limits(100, 600, lambda: at[0])
    limits.admit()
    limits.tokens.take(900)
    assert limits.headers()["x-ratelimit-remaining-tokens"] == "0"
    with pytest.raises(RefusedError) as refused:
        limits.admit()
    assert refused.value.kind == "tokens"
    # 301 tokens at ten a second.
    assert refused.value.headers["retry-after"] == "31"
    at[0] = 31.0
    limits.admit()
