"""What happens to requests and answers on their way: faults of the connection, on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from subliminal.serving.faults import Chance, Delivery
from subliminal.serving.refusals import RefusedError, too_many

TRANSPORT = "transport"
STORM_S = 0.05


class Droppable(H11Protocol):
    """Tells each request its connection, so that it can be dropped."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the connection."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT: transport}


class Delivered:
    """An application behind a connection that may be bad."""

    def __init__(self, app: ASGIApp, chance: Chance) -> None:
        """Put it before an application."""
        self._app, self._chance = app, chance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, or not, and its answer back, or not."""
        fault = self._chance.delivery(scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
            return
        request = await _whole(receive)
        refusal = _refusal(fault)
        if refusal is not None:
            answer = JSONResponse(refusal.body, refusal.status, dict(refusal.headers))
            await answer(scope, receive, send)
        elif fault == "dropped_before":
            await _drop(scope)
        else:
            await self._carried_out(fault, scope, request, receive, send)

    async def _carried_out(
        self, fault: Delivery, scope: Scope, request: Message, receive: Receive, send: Send
    ) -> None:
        start, body = await self._answer(scope, request, receive)
        if fault == "delivered_twice":
            start, body = await self._answer(scope, request, receive)
        if fault == "dropped_after":
            await _drop(scope)
            return
        half = len(body) // 2
        await send(start)
        if fault == "truncated_body":
            await send({"type": "http.response.body", "body": body[:half], "more_body": True})
            await _drop(scope, gently=True)
            return
        if fault == "slow_body":
            await send({"type": "http.response.body", "body": body[:half], "more_body": True})
            await asyncio.sleep(self._chance.faults.slow_seconds)
            body = body[half:]
        await send({"type": "http.response.body", "body": body})

    async def _answer(
        self, scope: Scope, request: Message, receive: Receive
    ) -> tuple[Message, bytes]:
        """Head and body of what the application answers."""
        given = False
        starts: list[Message] = []
        body = bytearray()

        async def given_once() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return request

        async def kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                starts.append(message)
            else:
                body.extend(message.get("body", b""))

        # The application writes into the scope which of its routes was taken.
        await self._app({**scope, "state": dict(scope.get("state", {}))}, given_once, kept)
        return starts[-1], bytes(body)


def _refusal(fault: Delivery) -> RefusedError | None:
    headers: Mapping[str, str] = {}
    if fault == "rate_limited":
        return too_many("Rate limit reached, on demand.", "requests", STORM_S, headers)
    if fault == "server_error":
        return RefusedError(500, "The server had an error, on demand.", "server_error")
    return None


async def _whole(receive: Receive) -> Message:
    """A request with all of its body."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return message
        body.extend(message.get("body", b""))
        if not message.get("more_body", False):
            return {"type": "http.request", "body": bytes(body), "more_body": False}


async def _drop(scope: Scope, gently: bool = False) -> None:
    """Cut the connection.

    Args:
        gently: what was sent arrives.
    """
    transport: Any = scope["state"][TRANSPORT]
    if gently:
        transport.close()
    else:
        transport.abort()
    # uvicorn, which learns of it in the event loop's next turn, would send an answer of its own.
    await asyncio.sleep(0.01)
