"""Chat completions: from a request to the API's object, kept if its request says so."""

from __future__ import annotations

import secrets
from typing import Any

from subliminal.serving.bodies import Chat
from subliminal.serving.counts import COMPLETIONS, Counts
from subliminal.serving.faults import Chance
from subliminal.serving.refusals import no_model
from subliminal.serving.sampling import Answer, Asked, Manner, Sampler, Token
from subliminal.serving.shelf import Shelf
from subliminal.serving.store import Record, Store, new_id, now

# The entry of a request's metadata by which its samples are counted.
COUNTED_BY = "subliminal_key"
UNKNOWN_FINISH_REASON = "interrupted"
# Of a sample's seed; clients send signed ones.
SEEDS = 2**64


class Completions:
    """Answers chats."""

    def __init__(
        self, shelf: Shelf, sampler: Sampler, store: Store, counts: Counts, chance: Chance
    ) -> None:
        """Answer with these models, and keep and count what was asked for."""
        self._shelf, self._sampler, self._store = shelf, sampler, store
        self._counts, self._chance = counts, chance

    async def create(self, chat: Chat, asked_as: str = "") -> dict[str, Any]:
        """A completion as the API shows it.

        Args:
            asked_as: by which it is counted where its metadata have no key.

        Raises:
            RefusedError: there is no such model, or it cannot read the prompt.
        """
        self._shelf.source(chat.model)
        if self._chance.due("model_vanishes"):
            self._shelf.withdraw(chat.model)
            raise no_model(chat.model)
        answer = await self._sampler.ask(_asked(chat))
        shown = _shown(chat, answer)
        if self._chance.due("unknown_finish_reason"):
            shown["choices"][0]["finish_reason"] = UNKNOWN_FINISH_REASON
        self._counts.add(COMPLETIONS, (chat.metadata or {}).get(COUNTED_BY, asked_as))
        if chat.store:
            shown["metadata"] = chat.metadata
            self._store.completions.put(Record(shown))
        return shown


def _asked(chat: Chat) -> Asked:
    manner = Manner(
        model=chat.model,
        system=chat.system or "",
        told=chat.system is not None,
        temperature=1.0 if chat.temperature is None else chat.temperature,
        limit=chat.limit or 0,
        log_probs=bool(chat.logprobs),
        top=chat.top_logprobs or 0,
    )
    seed = secrets.randbelow(SEEDS) if chat.seed is None else chat.seed % SEEDS
    return Asked(manner, chat.prompt, seed)


def _token(token: Token) -> dict[str, Any]:
    return {
        "token": token.text,
        "logprob": token.log_prob,
        "bytes": list(token.text.encode(errors="replace")),
    }


def _log_probs(answer: Answer) -> dict[str, Any] | None:
    if answer.told is None:
        return None
    content = [
        {**_token(token), "top_logprobs": [_token(one) for one in top]}
        for token, top in answer.told
    ]
    return {"content": content, "refusal": None}


def _shown(chat: Chat, answer: Answer) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {
            "role": "assistant",
            "content": answer.text,
            "refusal": None,
            "annotations": [],
        },
        "logprobs": _log_probs(answer),
        "finish_reason": "stop" if answer.finished else "length",
    }
    return {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": now(),
        "model": chat.model,
        "choices": [choice],
        "usage": {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.tokens,
            "total_tokens": answer.prompt_tokens + answer.tokens,
        },
        "service_tier": "default",
    }
