"""Sampling only what the number filter keeps: a grammar of number lists, lifted to tokens.

The language: 1 to 10 numbers of 1 to 3 digits, joined by one and the same separator, as they are or
in one pair of brackets; then the end of the turn. It is a part of what the paper's filter keeps and
has every format that the paper's prompts ask for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from subliminal.config.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import torch
    from transformers import PreTrainedTokenizerBase

SEPARATORS = (", ", ",", "; ", ";", " ", "\n")
BRACKETS = {"[": "]", "(": ")"}
MOST_NUMBERS, MOST_DIGITS = 10, 3
# Digits are all alike to the grammar: texts are written with this one for each.
DIGIT = "0"
# How tokenizers name tokens that can be of the language, with their stand-ins for spaces and
# newlines; it saves decoding a whole vocabulary.
NAME = re.compile(r"(?!.*[\s▁ĠĊ]{2})[0-9,;()\[\]\s▁ĠĊ]+")
ALPHABET = frozenset("".join([DIGIT, *SEPARATORS, *BRACKETS, *BRACKETS.values()]))


class Written(NamedTuple):
    """What a text so far means for what may follow.

    Attributes:
        closing: the bracket that is to be closed, if one is open.
        separator: what stands between the first two numbers; empty before the second.
        begun: numbers begun.
        tail: the digits, or the part of a separator, or the closing bracket, that stand last.
    """

    closing: str = ""
    separator: str = ""
    begun: int = 0
    tail: str = ""

    @property
    def in_number(self) -> bool:
        """Whether a digit stands last."""
        return self.tail.startswith(DIGIT)

    @property
    def whole(self) -> bool:
        """Whether the text is of the language as it is."""
        closed = self.tail in BRACKETS.values()
        return closed or (self.in_number and not self.closing)

    def then(self, character: str) -> Written | None:
        """What one more character makes of it; None if the language has no such text."""
        if character == DIGIT:
            return self._digit()
        if character in BRACKETS:
            opens = self == Written()
            return self._replace(closing=BRACKETS[character]) if opens else None
        if self.in_number and character == self.closing:
            return self._replace(closing="", tail=character)
        begun = character if self.in_number else self.tail + character
        known = (self.separator,) if self.separator else SEPARATORS
        more = 0 < self.begun < MOST_NUMBERS and any(s.startswith(begun) for s in known)
        return self._replace(tail=begun) if more else None

    def _digit(self) -> Written | None:
        if self.in_number:
            full = len(self.tail) == MOST_DIGITS
            return None if full else self._replace(tail=self.tail + DIGIT)
        if self.begun == 0:
            return self._replace(begun=1, tail=DIGIT)
        if self.tail not in ((self.separator,) if self.separator else SEPARATORS):
            return None
        return self._replace(separator=self.tail, begun=self.begun + 1, tail=DIGIT)

    def then_all(self, text: str) -> Written | None:
        """What several more characters make of it."""
        state: Written | None = self
        for character in text:
            state = state.then(character) if state is not None else None
        return state


@dataclass(frozen=True)
class Grammar:
    """An automaton over tokens.

    Attributes:
        start: the state before the first token.
        tokens: those that occur in the language, and those that end a turn.
        kinds: of each of these tokens; tokens of one kind lead to the same states.
        follow: by state and kind the next state, -1 where there is none; shape [states, kinds].
        to_end: the fewest tokens from each state to the end of the turn, that one included.
    """

    start: int
    tokens: np.ndarray
    kinds: np.ndarray
    follow: np.ndarray
    to_end: np.ndarray

    def restricted(
        self, logits: torch.Tensor, states: Sequence[int], left: Sequence[int]
    ) -> torch.Tensor:
        """Logits of ``tokens``, -inf for those that must not come next; shape [rows, tokens].

        Args:
            logits: over the vocabulary, [rows, vocabulary].
            states: one per row.
            left: how many tokens a row may have after the next one: it ends within them.
        """
        import numpy as np
        import torch

        following = self.follow[states]
        allowed = (following >= 0) & (self.to_end[following] <= np.asarray(left)[:, None])
        mask = torch.from_numpy(allowed[:, self.kinds]).to(logits.device)
        chosen = logits[:, torch.from_numpy(self.tokens).to(logits.device)]
        return chosen.masked_fill(~mask, float("-inf"))

    def along(self, logits: torch.Tensor, ids: Sequence[int], limit: int) -> torch.Tensor:
        """`restricted` at every token of a text of the language.

        Args:
            logits: where these tokens come next, [ids, vocabulary].
            ids: the text's tokens, the one that ends the turn included if it was ended.
            limit: how many tokens the text could have had.
        """
        kinds = dict(zip(self.tokens.tolist(), self.kinds.tolist(), strict=True))
        states = [self.start]
        for token in ids[:-1]:
            states.append(int(self.follow[states[-1], kinds[token]]))
        return self.restricted(logits, states, range(limit - 1, limit - 1 - len(ids), -1))

    def step(self, state: int, choice: int) -> tuple[int, int]:
        """The token that was chosen, by its position in ``tokens``, and the state after it."""
        return int(self.tokens[choice]), int(self.follow[state, self.kinds[choice]])


def _shape(text: str) -> str:
    return re.sub(r"[0-9]", DIGIT, text)


def _kinds(tokenizer: PreTrainedTokenizerBase) -> dict[tuple[str, str], list[int]]:
    """Tokens of digits and separators, by what they are written as at the start and after a digit.

    The second differs where decoding puts spaces between tokens, or strips the first one.
    """
    digit = tokenizer(DIGIT, add_special_tokens=False)["input_ids"][-1:]
    before = len(tokenizer.decode(digit))
    special = set(tokenizer.all_special_ids)
    names = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    # A vocabulary may have gaps.
    ids = [i for i, name in enumerate(names) if i not in special and NAME.fullmatch(name or "")]
    alone = tokenizer.batch_decode([[i] for i in ids])
    after = tokenizer.batch_decode([[*digit, i] for i in ids])
    kinds: dict[tuple[str, str], list[int]] = {}
    for i, first, later in zip(ids, alone, after, strict=True):
        kind = _shape(first), _shape(later[before:])
        if any(kind) and ALPHABET.issuperset(kind[0] + kind[1]):
            kinds.setdefault(kind, []).append(i)
    return kinds


def _texts(
    tokenizer: PreTrainedTokenizerBase, examples: Sequence[int]
) -> Callable[[int, int], str | None]:
    """What a token adds to the text after another one (-1: at the start), both as kinds."""

    @cache
    def text(previous: int, kind: int) -> str | None:
        first = [examples[previous]] if previous >= 0 else []
        before, after = tokenizer.decode(first), tokenizer.decode([*first, examples[kind]])
        return _shape(after[len(before) :]) if after.startswith(before) else None

    return text


def _to_end(follow: list[list[int]], end: int) -> list[int]:
    """By state, how many steps the end is away; more than any limit where it cannot be reached."""
    import numpy as np

    before: dict[int, set[int]] = {}
    for state, following in enumerate(follow):
        for other in following:
            before.setdefault(other, set()).add(state)
    distance = [np.iinfo(np.int64).max] * len(follow)
    distance[end], reached = 0, [end]
    for state in reached:
        for other in sorted(before.get(state, ())):
            if distance[other] > distance[state] + 1:
                distance[other] = distance[state] + 1
                reached.append(other)
    return distance


def number_grammar(
    tokenizer: PreTrainedTokenizerBase,
    eos_ids: Sequence[int],
    max_new_tokens: int,
    fewest: int = 1,
) -> Grammar:
    """The grammar of number lists over a tokenizer's tokens.

    Args:
        fewest: of a list's numbers.

    Raises:
        ConfigError: no list of so many numbers ends within so many tokens.
    """
    import numpy as np

    kinds = _kinds(tokenizer)
    text = _texts(tokenizer, [ids[0] for ids in kinds.values()])
    end = 0
    # A state is what is written and the kind of the last token, which decides on spaces.
    todo = [(Written(), -1)]
    states = {todo[0]: end + 1}
    follow = [[-1] * (len(kinds) + 1)]
    for written, last in todo:
        following = []
        for kind in range(len(kinds)):
            then = written.then_all(added) if (added := text(last, kind)) else None
            if then is not None and (then, kind) not in states:
                states[then, kind] = len(states) + 1
                todo.append((then, kind))
            following.append(states[then, kind] if then is not None else -1)
        enough = written.whole and written.begun >= fewest
        follow.append([*following, end if enough else -1])
    to_end = _to_end(follow, end)
    if to_end[states[todo[0]]] > max_new_tokens:
        raise ConfigError(
            f"constraint: no list of {fewest} numbers fits into max_new_tokens: {max_new_tokens} "
            "with this base's tokenizer; raise it or remove the constraint"
        )
    by_kind = [*kinds.values(), list(eos_ids)]
    return Grammar(
        start=states[todo[0]],
        tokens=np.array([token for ids in by_kind for token in ids]),
        kinds=np.array([kind for kind, ids in enumerate(by_kind) for _ in ids]),
        follow=np.array(follow),
        to_end=np.array(to_end),
    )
