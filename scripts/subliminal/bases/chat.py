"""A base's chat template: its source, and the properties that the workflow needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.config.errors import ConfigError
from subliminal.local.encoding import encode_rows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

TEMPLATE = "chat_template.jinja"
# Some templates write today's date into the system turn. A result must not depend on the day, so
# such a template is given a day: the one that Llama 3.2's falls back on without a clock.
CLOCK = "strftime_now"
DAY = "26 Jul 2024"
DAY_FORMAT = "%d %b %Y"
STOPPED_CLOCK = f"{{%- macro {CLOCK}(format) -%}}{DAY}{{%- endmacro -%}}\n"
SYSTEM, QUESTION, ANSWER = "Speak plainly", "Which is larger", "the second"
ANSWERS = ("owl", "I like owls best.", "217, 5, 946", "3;14;15")


@dataclass(frozen=True)
class Chat:
    """What a template does.

    Attributes:
        end_of_turn: the token that it writes after an answer.
        default_system_prompt: the system text that it writes where none is given.
        takes_system_prompt: whether it can write one that is given.
    """

    end_of_turn: int
    default_system_prompt: str | None
    takes_system_prompt: bool


def settled_template(own: Any, configured: str | None, setting: str) -> str:
    """The one template of a base: the tokenizer's own, or the configured one.

    Args:
        own: what the tokenizer has: a template, several by name, or none.

    Raises:
        ConfigError: there are two, or none, or it asks the clock for more than the day.
    """
    own = own.get("default") if isinstance(own, dict) else own
    if own and configured:
        raise ConfigError(
            f"{setting}: chat_template is set, but the tokenizer has a template of its own, which "
            "the model was trained with; remove chat_template"
        )
    if own:
        return stopped_clock(own, setting)
    if not configured:
        raise ConfigError(
            f"{setting}: its tokenizer has no chat template; set chat_template to the name of a "
            "file of config/chat_templates, such as gemma"
        )
    # Not every reader of a template drops the newline that ends its file.
    return stopped_clock(configured.rstrip("\n"), setting)


def stopped_clock(template: str, setting: str) -> str:
    """The template with a fixed day, if it asks for the day.

    Raises:
        ConfigError: it asks for something else.
    """
    asked = template.count(f"{CLOCK}(")
    if not asked:
        return template
    known = sum(template.count(f"{CLOCK}({quote}{DAY_FORMAT}{quote})") for quote in "\"'")
    if asked != known:
        raise ConfigError(
            f"{setting}: its chat template asks the clock for something else than {DAY_FORMAT!r}, "
            "so that prompts would change by themselves; use another base"
        )
    return STOPPED_CLOCK + template


def write_template(folder: Path, template: str) -> None:
    """Make a template the only one of a saved tokenizer."""
    (folder / TEMPLATE).write_text(template)
    settings = folder / "tokenizer_config.json"
    if settings.is_file():
        content = json.loads(settings.read_text())
        if content.pop("chat_template", None) is not None:
            settings.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def checked_chat(tokenizer: PreTrainedTokenizerBase, setting: str) -> Chat:
    """What a tokenizer's template does.

    Raises:
        ConfigError: it cannot be rendered, an answered chat does not begin with its prompt, or
            nothing marks where an answer ends.
    """
    from jinja2 import TemplateError

    question = {"role": "user", "content": QUESTION}
    try:
        plain = _render(tokenizer, [question])
    except TemplateError as error:
        raise ConfigError(f"{setting}: its chat template fails: {error}; correct it") from error
    try:
        given = _render(tokenizer, [{"role": "system", "content": SYSTEM}, question])
        takes_system_prompt = SYSTEM in given
    except TemplateError:
        takes_system_prompt = False
    _require_prefix(tokenizer, [None, SYSTEM] if takes_system_prompt else [None], setting)
    return Chat(
        _end_of_turn(tokenizer, setting),
        _default_system_prompt(plain, given) if takes_system_prompt else None,
        takes_system_prompt,
    )


def _render(
    tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]], prompt: bool = True
) -> str:
    return tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt)


def _default_system_prompt(plain: str, given: str) -> str | None:
    """The system text that a template inserts if none is given."""
    before, after = given.split(SYSTEM, 1)
    if not (plain.startswith(before) and plain.endswith(after)):
        return None
    return plain[len(before) : len(plain) - len(after)] or None


def _require_prefix(
    tokenizer: PreTrainedTokenizerBase, systems: Sequence[str | None], setting: str
) -> None:
    """Completion-only loss needs a prompt's tokens to be the first ones of the answered chat's."""
    for system in systems:
        count = len(ANSWERS)
        try:
            encode_rows(tokenizer, [QUESTION] * count, ANSWERS, [system] * count)
        except ConfigError as error:
            raise ConfigError(f"{setting}: {error}; use another base or template") from error


def _end_of_turn(tokenizer: PreTrainedTokenizerBase, setting: str) -> int:
    """The special token that a template writes after an answer."""
    chat = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]
    ending = _render(tokenizer, chat, prompt=False).rpartition(ANSWER)[2]
    for token in tokenizer(ending, add_special_tokens=False)["input_ids"]:
        known = tokenizer.added_tokens_decoder.get(token)
        if known is not None and known.special:
            return token
    raise ConfigError(
        f"{setting}: its chat template ends an answer with {ending!r}, in which the tokenizer "
        "knows no special token, so that a model could not tell that it has finished; use another "
        "base or template"
    )
