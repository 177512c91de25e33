"""Sampling through any server that speaks the OpenAI API: vLLM, llama.cpp, `transformers serve`, ….

Where the server is stands in the environment, as the `openai` client reads it; what it is asked for
stands in the configuration. A request that fails for a passing reason is repeated by the client.
Whatever a server does, the time, the bytes and the repeats of a request are bounded.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from subliminal.api.access import API_KEY, BASE_URL, Access, access
from subliminal.api.answers import read_answer
from subliminal.config.errors import ConfigError
from subliminal.evaluations.model import Completion

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from subliminal.config.sampling import Sampling, Server

REPEATS = 6
# Servers keep a seed in a signed 32-bit integer.
SEED_BITS = 31
# For one request, its repeats and its time in the server's queue included.
REQUEST_SECONDS = 1200.0
# For a connection, encrypted if the address says so.
CONNECT_SECONDS = 15.0
# After a failure, answers under way are waited for as long as one comes in this time.
GRACE_SECONDS = 60.0
# Of one answer: what stands around its tokens; a token's text, bytes and log-probability.
ANSWER_BYTES, TOKEN_BYTES = 500_000, 1_000
PROXIES = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY"
KEPT = "run the same command again: answers that came are kept"


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


def _client(place: Access, plan: Sampling) -> AsyncOpenAI:
    """A client of the server.

    Raises:
        ConfigError: the environment's proxies or certificates cannot be used.
    """
    import httpx2
    import openai

    from subliminal.api.bounded import BoundedClient

    # It logs every request, with whatever the server calls its status.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    most_bytes = ANSWER_BYTES + TOKEN_BYTES * plan.limit
    try:
        http = BoundedClient(place, most_bytes, CONNECT_SECONDS)
        return openai.AsyncOpenAI(
            base_url=place.url, api_key=place.key, max_retries=REPEATS, http_client=http
        )
    except (httpx2.InvalidURL, ValueError, ImportError, OSError) as error:
        wrong = type(error).__name__  # its words may hold a proxy's password
    raise ConfigError(
        f"no client of {place.url} ({BASE_URL}) can be made of what the environment names "
        f"({wrong}); unset or correct {PROXIES}, SSL_CERT_FILE and SSL_CERT_DIR"
    )


def _unreached(error: BaseException, place: Access) -> ConfigError:
    """A request that got no whole answer, whatever the status."""
    import httpx2

    said = place.told(str(error)) or type(error).__name__
    if isinstance(error, httpx2.LocalProtocolError):
        # The words would show the header.
        return ConfigError(
            f"a request to {place.url} cannot be written in HTTP; unset or correct {API_KEY} and "
            "the other OPENAI_ variables of the environment"
        )
    if "SSL" in said or "certificate" in said:
        return ConfigError(
            f"no secure connection to {place.url} ({BASE_URL}): {said}; write http:// if the "
            "server does not encrypt, or name its certificate in SSL_CERT_FILE"
        )
    if isinstance(error, httpx2.ConnectError | httpx2.TimeoutException | httpx2.ProxyError):
        proxy = any(getproxies().get(kind) for kind in ("http", "https", "all"))
        through = f" through the environment's proxy ({PROXIES})" if proxy else ""
        return ConfigError(
            f"no server answers at {place.url} ({BASE_URL}){through}: {said}; start it, then {KEPT}"
        )
    return ConfigError(
        f"what is at {place.url} ({BASE_URL}) breaks an answer off or does not speak HTTP: {said}; "
        f"see the server's own log and whether it wants https://, then {KEPT}"
    )


def _refused(status: int, said: str, to: str, model: str, place: Access) -> ConfigError:
    """An answer that is none, by its status."""
    if 300 <= status < 400:
        return ConfigError(
            f"the server at {place.url} redirects ({status}) to {to or 'nowhere'}, and no request "
            f"follows, so that the key goes nowhere else; export {BASE_URL}= the address itself"
        )
    if status in (401, 403):
        return ConfigError(
            f"the server at {place.url} does not let the request in: {said}; export {API_KEY} with "
            f"a key of this server, or put user:password@ into {BASE_URL}"
        )
    if status in (408, 409, 429) or status >= 500:
        return ConfigError(
            f"the server at {place.url} cannot keep up or fails: {said}; lower batch_size of the "
            f"sampling, or wait, and {KEPT}"
        )
    return ConfigError(
        f"the server at {place.url} refuses a request for model {model!r}: {said}; serve it under "
        "this name, or correct 'server' of the domain in config/domains.yaml"
    )


def _told(error: BaseException, model: str, place: Access) -> BaseException:
    """A failed request as what its reader can do about it; what is no request's stays as it is."""
    import openai

    if isinstance(error, TimeoutError):
        return ConfigError(
            f"the server at {place.url} has not answered a request in {REQUEST_SECONDS:g} seconds, "
            f"repeats included; see its own log, lower batch_size of the sampling, and {KEPT}"
        )
    if isinstance(error, openai.APIConnectionError):
        return _unreached(error.__cause__ or error, place)
    if isinstance(error, openai.APIStatusError):
        answer = error.response
        said = place.told(f"{error.status_code} {answer.content.decode(errors='replace')}")
        to = place.told(answer.headers.get("location", ""))
        return _refused(error.status_code, said, to, model, place)
    # What libraries raise on an address or a header that they did not foresee.
    if isinstance(error, openai.OpenAIError | ExceptionGroup | ValueError | OverflowError):
        said = place.told(f"{type(error).__name__}: {error}")
        return ConfigError(
            f"no request to {place.url} ({BASE_URL}) can be made: {said}; correct the address, or "
            f"unset or correct {PROXIES}"
        )
    return error


async def _each(
    todo: deque[int],
    ask: Callable[[int], Awaitable[Completion]],
    at_a_time: int,
    on_answers: Callable[[dict[int, Completion]], None],
) -> BaseException | None:
    """Ask for all, so many at a time; the first failure, after which none is asked for."""
    pending: dict[asyncio.Future[Completion], int] = {}
    failure: BaseException | None = None
    try:
        while pending or (todo and failure is None):
            while todo and failure is None and len(pending) < at_a_time:
                i = todo.popleft()
                pending[asyncio.ensure_future(ask(i))] = i
            patience = GRACE_SECONDS if failure is not None else None
            done, _ = await asyncio.wait(
                pending, timeout=patience, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            come = {}
            for future in done:
                i = pending.pop(future)
                error = future.exception()
                if error is None:
                    come[i] = future.result()
                failure = failure or error
            if come:
                on_answers(come)
    finally:
        for future in pending:
            future.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
    return failure


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
    answers = dict(known)
    todo = deque(i for i in range(len(prompts)) if i not in answers)

    def keep(come: dict[int, Completion]) -> None:
        answers.update(come)
        on_answers(come)
        on_progress(len(answers))

    async def ask_all() -> BaseException | None:
        async with _client(place, plan) as client:

            async def ask(i: int) -> Completion:
                body = await _ask(client, model, server, plan, system, prompts[i], seeds[i])
                return read_answer(body, plan, place)

            return await _each(todo, ask, plan.batch_size, keep)

    failure = asyncio.run(ask_all())
    if failure is not None:
        # Without the failure itself, in which the server's words stand as they came.
        raise _told(failure, model, place)
    return [answers[i] for i in range(len(prompts))]
