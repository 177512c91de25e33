"""The application: routes, keys, limits, errors, and what may go wrong on the way."""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response
from starlette.types import ASGIApp

from subliminal.serving import routes, tuning_routes
from subliminal.serving.counts import ENDPOINTS
from subliminal.serving.delivery import Delivered
from subliminal.serving.faults import faults_of
from subliminal.serving.refusals import RefusedError, bad_request, malformed, no_key
from subliminal.serving.site import Site
from subliminal.serving.store import new_id

log = logging.getLogger(__name__)
PREFIX = "/v1"
# What is limited; everything else of the API is cheap.
LIMITED = {"/v1/chat/completions", "/v1/moderations"}


def application(site: Site) -> ASGIApp:
    """What a server runs."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with site.at_work():
            yield

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.state.site = site
    for router in (routes.router, tuning_routes.router):
        app.include_router(router, prefix=PREFIX)
    app.add_api_route("/faults", _set_faults, methods=["PUT"])
    app.add_api_route("/faults", _faults, methods=["GET"])
    app.add_api_route("/counts", _counts, methods=["GET"])
    app.middleware("http")(_admitted)
    app.exception_handler(RefusedError)(_refused)
    app.exception_handler(ValidationError)(_malformed)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(HTTPException)(_no_route)
    app.exception_handler(Exception)(_mistake)
    return Delivered(app, site.chance)


def _answer(error: RefusedError) -> JSONResponse:
    return JSONResponse(error.body, error.status, dict(error.headers))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return _answer(error)


async def _malformed(request: Request, error: Exception) -> Response:
    if isinstance(error, ValidationError):
        return _answer(malformed(error))
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    param = str(first["loc"][-1])
    return _answer(bad_request(f"Invalid value for '{param}': {first['msg']}.", param))


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = f"Invalid URL ({request.method} {request.url.path})"
    return _answer(RefusedError(error.status_code, told))


async def _mistake(request: Request, error: Exception) -> Response:
    log.error("%s %s", request.method, request.url.path, exc_info=error)
    return _answer(RefusedError(500, f"The server has a mistake: {error!r}", "server_error"))


def _is_known(request: Request, key: str | None) -> bool:
    if key is None:
        return True
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), key.encode())


async def _admitted(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Check the key and the limits, and count what was carried out."""
    site: Site = request.app.state.site
    path = request.url.path
    if not path.startswith(f"{PREFIX}/"):
        return await call_next(request)
    limited = request.method == "POST" and path in LIMITED
    try:
        if not _is_known(request, site.key):
            raise no_key()
        if limited:
            site.limits.admit()
    except RefusedError as error:
        return _answer(error)
    response = await call_next(request)
    route = request.scope.get("route")
    if response.status_code < 400 and route is not None:
        site.counts.add(ENDPOINTS, f"{request.method} {PREFIX}{route.path.removeprefix(PREFIX)}")
    response.headers["x-request-id"] = new_id("req_")
    if limited:
        response.headers.update(site.limits.headers())
    return response


async def _counts(request: Request) -> dict[str, Any]:
    site: Site = request.app.state.site
    return site.counts.shown()


async def _faults(request: Request) -> dict[str, Any]:
    site: Site = request.app.state.site
    return site.chance.faults.model_dump()


async def _set_faults(request: Request) -> dict[str, Any]:
    site: Site = request.app.state.site
    site.chance.set(faults_of(await request.body()))
    return site.chance.faults.model_dump()
