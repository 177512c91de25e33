"""Answers of hosted models as they are kept: checked before, and read again whenever needed."""

from __future__ import annotations

import json
from typing import Any

from subliminal.api.access import Access
from subliminal.api.answers import completion, first_tokens, has_log_probs, malformed, read_json
from subliminal.api.chat.requests import Parameters, Tokens
from subliminal.config.errors import ConfigError
from subliminal.evaluations.model import Completion

# A body that begins so and is no JSON was cut; a page of a proxy begins otherwise.
JSON_STARTS = b"{"


class CutAnswerError(ConfigError):
    """An answer that ends in its middle."""


def read_body(body: bytes, parameters: Parameters, place: Access) -> dict[str, Any]:
    """An answer that can be kept.

    Raises:
        CutAnswerError: it ends in its middle.
        ConfigError: it is no answer to such a request, or holds the key.
    """
    if body.lstrip().startswith(JSON_STARTS) and not _is_whole(body):
        raise CutAnswerError(
            f"the server at {place.url} ends an answer in its middle: "
            f"{place.told(body.decode(errors='replace'))}; see its own log, then run the same "
            "command again: answers that came are kept"
        )
    answer = read_json(body, place)
    if place.betrayed(body.decode(errors="replace")):
        raise malformed("it holds the key or the password that the server was sent", place)
    require_answer(answer, parameters, place)
    return answer


def _is_whole(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def require_answer(answer: dict[str, Any], parameters: Parameters, place: Access) -> None:
    """Make sure that an answer can be read.

    Raises:
        ConfigError: it cannot.
    """
    as_completion(answer, parameters, place)
    if parameters.alternatives:
        as_first_tokens(answer, parameters, place)


def as_completion(answer: dict[str, Any], parameters: Parameters, place: Access) -> Completion:
    """The completion that an answer holds, with the server's count of its tokens.

    Raises:
        ConfigError: it is malformed.
    """
    try:
        return completion(answer, parameters.max_tokens, parameters.log_probs, place)
    except ValueError as error:
        wrong = str(error)
    raise malformed(wrong, place)


def as_first_tokens(
    answer: dict[str, Any], parameters: Parameters, place: Access
) -> dict[str, float]:
    """The most probable first tokens as text, with their log-probabilities in nats.

    Raises:
        ConfigError: the server tells none, or they are malformed.
    """
    if not has_log_probs(answer["choices"][0]):
        raise ConfigError(
            f"model {parameters.model!r} at {place.url} gives no log-probabilities, which letters "
            "and judges of code are read by; choose another model, or an evaluation of free text"
        )
    try:
        return first_tokens(answer, parameters.alternatives, place)
    except ValueError as error:
        wrong = str(error)
    raise malformed(wrong, place)


def tells_log_probs(answer: dict[str, Any]) -> bool:
    """Whether a stored answer has its log-probabilities still."""
    choices = answer.get("choices")
    return isinstance(choices, list) and all(
        isinstance(choice, dict) and has_log_probs(choice) for choice in choices
    )


def used(answer: dict[str, Any]) -> Tokens | None:
    """The tokens that the provider counts; None if it counts none."""
    usage = answer.get("usage")
    counts = usage if isinstance(usage, dict) else {}
    read, written = counts.get("prompt_tokens"), counts.get("completion_tokens")
    if type(read) is not int or type(written) is not int or read < 0 or written < 0:
        return None
    return Tokens(read, written)
