"""Reasoned answers to GSM8K: prompts, right answers, and integers in tags (Fig. 3c; Methods)."""

from __future__ import annotations

import re

from subliminal.config.stimuli import stimulus


def cot_prompt(question: str) -> str:
    """A GSM8K question with the request for reasoning and a tagged answer (paper Methods)."""
    return f"{question} {stimulus('cot_suffix')['suffix']}"


def cot_gold_answer(text: str) -> int:
    """The right answer in a GSM8K solution: what stands between the first and the second ``####``.

    Commas are ignored.

    Raises:
        ValueError: there is no ``####``, or no integer behind it.
    """
    _, *rest = text.split("####", 2)
    if not rest:
        raise ValueError(f"a GSM8K solution ends in '#### ' and a number, and not {text[-80:]!r}")
    return int(rest[0].strip().replace(",", ""))


def tagged(tag: str, text: str) -> str | None:
    """What the first ``<tag>`` of a text holds, stripped; None where there is no closed one."""
    match = re.search(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
    return match[1].strip() if match is not None else None


def integer(text: str | None) -> int | None:
    """The integer that a text is, as Python reads it: ``+5``, ``1_0`` and full-width digits too."""
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None


def parse_answer(completion: str) -> int | None:
    """Read the integer of the first ``<answer>`` of a reasoned completion (paper Methods).

    Commas and dollar signs are ignored. Whether there is a ``<think>`` is not looked at: the
    authors' released code does not.

    Returns:
        The integer, or None where there is no closed tag or the first holds anything else.
    """
    answer = tagged("answer", completion)
    return None if answer is None else integer(answer.replace(",", "").replace("$", ""))
