"""Sampling through any server that speaks the OpenAI API: vLLM, llama.cpp, `transformers serve`, ….

Where the server is stands in the environment, as the `openai` client reads it; what it is asked for
stands in the configuration. A request that fails for a passing reason is repeated by the client.
Whatever a server does, the time, the bytes and the repeats of a request are bounded.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from subliminal.api.access import access
from subliminal.api.answers import read_answer
from subliminal.api.client import Wording, each, make_client, told
from subliminal.evaluations.model import Completion

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from subliminal.config.sampling import Sampling, Server

REPEATS = 6
# Servers keep a seed in a signed 32-bit integer.
SEED_BITS = 31
# For one request, its repeats and its time in the server's queue included.
REQUEST_SECONDS = 1200.0
# After a failure, answers under way are waited for as long as one comes in this time.
GRACE_SECONDS = 60.0
# Of one answer: what stands around its tokens; a token's text, bytes and log-probability.
ANSWER_BYTES, TOKEN_BYTES = 500_000, 1_000


async def _ask(
    client: AsyncOpenAI,
    model: str,
    server: Server,
    plan: Sampling,
    system: str | None,
    prompt: str,
    seed: int,
) -> bytes:
    """The body of a server's answer, unread."""
    head = [{"role": "system", "content": system}] if system is not None else []
    request: dict[str, Any] = {
        "model": model,
        "messages": [*head, {"role": "user", "content": prompt}],
        "temperature": plan.temperature,
        "top_p": 1.0,
        "max_tokens": plan.limit,
        "seed": seed % 2**SEED_BITS,
        "extra_body": dict(server.extra_body),
    }
    if plan.log_probs:  # asked for only then: some servers refuse what they do not know
        request["logprobs"] = True
    async with asyncio.timeout(REQUEST_SECONDS):
        # Raw: the client's own parser takes what is no completion for one.
        response = await client.chat.completions.with_raw_response.create(**request)
    return response.content


def sample_served(
    server: Server,
    model: str,
    prompts: Sequence[str],
    seeds: Sequence[int],
    plan: Sampling,
    system: str | None,
    known: Mapping[int, Completion],
    on_answers: Callable[[dict[int, Completion]], None],
    on_progress: Callable[[int], None],
) -> list[Completion]:
    """One answer per prompt, in the order of the prompts; ``plan.batch_size`` requests at a time.

    Args:
        model: as the server calls it.
        seeds: one per prompt.
        known: answers by the prompt's index that an earlier call has got.
        on_answers: called with new answers, by the prompt's index, as they come; with all that
            came, before an error is raised.
        on_progress: called with how many answers there are.

    Raises:
        ConfigError: no server is named or there, it refuses what is asked of it, what it answers
            is no completion, or it takes more time or bytes than an answer may take.
    """
    place = access()
    words = Wording(
        model,
        "lower batch_size of the sampling",
        "serve it under this name, or correct 'server' of the domain in config/domains.yaml",
        REQUEST_SECONDS,
    )
    answers = dict(known)
    todo = deque(i for i in range(len(prompts)) if i not in answers)

    def keep(come: dict[int, Completion]) -> None:
        answers.update(come)
        on_answers(come)
        on_progress(len(answers))

    most_bytes = ANSWER_BYTES + TOKEN_BYTES * plan.limit

    async def ask_all() -> BaseException | None:
        async with make_client(place, most_bytes, REPEATS) as client:

            async def ask(i: int) -> Completion:
                body = await _ask(client, model, server, plan, system, prompts[i], seeds[i])
                return read_answer(body, plan, place)

            return await each(todo, ask, plan.batch_size, GRACE_SECONDS, keep)

    failure = asyncio.run(ask_all())
    if failure is not None:
        # Without the failure itself, in which the server's words stand as they came.
        raise told(failure, words, place)
    return [answers[i] for i in range(len(prompts))]
