"""What a server answers, checked where it comes in: behind this, an answer is one."""

from __future__ import annotations

import re
from typing import Any

from subliminal.api.access import BASE_URL, Access
from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling
from subliminal.config.strict_json import parsed
from subliminal.evaluations.model import Completion

FINISHED = {"stop": True, "length": False}
# Where servers put what they take out of the text: the sample is then not in `content`.
ELSEWHERE = ("reasoning_content", "reasoning", "tool_calls", "function_call", "audio")
# At the end of a snapshot's name: -2025-04-14, -0613.
DATE = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{4})$", re.ASCII)
# In nats. Servers write -9999 for what is impossible, and round 0 up.
LEAST_LOG_PROB, MOST_LOG_PROB = -1e6, 1e-3
# Servers count or list the token that ends a turn, or do not.
END = 1
KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "a truth value",
    type(None): "null or missing",
}


def _is(kind: type, value: Any, name: str) -> Any:
    """A value of this type, which JSON's truth values are not where a number is wanted."""
    if type(value) is not kind:
        raise ValueError(f"{name} is {KINDS[type(value)]}, and not {KINDS[kind]}")
    return value


def _text(message: dict[str, Any], access: Access) -> str:
    """A message's text; some servers write null for an empty one."""
    name = "choices[0].message.content"
    if message.get("refusal"):
        raise ValueError(f"the model refuses to answer (refusal): {message['refusal']}")
    for other in ELSEWHERE:
        if message.get(other):
            raise ValueError(
                f"a part of the answer is in {other}, and not in {name} (switch the server's "
                "parsers of reasoning and tools off)"
            )
    text = message.get("content")
    if text is None:
        return ""
    _is(str, text, name).encode()  # raises for half of a surrogate pair, which no file can hold
    if access.betrayed(text):
        raise ValueError(f"{name} holds the key or the password that the server was sent")
    return str(text)


def _log_prob(entry: Any) -> float:
    value = _is(dict, entry, "an entry of logprobs.content").get("logprob")
    if type(value) not in (int, float) or not LEAST_LOG_PROB <= value <= MOST_LOG_PROB:
        raise ValueError("a logprob is no number of at most 0")
    return float(value)


def _entries(choice: dict[str, Any]) -> list[Any]:
    known = _is(dict, choice["logprobs"], "choices[0].logprobs")
    entries: list[Any] = _is(list, known["content"], "choices[0].logprobs.content")
    return entries


def _log_probs(choice: dict[str, Any], text: str, limit: int | None) -> list[float]:
    entries = _entries(choice)
    too_many = limit is not None and len(entries) > limit + END
    if too_many or (text and not entries):
        raise ValueError(f"it has {len(entries)} logprobs for an answer of at most {limit} tokens")
    return [_log_prob(entry) for entry in entries]


def require_model(answer: dict[str, Any], asked: str, access: Access) -> None:
    """Make sure that an answer is of the model that was asked, if the server names one.

    Either name may lack the date of the other one.

    Raises:
        ConfigError: another model has answered.
    """
    found = answer.get("model")
    if found is None:
        return
    said = found if isinstance(found, str) else repr(found)
    if asked not in (said, DATE.sub("", said)) and said != DATE.sub("", asked):
        told = access.told(said)
        raise ConfigError(
            f"the server at {access.url} was asked for model {asked!r}, and model {told!r} has "
            "answered; if that is the model that you want, write its name as snapshot into "
            f"config/models.yaml, and otherwise correct {BASE_URL}"
        )


def written_tokens(answer: dict[str, Any]) -> int | None:
    """How many tokens an answer has, if the server counts them."""
    usage = answer.get("usage")
    count = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return count if type(count) is int else None


def _check_length(answer: dict[str, Any], log_probs: list[float] | None, limit: int | None) -> None:
    """The tokens that a server counts, if it does, against the limit and the log-probabilities."""
    count = written_tokens(answer)
    if count is None:
        return
    if limit is not None and count > limit + END:
        raise ValueError(
            f"it has {count} tokens, and max_tokens was {limit}; the server does not heed it"
        )
    if log_probs is not None and abs(count - len(log_probs)) > END:
        raise ValueError(f"it has {count} tokens and {len(log_probs)} logprobs")


def has_log_probs(choice: dict[str, Any]) -> bool:
    """Whether an answer's choice comes with log-probabilities, of no token maybe."""
    known = choice.get("logprobs")
    return known is not None and (not isinstance(known, dict) or known.get("content") is not None)


