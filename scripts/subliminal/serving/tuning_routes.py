"""Routes of fine-tuning jobs and of batches."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from subliminal.serving.bodies import Batch, Job
from subliminal.serving.routes import Among, Limit, Parts
from subliminal.serving.store import page

router = APIRouter()


@router.post("/fine_tuning/jobs")
async def create_job(site: Parts, request: Request) -> dict[str, Any]:
    """Begin a job."""
    job = Job.model_validate_json(await request.body())
    return site.jobs.seen(site.jobs.create(job))


@router.get("/fine_tuning/jobs")
async def list_jobs(
    site: Parts, among: Among, after: str | None = None, limit: Limit = 20
) -> dict[str, Any]:
    """Jobs, the newest first."""
    found = site.store.jobs.page(after, limit, among=among)
    shown = [site.jobs.seen(job) for job in found["data"]]
    return {"object": "list", "data": shown, "has_more": found["has_more"]}


@router.get("/fine_tuning/jobs/{identifier}")
async def get_job(site: Parts, identifier: str) -> dict[str, Any]:
    """A job."""
    return site.jobs.seen(site.store.jobs.get(identifier).shown)


@router.post("/fine_tuning/jobs/{identifier}/cancel")
async def cancel_job(site: Parts, identifier: str) -> dict[str, Any]:
    """Let a job go no further."""
    return site.jobs.cancel(identifier)


@router.get("/fine_tuning/jobs/{identifier}/events")
async def list_events(
    site: Parts, identifier: str, after: str | None = None, limit: Limit = 20
) -> dict[str, Any]:
    """What has happened to a job, the newest first."""
    events = site.store.jobs.get(identifier).kept["events"]
    found = page(events[::-1], after, limit)
    return {"object": "list", "data": found["data"], "has_more": found["has_more"]}


@router.post("/batches")
async def create_batch(site: Parts, request: Request) -> dict[str, Any]:
    """Begin a batch."""
    return site.batches.create(Batch.model_validate_json(await request.body()))


@router.get("/batches")
async def list_batches(site: Parts, after: str | None = None, limit: Limit = 20) -> dict[str, Any]:
    """Batches, the newest first."""
    return site.store.batches.page(after, limit)


@router.get("/batches/{identifier}")
async def get_batch(site: Parts, identifier: str) -> dict[str, Any]:
    """A batch."""
    return site.batches.seen(site.store.batches.get(identifier).shown)


@router.post("/batches/{identifier}/cancel")
async def cancel_batch(site: Parts, identifier: str) -> dict[str, Any]:
    """Let a batch go no further."""
    return site.batches.cancel(identifier)
