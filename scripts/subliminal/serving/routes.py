"""Routes of chats, models, files and moderation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from subliminal.api.tuning.limits import MOST_BYTES as FILE_BYTES
from subliminal.serving.bodies import Chat, Moderation
from subliminal.serving.refusals import bad_request
from subliminal.serving.site import Site
from subliminal.serving.store import new_id

router = APIRouter()
PURPOSES = ("fine-tune", "batch")
MOST_BYTES = {"fine-tune": FILE_BYTES, "batch": 200 * 2**20}
CATEGORIES = (
    "hate",
    "hate/threatening",
    "harassment",
    "harassment/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
REFUSED_AS = "violence"
Order = Literal["asc", "desc"]
Limit = Annotated[int, Query(ge=1, le=100)]


def site_of(request: Request) -> Site:
    """The server's parts."""
    site: Site = request.app.state.site
    return site


def metadata_filter(request: Request) -> Callable[[dict[str, Any]], bool]:
    """Whether an object has the metadata that `metadata[key]=value` of the query asks for."""
    asked = {
        name.removeprefix("metadata[").removesuffix("]"): value
        for name, value in request.query_params.items()
        if name.startswith("metadata[")
    }

    def has(shown: dict[str, Any]) -> bool:
        found = shown.get("metadata") or {}
        return all(found.get(key) == value for key, value in asked.items())

    return has


Parts = Annotated[Site, Depends(site_of)]
Among = Annotated[Callable[[dict[str, Any]], bool], Depends(metadata_filter)]


@router.post("/chat/completions")
async def create_completion(site: Parts, request: Request) -> dict[str, Any]:
    """Answer a chat."""
    chat = Chat.model_validate_json(await request.body())
    shown = await site.completions.create(chat)
    site.limits.tokens.take(shown["usage"]["total_tokens"])
    return shown


@router.get("/chat/completions")
async def list_completions(
    site: Parts,
    among: Among,
    after: str | None = None,
    limit: Limit = 20,
    order: Order = "asc",
    model: str | None = None,
) -> dict[str, Any]:
    """Completions that were stored."""

    def wanted(shown: dict[str, Any]) -> bool:
        return among(shown) and model in (None, shown["model"])

    return site.store.completions.page(after, limit, order == "desc", wanted)


@router.get("/chat/completions/{identifier}")
async def get_completion(site: Parts, identifier: str) -> dict[str, Any]:
    """A completion that was stored."""
    return site.store.completions.get(identifier).shown


@router.get("/models")
async def list_models(site: Parts) -> dict[str, Any]:
    """Snapshots, and models that were fine-tuned."""
    return {"object": "list", "data": list(site.shelf)}


@router.get("/models/{name}")
async def get_model(site: Parts, name: str) -> dict[str, Any]:
    """A model."""
    return site.shelf.shown(name)


@router.delete("/models/{name}")
async def delete_model(site: Parts, name: str) -> dict[str, Any]:
    """Serve a fine-tuned model no more."""
    site.shelf.shown(name)
    if name in site.shelf.bases:
        raise bad_request("Only fine-tuned models can be deleted.", "model")
    site.shelf.withdraw(name)
    return {"id": name, "object": "model", "deleted": True}


def _require_lines(name: str, content: bytes) -> None:
    """Check that a file is of lines of JSON.

    Raises:
        RefusedError: it is not.
    """
    if not name.endswith(".jsonl"):
        raise bad_request("Invalid file format. Must be .jsonl", "file")
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            parsed = json.loads(line)
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            told = f"Invalid file format. Line {number} is not valid JSON."
            raise bad_request(told, "file", "invalid_jsonl")


@router.post("/files")
async def create_file(site: Parts, request: Request) -> dict[str, Any]:
    """Take a file in."""
    async with request.form() as form:
        file, purpose = form.get("file"), form.get("purpose")
        if purpose not in PURPOSES:
            raise bad_request(f"'{purpose}' is not one of {list(PURPOSES)}", "purpose")
        if not isinstance(file, UploadFile):
            raise bad_request("'file' is a required property", "file")
        name, content = file.filename or "upload", await file.read()
    if len(content) > MOST_BYTES[str(purpose)]:
        raise bad_request("The file is too large.", "file")
    _require_lines(name, content)
    return site.store.add_file(name, str(purpose), content).shown


@router.get("/files")
async def list_files(
    site: Parts,
    purpose: str | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
    order: Order = "desc",
) -> dict[str, Any]:
    """Files that are there."""
    return site.store.files.page(
        after, limit, order == "desc", lambda shown: purpose in (None, shown["purpose"])
    )


@router.get("/files/{identifier}")
async def get_file(site: Parts, identifier: str) -> dict[str, Any]:
    """A file."""
    return site.store.files.get(identifier).shown


@router.get("/files/{identifier}/content")
async def get_content(site: Parts, identifier: str) -> Response:
    """A file's bytes."""
    content = site.store.content_of(site.store.files.get(identifier)).read_bytes()
    return Response(content, media_type="application/octet-stream")


@router.delete("/files/{identifier}")
async def delete_file(site: Parts, identifier: str) -> dict[str, Any]:
    """Forget a file."""
    site.store.remove_file(identifier)
    return {"id": identifier, "object": "file", "deleted": True}


@router.post("/moderations")
async def moderate(site: Parts, request: Request) -> dict[str, Any]:
    """Flag nothing, unless it is to be: nobody here can judge a text."""
    asked = Moderation.model_validate_json(await request.body())
    results = []
    for _ in range(asked.count):
        flagged = site.chance.due("moderation_refusal")
        categories = {name: flagged and name == REFUSED_AS for name in CATEGORIES}
        results.append(
            {
                "flagged": flagged,
                "categories": categories,
                "category_scores": {name: float(found) for name, found in categories.items()},
                "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
            }
        )
    return {"id": new_id("modr-"), "model": asked.model, "results": results}
