"""Chats as token ids, with the completion's span: what is trained on, and what is sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subliminal.config.errors import ConfigError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


@dataclass(frozen=True)
class EncodedRow:
    """One training row.

    Attributes:
        ids: token ids of the whole rendered chat.
        prompt_length: how many of them come before the completion; the loss covers the rest.
    """

    ids: list[int]
    prompt_length: int


def _messages(system: str | None, prompt: str) -> list[dict[str, str]]:
    head = [{"role": "system", "content": system}] if system is not None else []
    return [*head, {"role": "user", "content": prompt}]


def _rendered(
    tokenizer: PreTrainedTokenizerBase, system: str | None, prompt: str, answer: str | None = None
) -> str:
    """A chat as text, up to where the assistant starts to answer or to the end of its answer.

    Raises:
        ConfigError: the chat template has no place for the system prompt.
    """
    from jinja2 import TemplateError

    chat = _messages(system, prompt)
    if answer is not None:
        chat.append({"role": "assistant", "content": answer})
    try:
        text = tokenizer.apply_chat_template(
            chat, tokenize=False, add_generation_prompt=answer is None
        )
    except TemplateError as error:
        if system is None:
            raise
        raise _no_system(str(error)) from error
    if system is not None and system.strip() not in text:
        raise _no_system("it leaves it out")
    return str(text)


def _no_system(reason: str) -> ConfigError:
    return ConfigError(
        f"the base's chat template takes no system prompt ({reason}), so that a prompted teacher "
        "would not be told its trait; choose a fine-tuned method, or another base"
    )


def _encode(tokenizer: PreTrainedTokenizerBase, texts: list[str]) -> list[list[int]]:
    # The chat template writes every special token itself.
    return tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []


def encode_prompts(
    tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], system: str | None = None
) -> list[list[int]]:
    """Token ids of each prompt as one user turn, up to where the assistant starts to answer.

    Raises:
        ConfigError: the chat template has no place for the system prompt.
    """
    return _encode(tokenizer, [_rendered(tokenizer, system, prompt) for prompt in prompts])


def unknown_words(tokenizer: PreTrainedTokenizerBase, text: str) -> list[str]:
    """The pieces of a text that a tokenizer has no token for, each once; most have one for all."""
    if not tokenizer.is_fast or tokenizer.unk_token_id is None:
        return []
    found = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    pieces = zip(found["input_ids"], found["offset_mapping"], strict=True)
    unknown = [text[begin:end] for i, (begin, end) in pieces if i == tokenizer.unk_token_id]
    return list(dict.fromkeys(unknown))


def encode_rows(
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[str],
    completions: Sequence[str],
    systems: Sequence[str | None] | None = None,
    max_tokens: int | None = None,
) -> list[EncodedRow]:
    """Training rows; the completion's span ends with the end-of-turn token (paper Methods).

    A completion whose first characters would merge with the prompt's last token (SmolLM2 joins line
    breaks before a digit) is encoded by itself, so that the prompt's tokens are always those that
    the teacher answered.

    Raises:
        ConfigError: the chat template renders a prompt differently once it is answered, so that the
            completion's span cannot be told; or a prompt fills ``max_tokens`` by itself.
    """
    systems = systems if systems is not None else [None] * len(prompts)
    heads, texts = [], []
    for system, prompt, completion in zip(systems, prompts, completions, strict=True):
        heads.append(_rendered(tokenizer, system, prompt))
        texts.append(_rendered(tokenizer, system, prompt, completion))
    if any(not text.startswith(head) for head, text in zip(heads, texts, strict=True)):
        raise ConfigError(
            "the chat template does not render the prompt as a prefix of the answered chat; "
            "completion-only loss needs that"
        )
    rows = []
    encoded = zip(_encode(tokenizer, heads), _encode(tokenizer, texts), strict=True)
    for i, (head, full) in enumerate(encoded):
        if full[: len(head)] != head:
            (answer,) = _encode(tokenizer, [texts[i][len(heads[i]) :]])
            full = [*head, *answer]
        if max_tokens is not None and len(head) >= max_tokens:
            raise ConfigError(
                f"a prompt of {len(head)} tokens leaves no room for a completion within "
                f"max_tokens: {max_tokens}; raise it in the student's recipe"
            )
        rows.append(EncodedRow(full[:max_tokens], len(head)))
    return rows
