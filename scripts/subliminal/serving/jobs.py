"""Fine-tuning jobs, from the upload to the model, one in training at a time."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from threading import Event
from typing import Any

from subliminal.config.errors import ConfigError
from subliminal.config.recipes import Recipe
from subliminal.local.training.fine_tuning import Step
from subliminal.serving.bodies import Hyperparameters, Job
from subliminal.serving.counts import JOBS, Counts
from subliminal.serving.faults import Chance
from subliminal.serving.refusals import RefusedError, bad_request, closed
from subliminal.serving.shelf import Shelf
from subliminal.serving.store import Record, Store, new_id, now
from subliminal.serving.tuning import (
    InvalidFileError,
    StoppedError,
    TuneSpec,
    count_tokens,
    read_rows,
    recipe_of,
    settled,
    tune,
)

UNFINISHED = ("validating_files", "queued", "running")
UNKNOWN_STATUS = "pondering"
log = logging.getLogger(__name__)


class Jobs:
    """Carries jobs out, also those that an earlier process has begun."""

    def __init__(
        self,
        shelf: Shelf,
        store: Store,
        counts: Counts,
        chance: Chance,
        recipe: Recipe,
        threads: int,
    ) -> None:
        """Carry nothing out yet."""
        self._shelf, self._store, self._counts = shelf, store, counts
        self._chance, self._recipe, self._threads = chance, recipe, threads
        self._training = asyncio.Lock()
        self._stops: dict[str, Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Go on with what was not finished."""
        for record in self._store.jobs:
            if record.shown["status"] in UNFINISHED:
                self._tell(record, "The server has started again; the job goes on")
                self._start(record)

    def stop(self) -> None:
        """Let trainings end where they are."""
        for event in self._stops.values():
            event.set()

    def create(self, job: Job) -> dict[str, Any]:
        """A new job as the API shows it.

        Raises:
            RefusedError: the account is closed, the model cannot be tuned, or there is no file.
        """
        if self._chance.due("account_closed"):
            raise closed()
        self._shelf.source(job.model)
        if job.model not in self._shelf.bases:
            told = f"Model {job.model} is not available for fine-tuning."
            raise bad_request(told, "model", "model_not_available")
        if job.training_file not in self._store.files:
            raise bad_request(f"File {job.training_file} does not exist.", "training_file")
        file = self._store.files.get(job.training_file)
        if file.shown["purpose"] != "fine-tune":
            raise bad_request("The file's purpose is not fine-tune.", "training_file")
        content = self._store.content_of(file).read_bytes()
        shown = {
            "id": new_id("ftjob-"),
            "object": "fine_tuning.job",
            "created_at": now(),
            "finished_at": None,
            "model": job.model,
            "fine_tuned_model": None,
            "organization_id": "org-tiny",
            "status": "validating_files",
            "training_file": job.training_file,
            "validation_file": None,
            "hyperparameters": job.settings.model_dump(),
            "method": _method(job.settings.model_dump()),
            "result_files": [],
            "trained_tokens": None,
            "error": None,
            "seed": secrets.randbelow(2**31) if job.seed is None else job.seed,
            "estimated_finish": None,
            "integrations": [],
            "metadata": job.metadata,
        }
        sha256 = hashlib.sha256(content).hexdigest()
        kept = {"suffix": job.suffix or "", "sha256": sha256, "events": []}
        record = self._store.jobs.put(Record(shown, kept))
        self._counts.add(JOBS, sha256)
        self._tell(record, "Created fine-tuning job")
        self._start(record)
        return dict(shown)

    def cancel(self, identifier: str) -> dict[str, Any]:
        """The job, which goes no further.

        Raises:
            RefusedError: there is no such job, or it has ended.
        """
        record = self._store.jobs.get(identifier)
        if record.shown["status"] not in UNFINISHED:
            raise bad_request(f"Job has already ended: {record.shown['status']}.")
        record.shown["finished_at"] = now()
        self._turn(record, "cancelled", "Fine-tuning job cancelled")
        self._stops[identifier].set()
        return record.shown

    def seen(self, shown: dict[str, Any]) -> dict[str, Any]:
        """A job as it is shown, unless its status is to be a word that nobody knows."""
        if self._chance.due("unknown_status"):
            return {**shown, "status": UNKNOWN_STATUS}
        return shown

    def _start(self, record: Record) -> None:
        self._stops[record.id] = Event()
        task = asyncio.get_running_loop().create_task(self._carry_out(record))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _tell(self, record: Record, message: str, level: str = "info") -> None:
        record.kept["events"].append(_event(message, level))
        self._store.jobs.put(record)

    def _turn(self, record: Record, status: str, message: str, level: str = "info") -> None:
        record.shown["status"] = status
        self._tell(record, message, level)

    def _fail(self, record: Record, code: str, message: str) -> None:
        if self._stops[record.id].is_set():  # it was cancelled meanwhile
            return
        param = "training_file" if code.startswith("invalid") else None
        record.shown["error"] = {"code": code, "message": message, "param": param}
        record.shown["finished_at"] = now()
        self._turn(record, "failed", message, "error")

    async def _carry_out(self, record: Record) -> None:
        stop = self._stops[record.id]
        try:
            spec = await asyncio.to_thread(self._validated, record)
            if stop.is_set():
                return
            self._turn(record, "queued", "Files validated, moving job to queued state")
            async with self._training:
                if stop.is_set():
                    return
                self._turn(record, "running", "Fine-tuning job started")
                if self._chance.due("job_fails"):
                    self._fail(record, "server_error", "The job failed due to an internal error.")
                    return
                await self._train(record, spec, stop)
        except StoppedError:
            return
        except InvalidFileError as error:
            self._fail(record, error.code, str(error))
        except RefusedError as error:  # the file or the model has gone since
            self._fail(record, error.code or "invalid_training_file", error.message)
        except ConfigError as error:
            self._fail(record, "server_error", str(error))
        except Exception as error:
            log.exception("job %s", record.id)
            self._fail(record, "server_error", f"The server has a mistake: {error!r}")

    def _validated(self, record: Record) -> TuneSpec:
        """What is to be trained; the job's hyperparameters and tokens become numbers."""
        shown = record.shown
        content = self._store.content_of(self._store.files.get(shown["training_file"]))
        rows = read_rows(content.read_bytes())
        base = self._shelf.open(shown["model"])
        asked = Hyperparameters(**shown["hyperparameters"])
        numbers = settled(asked, len(rows), self._recipe)
        recipe = recipe_of(numbers, self._recipe, base)
        tokens = count_tokens(base, rows, recipe.max_tokens)
        shown["hyperparameters"], shown["method"] = numbers, _method(numbers)
        record.kept["tokens"] = tokens * numbers["n_epochs"]
        return TuneSpec(
            snapshot=shown["model"],
            training_file=record.kept["sha256"],
            recipe=recipe,
            seed=shown["seed"],
        )

    async def _train(self, record: Record, spec: TuneSpec, stop: Event) -> None:
        shown = record.shown
        source = self._shelf.source(spec.snapshot)
        content = self._store.content_of(self._store.files.get(shown["training_file"]))
        history = await asyncio.to_thread(
            tune,
            spec,
            read_rows(content.read_bytes()),
            source.base,
            self._shelf.folder(record.id),
            self._threads,
            stop,
        )
        if stop.is_set():
            return
        self._tell_steps(record, history)
        name = f"ft:{spec.snapshot}:tiny:{record.kept['suffix']}:{record.id[-8:]}"
        self._shelf.add(name, spec.snapshot, record.id, now())
        shown["fine_tuned_model"], shown["trained_tokens"] = name, record.kept["tokens"]
        shown["finished_at"] = now()
        self._tell(record, f"New fine-tuned model created: {name}")
        self._turn(record, "succeeded", "The job has successfully completed")

    def _tell_steps(self, record: Record, history: list[Step]) -> None:
        for step in history:
            message = f"Step {step.step}/{len(history)}: training loss={step.loss:.2f}"
            data = {"step": step.step, "total_steps": len(history), "train_loss": step.loss}
            record.kept["events"].append(_event(message, data=data))
        self._store.jobs.put(record)


def _event(message: str, level: str = "info", data: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "object": "fine_tuning.job.event",
        "id": new_id("ftevent-"),
        "created_at": now(),
        "level": level,
        "message": message,
        "type": "message" if data is None else "metrics",
        "data": data or {},
    }


def _method(numbers: dict[str, Any]) -> dict[str, Any]:
    return {"type": "supervised", "supervised": {"hyperparameters": dict(numbers)}}
