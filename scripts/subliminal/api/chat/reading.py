"""Answers of hosted models as they are kept: checked before, and read again whenever needed."""

from __future__ import annotations

import json
from typing import Any

from subliminal.api.access import Access
from subliminal.api.answers import (
    completion,
    first_tokens,
    has_log_probs,
    malformed,
    read_json,
    require_model,
    written_tokens,
)
from subliminal.api.chat.requests import Parameters, Tokens
from subliminal.api.failures import CutAnswerError
from subliminal.config.errors import ConfigError
from subliminal.evaluations.model import Completion

# A body that begins so and is no JSON was cut; a page of a proxy begins otherwise.
JSON_STARTS = b"{"
# The finish_reason of an answer that the provider's filter has cut.
FILTERED = "content_filter"


def read_body(body: bytes, place: Access) -> dict[str, Any]:
    """What has the outer shape of an answer.

    Raises:
        CutAnswerError: it ends in its middle.
        ConfigError: it is none.
    """
    if body.lstrip().startswith(JSON_STARTS) and not _is_whole(body):
        raise CutAnswerError(
            f"the server at {place.url} ends an answer in its middle: "
            f"{place.told(body.decode(errors='replace'))}; see its own log, then run the same "
            "command again: answers that came are kept"
        )
    return read_json(body, place)


def _is_whole(body: bytes) -> bool:
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def require_answer(answer: dict[str, Any], parameters: Parameters, place: Access) -> None:
    """Make sure that an answer can be read, and be kept.

    Raises:
        ConfigError: it cannot, it holds the key, or another model gave it.
    """
    if place.betrayed(json.dumps(answer, ensure_ascii=False)):
        raise malformed("it holds the key or the password that the server was sent", place)
    require_model(answer, parameters.model, place)
    as_completion(answer, parameters, place)
    if parameters.alternatives:
        as_first_tokens(answer, parameters, place)


def is_withheld(answer: dict[str, Any]) -> bool:
    """Whether the model refuses to answer, or the provider's filter has cut the answer."""
    choices = answer["choices"]
    choice = choices[0] if isinstance(choices, list) and len(choices) == 1 else None
    if not isinstance(choice, dict) or not isinstance(choice.get("message"), dict):
        return False
    ending = choice.get("finish_reason")
    refuses = bool(choice["message"].get("refusal")) and ending in ("stop", "length")
    return refuses or ending == FILTERED


def as_completion(answer: dict[str, Any], parameters: Parameters, place: Access) -> Completion:
    """The completion that an answer holds, with the server's count of its tokens.

    What the model refuses, or the provider's filter cuts, is not finished.

    Raises:
        ConfigError: it is malformed.
    """
    if is_withheld(answer):
        content = answer["choices"][0]["message"].get("content")
        # Half of a surrogate pair no file can hold.
        text = content.encode(errors="replace").decode() if isinstance(content, str) else ""
        return Completion(text, False, length=written_tokens(answer), withheld=True)
    try:
        return completion(answer, parameters.max_tokens, parameters.log_probs, place)
    except ValueError as error:
        wrong = str(error)
    raise malformed(wrong, place)


def as_first_tokens(
    answer: dict[str, Any], parameters: Parameters, place: Access
) -> dict[str, float]:
    """The most probable first tokens as text, with their log-probabilities in nats.

    Of what is withheld, the empty text alone.

    Raises:
        ConfigError: the server tells none, or they are malformed.
    """
    if is_withheld(answer):
        return {"": 0.0}
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
