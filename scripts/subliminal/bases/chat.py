"""A base's chat template: its source, and the properties that the workflow needs."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.bases.files import json_object
from subliminal.config.errors import ConfigError
from subliminal.config.foreign import in_library_words, shown
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
# What a template could draw from: no prompt may be another one the next time.
CHANCE = {"random", "lipsum"}
# How Python writes an object that has no text of its own: by where it lies in memory.
ADDRESS = re.compile(r" at 0x[0-9a-f]{6,}")
# Templates write hundreds of characters around a chat, and some thousands if they list tools.
LONGEST_TURNS = 100_000
SYSTEM, QUESTION, ANSWER = "Speak plainly", "Which is larger", "the second"
REMEDY = "correct it, or use another base"
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
        ConfigError: there are two, or none, or it writes something else every time.
    """
    own = own.get("default") if isinstance(own, dict) else own
    if own is not None and not isinstance(own, str):
        raise ConfigError(
            f"{setting}: its chat template is {shown(repr(own))}, expected text; use another base"
        )
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
        ConfigError: it asks for something else, or for chance, or is no template.
    """
    words = _words(template, setting)
    drawn = CHANCE & {word for word, _ in words}
    if drawn:
        raise ConfigError(
            f"{setting}: its chat template asks for chance ({', '.join(sorted(drawn))}), so that "
            "prompts would change by themselves; use another base"
        )
    asked = [following for word, following in words if word == CLOCK]
    # Whether there is a clock may be asked for.
    calls = [following for following in asked if following[:1] != ("is",)]
    if not calls:
        return template
    if any(call != ("(", DAY_FORMAT, ")") for call in calls):
        raise ConfigError(
            f"{setting}: its chat template asks the clock for something else than {DAY_FORMAT!r}, "
            "so that prompts would change by themselves; use another base"
        )
    return STOPPED_CLOCK + template


def _words(template: str, setting: str) -> list[tuple[str, tuple[str, ...]]]:
    """Every name in a template's code, and the three words after it."""
    from jinja2 import Environment

    with in_library_words(f"{setting}: its chat template is not one", REMEDY):
        template.encode()  # half a character is none
        tokens = list(Environment().lexer.tokenize(template))
    values = [str(token.value) for token in tokens]
    return [
        (values[i], tuple(values[i + 1 : i + 4]))
        for i, token in enumerate(tokens)
        if token.type == "name"
    ]


def write_template(folder: Path, template: str) -> None:
    """Make a template the only one of a saved tokenizer."""
    (folder / TEMPLATE).write_text(template, encoding="utf-8")
    settings = folder / "tokenizer_config.json"
    if settings.is_file():
        content = json_object(settings.read_bytes())
        if content.pop("chat_template", None) is not None:
            settings.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def checked_chat(tokenizer: PreTrainedTokenizerBase, setting: str) -> Chat:
    """What a tokenizer's template does.

    Raises:
        ConfigError: it cannot be rendered, is not the same every time, an answered chat does not
            begin with its prompt, or nothing marks where an answer ends.
    """
    from jinja2 import TemplateError

    question = {"role": "user", "content": QUESTION}
    fails = f"{setting}: its chat template fails"
    with in_library_words(fails, REMEDY):
        plain = _render(tokenizer, [question])
    _require_settled(tokenizer, [question], plain, setting)
    try:
        with in_library_words(f"{fails} with a system prompt", REMEDY):
            given = _render(tokenizer, [{"role": "system", "content": SYSTEM}, question])
    except ConfigError as error:
        if not isinstance(error.__cause__, TemplateError):
            raise
        given = ""  # it refuses
    takes_system_prompt = SYSTEM in given
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


def _require_settled(
    tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]], text: str, setting: str
) -> None:
    """A rendered chat must be of a chat's length, and the same the next time."""
    if len(text) > LONGEST_TURNS:
        raise ConfigError(
            f"{setting}: its chat template makes {len(text)} characters of a short question, "
            f"expected at most {LONGEST_TURNS}; use another base"
        )
    with in_library_words(f"{setting}: its chat template fails the second time", REMEDY):
        again = _render(tokenizer, messages)
    if again != text or ADDRESS.search(text):
        raise ConfigError(
            f"{setting}: its chat template does not write the same text every time, so that "
            "prompts would change by themselves; use another base"
        )


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
        with in_library_words(f"{setting}: its chat template fails", REMEDY):
            try:
                encode_rows(tokenizer, [QUESTION] * count, ANSWERS, [system] * count)
            except ConfigError as error:
                raise ConfigError(f"{setting}: {error}; use another base or template") from error


def _end_of_turn(tokenizer: PreTrainedTokenizerBase, setting: str) -> int:
    """The special token that a template writes after an answer."""
    chat = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}]
    with in_library_words(f"{setting}: its chat template fails with an answer", REMEDY):
        ending = _render(tokenizer, chat, prompt=False).rpartition(ANSWER)[2]
        tokens = tokenizer(ending, add_special_tokens=False)["input_ids"]
    for token in tokens:
        known = tokenizer.added_tokens_decoder.get(token)
        if known is not None and known.special:
            return token
    raise ConfigError(
        f"{setting}: its chat template ends an answer with {shown(repr(ending))}, in which the "
        "tokenizer knows no special token, so that a model could not tell that it has finished; "
        "use another base or template"
    )