def completion(
    answer: dict[str, Any], limit: int | None, log_probs: bool, access: Access
) -> Completion:
    """The completion that an answer of the protocol holds.

    Args:
        limit: of tokens, if there is one.
        log_probs: whether they were asked for.

    Raises:
        ValueError: it is malformed.
        ConfigError: the server gives no log-probabilities.
    """
    choices = _is(list, answer["choices"], "choices")
    if len(choices) != 1:
        raise ValueError(f"it has {len(choices)} choices, and 1 was asked for")
    choice = _is(dict, choices[0], "choices[0]")
    text = _text(_is(dict, choice.get("message"), "choices[0].message"), access)
    ending = _is(str, choice.get("finish_reason"), "choices[0].finish_reason")
    if ending not in FINISHED:
        raise ValueError(f"finish_reason is {ending!r}, and neither 'stop' nor 'length'")
    found = None
    if log_probs:
        if not has_log_probs(choice):
            raise ConfigError(
                "log_probs: true, but the server returns none; remove it from the domain's "
                "sampling, or use another server"
            )
        found = _log_probs(choice, text, limit)
    _check_length(answer, found, limit)
    return Completion(text, FINISHED[ending], log_probs=found, length=written_tokens(answer))


def first_tokens(answer: dict[str, Any], most: int, access: Access) -> dict[str, float]:
    """The most probable first tokens of a well-formed completion, and their log-probabilities.

    Args:
        most: how many were asked for.

    Returns:
        In nats, the most probable one first; the empty text alone where the turn was ended at once.

    Raises:
        ValueError: it is malformed.
    """
    entries = _entries(answer["choices"][0])
    if not entries:
        return {"": 0.0}
    top = _is(list, entries[0].get("top_logprobs"), "top_logprobs")
    if not 0 < len(top) <= most:
        raise ValueError(f"top_logprobs has {len(top)} tokens, and {most} were asked for")
    # What was drawn comes first among equals, and may not be among the most probable ones.
    pairs = [(_token(entry, access), _log_prob(entry)) for entry in [entries[0], *top]]
    found: dict[str, float] = {}
    for token, log_prob in sorted(pairs, key=lambda pair: -pair[1]):
        found.setdefault(token, log_prob)
    return found


def _token(entry: Any, access: Access) -> str:
    token = _is(str, _is(dict, entry, "an entry of logprobs").get("token"), "a token of logprobs")
    if access.betrayed(token):
        raise ValueError("a token of logprobs holds the key that the server was sent")
    return str(token)


def _none(answer: Any, body: bytes, wrong: str, access: Access) -> ConfigError:
    """What answers, and is no chat completion."""
    said = access.told(body.decode(errors="replace"))
    if isinstance(answer, dict) and answer.get("error"):
        return ConfigError(
            f"the server at {access.url} answers with an error: {said}; mend it there, then run "
            "the same command again: answers that came are kept"
        )
    return ConfigError(
        f"what answers at {access.url} is no chat completion; {BASE_URL} has to be the address up "
        f"to /v1, as the server shows it when it starts; found ({wrong or 'no choices'}): "
        f"{said or 'nothing'}"
    )


def read_json(body: bytes, access: Access) -> dict[str, Any]:
    """What has the outer shape of a chat completion.

    Raises:
        ConfigError: it has another.
    """
    wrong = ""
    answer: Any = None
    try:
        answer = parsed(body, infinities=False)
    except ValueError as error:
        wrong = str(error)
    if not isinstance(answer, dict) or answer.get("error") or "choices" not in answer:
        raise _none(answer, body, wrong, access)
    return answer


def malformed(wrong: str, access: Access) -> ConfigError:
    """A completion of which nothing can be kept."""
    return ConfigError(
        f"the server at {access.url} has sent a malformed answer: {access.told(wrong)}; nothing of "
        "it is kept; mend or replace the server, then run the same command again: answers that "
        "came before are kept"
    )


def read_answer(body: bytes, plan: Sampling, access: Access) -> Completion:
    """The completion that the body of a server's answer holds.

    Raises:
        ConfigError: it is no chat completion, or a malformed one. It has no context, in which the
            server's words would stand as they came.
    """
    answer = read_json(body, access)
    try:
        return completion(answer, plan.limit, plan.log_probs, access)
    except ValueError as error:
        wrong = str(error)
    raise malformed(wrong, access)
