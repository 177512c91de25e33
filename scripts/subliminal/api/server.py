"""Sampling through any server that speaks the OpenAI API: vLLM, llama.cpp, `transformers serve`, ….

Where the server is stands in the environment, as the `openai` client reads it; what it is asked for
stands in the configuration. A request that fails for a passing reason is repeated by the client.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from subliminal.config.errors import ConfigError
from subliminal.evaluations.model import Completion

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

    from subliminal.config.sampling import Sampling, Server

BASE_URL, API_KEY = "OPENAI_BASE_URL", "OPENAI_API_KEY"
REPEATS = 6
# Servers keep a seed in a signed 32-bit integer.
SEED_BITS = 31
# Requests that wait for a thread, per thread: each more makes looking after all of them slower.
WAITING = 4
# Characters of a server's complaint.
MOST_TOLD = 300


def base_url() -> str:
    """The server's address.

    Raises:
        ConfigError: the environment names none, or none that is one.
    """
    url = os.environ.get(BASE_URL)
    if not url:
        raise ConfigError(
            f"{BASE_URL} is not set, and a domain is sampled through a server (server: in "
            f"config/domains.yaml); export {BASE_URL}=http://localhost:8000/v1, or wherever it is"
        )
    try:
        known = urlsplit(url).scheme in ("http", "https") and urlsplit(url).port != 0
    except ValueError:
        known = False
    if not known:
        raise ConfigError(f"{BASE_URL} is no address, such as http://localhost:8000/v1; correct it")
    return url


def shown_url() -> str:
    """The server's address without a user's name and password."""
    parts = urlsplit(base_url())
    place = parts.hostname or ""
    return urlunsplit(parts._replace(netloc=f"{place}:{parts.port}" if parts.port else place))


def _answer(completion: ChatCompletion, plan: Sampling) -> Completion:
    # A page of HTML comes as a string.
    choices = getattr(completion, "choices", None)
    if not choices:
        raise ConfigError(
            f"what answers at {shown_url()} is no chat completion; {BASE_URL} has to be the "
            "address up to /v1, as the server shows it when it starts"
        )
    choice = choices[0]
    log_probs = None
    if plan.log_probs:
        if choice.logprobs is None or choice.logprobs.content is None:
            raise ConfigError(
                "log_probs: true, but the server returns none; remove it from the domain's "
                "sampling, or use another server"
            )
        log_probs = [token.logprob for token in choice.logprobs.content]
    return Completion(
        choice.message.content or "", choice.finish_reason == "stop", log_probs=log_probs
    )


def _ask(
    client: OpenAI,
    model: str,
    server: Server,
    plan: Sampling,
    system: str | None,
    prompt: str,
    seed: int,
) -> Completion:
    head = [{"role": "system", "content": system}] if system is not None else []
    request: dict[str, Any] = {
        "model": model,
        "messages": [*head, {"role": "user", "content": prompt}],
        "temperature": plan.temperature,
        "top_p": 1.0,
        "max_tokens": plan.max_new_tokens,
        "seed": seed % 2**SEED_BITS,
        "extra_body": dict(server.extra_body),
    }
    if plan.log_probs:  # asked for only then: some servers refuse what they do not know
        request["logprobs"] = True
    return _answer(client.chat.completions.create(**request), plan)


def _told(error: BaseException, model: str) -> BaseException:
    """A failed request as what its reader can do about it; what is no request's stays as it is."""
    import openai

    if isinstance(error, openai.APIConnectionError):
        return ConfigError(
            f"no server answers at {shown_url()} ({BASE_URL}): {error.__cause__ or error}; start "
            "it, then run the same command again: answers that came are kept"
        )
    if not isinstance(error, openai.APIStatusError):
        return error
    said = f"{error.status_code} {error.response.text[:MOST_TOLD]}"
    if isinstance(error, openai.RateLimitError | openai.InternalServerError):
        return ConfigError(
            f"the server at {shown_url()} cannot keep up or fails: {said}; lower batch_size of the "
            "sampling, or wait, and run the same command again: answers that came are kept"
        )
    return ConfigError(
        f"the server at {shown_url()} refuses a request for model {model!r}: {said}; serve it "
        "under this name, or correct 'server' of the domain in config/domains.yaml"
    )


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
        ConfigError: no server is named or there, or it refuses what is asked of it.
    """
    import openai

    answers = dict(known)
    # A local server needs no key, the client does.
    key = os.environ.get(API_KEY, "none")
    client = openai.OpenAI(base_url=base_url(), api_key=key, max_retries=REPEATS)
    todo = deque(i for i in range(len(prompts)) if i not in answers)
    pending: dict[Future[Completion], int] = {}
    failure: BaseException | None = None
    with ThreadPoolExecutor(plan.batch_size) as pool:
        while pending or (todo and failure is None):
            while todo and failure is None and len(pending) < WAITING * plan.batch_size:
                i = todo.popleft()
                asked = (client, model, server, plan, system, prompts[i], seeds[i])
                pending[pool.submit(_ask, *asked)] = i
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            come = {}
            for future in done:
                i = pending.pop(future)
                error = future.exception()
                if error is None:
                    come[i] = future.result()
                failure = failure or error
            if come:
                answers |= come
                on_answers(come)
                on_progress(len(answers))
            if failure is not None:
                pending = {future: i for future, i in pending.items() if not future.cancel()}
    if failure is not None:
        raise _told(failure, model) from failure
    return [answers[i] for i in range(len(prompts))]
