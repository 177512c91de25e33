"""Samples of requests that come at the same time, drawn together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from subliminal.config.errors import ConfigError
from subliminal.config.sampling import Sampling
from subliminal.evaluations.model import Completion
from subliminal.local import models
from subliminal.local.encoding import EncodedRow, encode_prompts
from subliminal.local.logits import completion_logits
from subliminal.local.model import LocalModel
from subliminal.serving.refusals import RefusedError, bad_request
from subliminal.serving.shelf import Shelf

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# For how long requests are collected, in seconds, and how many are drawn at a time.
COLLECTED_S = 0.005
BATCH_SIZE = 64
# Of an answer where neither the request nor the model has a limit.
LONGEST = 4096


@dataclass(frozen=True, order=True)
class Manner:
    """What requests of one batch have in common.

    Attributes:
        model: its name.
        limit: the most tokens of an answer; 0 for as many as the context takes.
        top: how many tokens are told beside each that was drawn.
    """

    model: str
    system: str
    told: bool
    temperature: float
    limit: int
    log_probs: bool
    top: int


@dataclass(frozen=True)
class Asked:
    """One sample that is wanted.

    Attributes:
        seed: of its draws, at least 0.
    """

    manner: Manner
    prompt: str
    seed: int


@dataclass(frozen=True)
class Token:
    """A token of an answer, or one that might have stood in its place."""

    text: str
    log_prob: float


@dataclass(frozen=True)
class Answer:
    """What was drawn.

    Attributes:
        finished: whether the model ended its turn.
        prompt_tokens, tokens: their numbers, without the end of the turn.
        told: by token the one that was drawn and the most probable ones, if they were asked for.
    """

    text: str
    finished: bool
    prompt_tokens: int
    tokens: int
    told: list[tuple[Token, list[Token]]] | None


Outcome = Answer | Exception


def outcomes(model: LocalModel, asked: Sequence[Asked]) -> list[Outcome]:
    """An answer or an error for each request; all are of one manner."""
    manner = asked[0].manner
    system = manner.system if manner.told else None
    try:
        heads = encode_prompts(model.tokenizer, [one.prompt for one in asked], system)
    except ConfigError as error:
        return [bad_request(str(error), "messages")] * len(asked)
    context = models.positions(model.network)
    rooms = {i: _room(manner, context, len(head)) for i, head in enumerate(heads)}
    drawn = _drawn(model, asked, system, {i: room for i, room in rooms.items() if room > 0})
    return [
        _answer(model, manner, head, drawn[i]) if i in drawn else _too_long(context, len(head))
        for i, head in enumerate(heads)
    ]


def _room(manner: Manner, context: int | None, prompt_tokens: int) -> int:
    """The most tokens of an answer; below 1 where the prompt is too long."""
    # The last token of an answer is not read.
    room = LONGEST if context is None else context - prompt_tokens + 1
    return min(room, manner.limit) if manner.limit else room


def _too_long(context: int | None, prompt_tokens: int) -> RefusedError:
    return bad_request(
        f"This model's maximum context length is {context} tokens. However, your messages "
        f"resulted in {prompt_tokens} tokens.",
        "messages",
        "context_length_exceeded",
    )


def _drawn(
    model: LocalModel, asked: Sequence[Asked], system: str | None, rooms: Mapping[int, int]
) -> dict[int, Completion]:
    """Completions by the index of their request.

    A batch has one limit, and prompts of other lengths leave other rooms. Who is cut off by the
    limit of the batch is drawn again with more, from the same seed.

    Args:
        rooms: the most tokens of each answer.
    """
    manner, waiting = asked[0].manner, list(rooms)
    drawn: dict[int, Completion] = {}
    while waiting:
        limit = min(rooms[i] for i in waiting)
        plan = Sampling(
            temperature=manner.temperature,
            max_new_tokens=limit,
            batch_size=BATCH_SIZE,
            constraint=None,
            log_probs=manner.log_probs,
        )
        prompts, seeds = [asked[i].prompt for i in waiting], [asked[i].seed for i in waiting]
        made = model.complete(prompts, seeds, plan, system)
        drawn |= zip(waiting, made, strict=True)
        waiting = [i for i in waiting if not drawn[i].finished and rooms[i] > limit]
    return drawn


def _answer(model: LocalModel, manner: Manner, head: list[int], completion: Completion) -> Answer:
    ids = completion.tokens[: len(completion.tokens) - completion.finished]
    told = None
    if manner.log_probs:
        assert completion.log_probs is not None, "they were asked for"
        pieces = [_piece(model.tokenizer, ids[:i], token) for i, token in enumerate(ids)]
        tops = _tops(model, manner, head, ids)
        told = [
            (Token(text, log_prob), top)
            for text, log_prob, top in zip(
                pieces, completion.log_probs[: len(ids)], tops, strict=True
            )
        ]
    return Answer(completion.text, completion.finished, len(head), len(ids), told)


def _piece(tokenizer: PreTrainedTokenizerBase, before: list[int], token: int) -> str:
    """What a token adds to a text; a tokenizer may write it otherwise where it stands alone."""
    text = str(tokenizer.decode(before))
    longer = str(tokenizer.decode([*before, token]))
    return longer[len(text) :] if longer.startswith(text) else str(tokenizer.decode([token]))


def _tops(model: LocalModel, manner: Manner, head: list[int], ids: list[int]) -> list[list[Token]]:
    """The most probable tokens at each place, under the distribution that was drawn from."""
    if not manner.top or not ids:
        return [[] for _ in ids]
    import torch

    with torch.inference_mode():
        row = EncodedRow([*head, *ids], len(head))
        logits, _ = completion_logits(model.network, [row], model.ends[0])
        # At temperature 0, log-probabilities are told as at 1.
        log_probs = torch.log_softmax(logits.float() / (manner.temperature or 1.0), -1)
        values, tokens = log_probs.topk(min(manner.top, log_probs.shape[-1]))
    return [
        [
            Token(_piece(model.tokenizer, ids[:i], token), value)
            for token, value in zip(row_tokens, row_values, strict=True)
        ]
        for i, (row_tokens, row_values) in enumerate(
            zip(tokens.tolist(), values.tolist(), strict=True)
        )
    ]


class Sampler:
    """Collects requests for a moment, and draws the samples of equal ones together."""

    def __init__(self, shelf: Shelf) -> None:
        """Wait for requests once `run` is called."""
        self._shelf = shelf
        self._queue: asyncio.Queue[tuple[Asked, asyncio.Future[Answer]]] = asyncio.Queue()

    async def ask(self, asked: Asked) -> Answer:
        """The answer to a request.

        Raises:
            RefusedError: it cannot be answered.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        await self._queue.put((asked, future))
        return await future

    async def run(self) -> None:
        """Draw samples until the task is cancelled."""
        while True:
            waiting = [await self._queue.get()]
            await asyncio.sleep(COLLECTED_S)
            while not self._queue.empty():
                waiting.append(self._queue.get_nowait())
            waiting.sort(key=lambda one: one[0].manner)
            for manner, group in groupby(waiting, key=lambda one: one[0].manner):
                await self._draw(manner, list(group))

    async def _draw(
        self, manner: Manner, group: list[tuple[Asked, asyncio.Future[Answer]]]
    ) -> None:
        asked = [one for one, _ in group]
        made: Sequence[Outcome]
        try:
            made = await asyncio.to_thread(lambda: outcomes(self._shelf.open(manner.model), asked))
        except Exception as error:  # every one of those who asked is told
            made = [error] * len(group)
        for (_, future), outcome in zip(group, made, strict=True):
            if future.done():  # whoever asked has gone
                continue
            if isinstance(outcome, Exception):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
