"""What a server answers, checked where it comes in: behind this, an answer is one."""

from __future__ import annotations

from typing import Any

from subliminal.api.access import BASE_URL, Access
from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling
from subliminal.config.strict_json import parsed
from subliminal.evaluations.model import Completion

FINISHED = {"stop": True, "length": False}
# Where servers put what they take out of the text: the sample is then not in `content`.
ELSEWHERE = ("reasoning_content", "reasoning", "refusal", "tool_calls", "function_call", "audio")
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


def _log_probs(choice: dict[str, Any], text: str, plan: Sampling) -> list[float]:
    known = _is(dict, choice["logprobs"], "choices[0].logprobs")
    entries = _is(list, known["content"], "choices[0].logprobs.content")
    most = plan.limit + END
    if len(entries) > most or (text and not entries):
        raise ValueError(
            f"it has {len(entries)} logprobs for an answer of at most {plan.limit} tokens"
        )
    return [_log_prob(entry) for entry in entries]


def _check_length(answer: dict[str, Any], log_probs: list[float] | None, plan: Sampling) -> None:
    """The tokens that a server counts, if it does, against the limit and the log-probabilities."""
    usage = answer.get("usage")
    count = usage.get("completion_tokens") if isinstance(usage, dict) else None
    if type(count) is not int:
        return
    if count > plan.limit + END:
        raise ValueError(
            f"it has {count} tokens, and max_tokens was {plan.limit}; the server does not heed it"
        )
    if log_probs is not None and abs(count - len(log_probs)) > END:
        raise ValueError(f"it has {count} tokens and {len(log_probs)} logprobs")


def _has_log_probs(choice: dict[str, Any]) -> bool:
    known = choice.get("logprobs")
    return known is not None and (not isinstance(known, dict) or known.get("content") is not None)


def _completion(answer: dict[str, Any], plan: Sampling, access: Access) -> Completion:
    choices = _is(list, answer["choices"], "choices")
    if len(choices) != 1:
        raise ValueError(f"it has {len(choices)} choices, and 1 was asked for")
    choice = _is(dict, choices[0], "choices[0]")
    text = _text(_is(dict, choice.get("message"), "choices[0].message"), access)
    ending = _is(str, choice.get("finish_reason"), "choices[0].finish_reason")
    if ending not in FINISHED:
        raise ValueError(f"finish_reason is {ending!r}, and neither 'stop' nor 'length'")
    log_probs = None
    if plan.log_probs:
        if not _has_log_probs(choice):
            raise ConfigError(
                "log_probs: true, but the server returns none; remove it from the domain's "
                "sampling, or use another server"
            )
        log_probs = _log_probs(choice, text, plan)
    _check_length(answer, log_probs, plan)
    return Completion(text, FINISHED[ending], log_probs=log_probs)


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


def read_answer(body: bytes, plan: Sampling, access: Access) -> Completion:
    """The completion that the body of a server's answer holds.

    Raises:
        ConfigError: it is no chat completion, or a malformed one. It has no context, in which the
            server's words would stand as they came.
    """
    wrong = ""
    answer: Any = None
    try:
        answer = parsed(body, infinities=False)
    except ValueError as error:
        wrong = str(error)
    if not isinstance(answer, dict) or answer.get("error") or "choices" not in answer:
        raise _none(answer, body, wrong, access)
    try:
        return _completion(answer, plan, access)
    except ValueError as error:
        wrong = str(error)
    raise ConfigError(
        f"the server at {access.url} has sent a malformed answer: {access.told(wrong)}; nothing of "
        "it is kept; mend or replace the server, then run the same command again: answers that "
        "came before are kept"
    )
