"""The `openai` client as every request here uses it, and its failures in words."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.request import getproxies

from subliminal.api.access import API_KEY, BASE_URL, Access
from subliminal.config.errors import ConfigError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# For a connection, encrypted if the address says so.
CONNECT_SECONDS = 15.0
PROXIES = "HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY"
KEPT = "run the same command again: answers that came are kept"
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Wording:
    """What differs in the words for failures.

    Attributes:
        model: as the server calls it.
        slower: what to do about a server that cannot keep up.
        refused: what to do about one that refuses the model.
        seconds: for one request, its repeats included.
    """

    model: str
    slower: str
    refused: str
    seconds: float


def make_client(place: Access, most_bytes: int, repeats: int) -> AsyncOpenAI:
    """A client of the server.

    Args:
        most_bytes: of an answer.
        repeats: of a request that fails for a passing reason.

    Raises:
        ConfigError: the environment's proxies or certificates cannot be used.
    """
    import httpx2
    import openai

    from subliminal.api.bounded import BoundedClient

    # It logs every request, with whatever the server calls its status.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    try:
        http = BoundedClient(place, most_bytes, CONNECT_SECONDS)
        return openai.AsyncOpenAI(
            base_url=place.url, api_key=place.key, max_retries=repeats, http_client=http
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


def _refused(status: int, said: str, to: str, words: Wording, place: Access) -> ConfigError:
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
            f"the server at {place.url} cannot keep up or fails: {said}; {words.slower}, or wait, "
            f"and {KEPT}"
        )
    return ConfigError(
        f"the server at {place.url} refuses a request for model {words.model!r}: {said}; "
        f"{words.refused}"
    )


def told(error: BaseException, words: Wording, place: Access) -> BaseException:
    """A failed request as what its reader can do about it; what is no request's stays as it is."""
    import openai

    if isinstance(error, TimeoutError):
        return ConfigError(
            f"the server at {place.url} has not answered a request in {words.seconds:g} seconds, "
            f"repeats included; see its own log, {words.slower}, and {KEPT}"
        )
    if isinstance(error, openai.APIConnectionError):
        return _unreached(error.__cause__ or error, place)
    if isinstance(error, openai.APIStatusError):
        answer = error.response
        said = place.told(f"{error.status_code} {answer.content.decode(errors='replace')}")
        to = place.told(answer.headers.get("location", ""))
        return _refused(error.status_code, said, to, words, place)
    # What libraries raise on an address or a header that they did not foresee.
    if isinstance(error, openai.OpenAIError | ExceptionGroup | ValueError | OverflowError):
        said = place.told(f"{type(error).__name__}: {error}")
        return ConfigError(
            f"no request to {place.url} ({BASE_URL}) can be made: {said}; correct the address, or "
            f"unset or correct {PROXIES}"
        )
    return error


async def each(
    todo: deque[int],
    ask: Callable[[int], Awaitable[Answer]],
    at_a_time: int,
    grace_seconds: float,
    on_answers: Callable[[dict[int, Answer]], None],
) -> BaseException | None:
    """Ask for all, so many at a time; the first failure, after which none is asked for.

    Args:
        grace_seconds: after a failure, answers under way are waited for as long as one comes in
            this time.
    """
    pending: dict[asyncio.Future[Answer], int] = {}
    failure: BaseException | None = None
    try:
        while pending or (todo and failure is None):
            while todo and failure is None and len(pending) < at_a_time:
                i = todo.popleft()
                pending[asyncio.ensure_future(ask(i))] = i
            patience = grace_seconds if failure is not None else None
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
