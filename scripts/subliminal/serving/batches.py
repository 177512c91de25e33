"""Batches: a file of requests, answered one by one into a file of answers and one of errors."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from subliminal.serving.bodies import Batch, Chat, Line
from subliminal.serving.completions import Completions
from subliminal.serving.faults import Chance
from subliminal.serving.jobs import UNKNOWN_STATUS
from subliminal.serving.lines import add_line, read_lines
from subliminal.serving.refusals import RefusedError, bad_request, malformed
from subliminal.serving.store import Record, Store, new_id, now

UNFINISHED = ("validating", "in_progress", "finalizing", "cancelling")
WINDOW_S = 24 * 60 * 60
# Requests of a batch that wait for their samples at a time.
AT_A_TIME = 256
log = logging.getLogger(__name__)


class Batches:
    """Carries batches out, also those that an earlier process has begun."""

    def __init__(self, completions: Completions, store: Store, chance: Chance) -> None:
        """Carry nothing out yet."""
        self._completions, self._store, self._chance = completions, store, chance
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Go on with what was not finished."""
        for record in self._store.batches:
            if record.shown["status"] in UNFINISHED:
                self._start(record)

    def create(self, batch: Batch) -> dict[str, Any]:
        """A new batch as the API shows it.

        Raises:
            RefusedError: there is no such file of requests.
        """
        if batch.input_file_id not in self._store.files:
            raise bad_request(f"File {batch.input_file_id} does not exist.", "input_file_id")
        file = self._store.files.get(batch.input_file_id)
        if file.shown["purpose"] != "batch":
            raise bad_request("The file's purpose is not batch.", "input_file_id")
        made = now()
        shown = {
            "id": new_id("batch_"),
            "object": "batch",
            "endpoint": batch.endpoint,
            "input_file_id": batch.input_file_id,
            "completion_window": batch.completion_window,
            "status": "validating",
            "created_at": made,
            "expires_at": made + WINDOW_S,
            "request_counts": {"total": 0, "completed": 0, "failed": 0},
            "metadata": batch.metadata,
        }
        record = self._store.batches.put(Record(shown))
        self._start(record)
        return dict(shown)

    def cancel(self, identifier: str) -> dict[str, Any]:
        """The batch; what is answered by then stays.

        Raises:
            RefusedError: there is no such batch, or it has ended.
        """
        record = self._store.batches.get(identifier)
        if record.shown["status"] not in UNFINISHED:
            raise bad_request(f"Batch has already ended: {record.shown['status']}.")
        self._turn(record, "cancelling")
        return record.shown

    def seen(self, shown: dict[str, Any]) -> dict[str, Any]:
        """A batch as it is shown this time."""
        if self._chance.due("unknown_status"):
            return {**shown, "status": UNKNOWN_STATUS}
        return shown

    def _start(self, record: Record) -> None:
        task = asyncio.get_running_loop().create_task(self._carry_out(record))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _turn(self, record: Record, status: str) -> None:
        record.shown["status"] = status
        record.shown[f"{status}_at"] = now()
        self._store.batches.put(record)

    def _journal(self, record: Record) -> Path:
        return self._store.batches.folder / f"{record.id}.jsonl"

    async def _carry_out(self, record: Record) -> None:
        try:
            file = self._store.files.get(record.shown["input_file_id"])
            lines = requests_in(self._store.content_of(file).read_bytes())
        except RefusedError as error:
            problem = {"code": error.code or "invalid_request", "message": error.message}
            record.shown["errors"] = {
                "object": "list",
                "data": [{**problem, "param": error.param, "line": None}],
            }
            self._turn(record, "failed")
            return
        if record.shown["status"] == "validating":
            self._turn(record, "in_progress")
        done = {answer["custom_id"]: answer for answer in read_lines(self._journal(record))}
        waiting = [line for line in lines if line.custom_id not in done]
        record.shown["request_counts"] = _counts(len(lines), done)
        expires = self._chance.due("batch_expires")
        if expires:
            waiting = waiting[: len(waiting) // 2]
        turns = asyncio.Semaphore(AT_A_TIME)

        async def answered(line: Line) -> None:
            async with turns:
                if record.shown["status"] == "cancelling":
                    return
                done[line.custom_id] = answer = await self._answer(line)
                add_line(self._journal(record), answer)
                counts = record.shown["request_counts"]
                counts["completed" if _is_good(answer) else "failed"] += 1

        await asyncio.gather(*(answered(line) for line in waiting))
        if expires:
            late = [line for line in lines if line.custom_id not in done]
            done |= {line.custom_id: _expired(line) for line in late}
        self._finish(record, list(done.values())[::-1], expires)

    async def _answer(self, line: Line) -> dict[str, Any]:
        try:
            chat = Chat.model_validate_json(json.dumps(line.body))
            status, body = 200, await self._completions.create(chat, line.custom_id)
        except ValidationError as failure:
            status, body = 400, malformed(failure).body
        except RefusedError as error:
            status, body = error.status, error.body
        except Exception as error:
            log.exception("batch request %s", line.custom_id)
            status, body = 500, RefusedError(500, f"The server has a mistake: {error!r}").body
        response = {"status_code": status, "request_id": new_id("req_"), "body": body}
        return {
            "id": new_id("batch_req_"),
            "custom_id": line.custom_id,
            "response": response,
            "error": None,
        }

    def _finish(self, record: Record, answers: list[dict[str, Any]], expired: bool) -> None:
        """End a batch; the lines of its files are in another order than those that were asked."""
        shown, cancelled = record.shown, record.shown["status"] == "cancelling"
        if not cancelled:
            self._turn(record, "finalizing")
        good = [answer for answer in answers if _is_good(answer)]
        bad = [answer for answer in answers if not _is_good(answer)]
        for key, part in (("output_file_id", good), ("error_file_id", bad)):
            if part:
                name = f"{record.id}_{key.partition('_')[0]}.jsonl"
                content = "".join(json.dumps(answer) + "\n" for answer in part)
                file = self._store.add_file(name, "batch_output", content.encode())
                shown[key] = file.id
        self._turn(record, "cancelled" if cancelled else "expired" if expired else "completed")
        self._journal(record).unlink(missing_ok=True)


def requests_in(content: bytes) -> list[Line]:
    """The requests of a batch.

    Raises:
        RefusedError: a line is none, or two have one id.
    """
    lines = []
    for number, text in enumerate(content.splitlines(), start=1):
        try:
            lines.append(Line.model_validate_json(text))
        except ValidationError as failure:
            raise bad_request(f"Line {number}: {malformed(failure).message}") from None
    if not lines:
        raise bad_request("The input file is empty.", code="empty_file")
    ids = [line.custom_id for line in lines]
    if len(set(ids)) < len(ids):
        raise bad_request("A custom_id is used twice.", code="duplicate_custom_id")
    return lines


def _expired(line: Line) -> dict[str, Any]:
    message = "This request could not be executed before the completion window expired."
    return {
        "id": new_id("batch_req_"),
        "custom_id": line.custom_id,
        "response": None,
        "error": {"code": "batch_expired", "message": message},
    }


def _is_good(answer: dict[str, Any]) -> bool:
    return answer["response"] is not None and bool(answer["response"]["status_code"] == 200)


def _counts(total: int, done: dict[str, dict[str, Any]]) -> dict[str, int]:
    good = sum(_is_good(answer) for answer in done.values())
    return {"total": total, "completed": good, "failed": len(done) - good}
