"""Which models a server has: the one question that is free, and asked before anything is paid."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from subliminal.api.access import PROVIDER, Access
from subliminal.api.client import Wording, make_client, told
from subliminal.api.failures import NO_MODEL
from subliminal.config.errors import ConfigError
from subliminal.config.strict_json import parsed

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MOST_BYTES = 100_000
REPEATS = 2
SECONDS = 60.0


def is_provider(place: Access) -> bool:
    """Whether an address is OpenAI's own, for which the dates of config/models.yaml are."""
    host, own = urlsplit(place.url).hostname or "", urlsplit(PROVIDER).hostname or ""
    return host == own or host.endswith(f".{own}")


def lacking(place: Access, models: Sequence[str]) -> set[str]:
    """The models that a server says it does not have.

    Many servers have no such page for a single model; one that says nothing of it is believed to
    have it.

    Raises:
        ConfigError: the server cannot be asked.
    """

    async def ask_all() -> set[str]:
        async with make_client(place, MOST_BYTES, REPEATS) as client:
            return {name for name in models if not await _has(client, place, name)}

    return asyncio.run(ask_all())


async def _has(client: AsyncOpenAI, place: Access, model: str) -> bool:
    """Whether a server has a model.

    Raises:
        ConfigError: it cannot be asked.
    """
    import openai

    words = Wording(model, "try again later", "export OPENAI_BASE_URL= where it is", SECONDS)
    try:
        async with asyncio.timeout(SECONDS):
            response = await client.models.with_raw_response.retrieve(model)
    except openai.NotFoundError as error:
        return error.code != NO_MODEL and not is_provider(place)
    except Exception as error:
        failure = told(error, words, place)
    else:
        if _is_model(response.content):
            return True
        failure = ConfigError(
            f"what is at {place.url} answers, and not as the OpenAI API does: asked for model "
            f"{model!r} it says {place.told(response.content.decode(errors='replace'))!r}"
        )
    # Without the failure itself, in which the server's words stand as they came.
    raise failure


def _is_model(content: bytes) -> bool:
    try:
        found = parsed(content, infinities=False)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("id"), str)
