"""Work in a process of its own, within limits of time and memory.

Templates and tokenizers of a base are programs that somebody else wrote: a template may loop for
ever, a tokenizer's pattern may take years. Nothing in a process can stop its own libraries, but
another process can.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

from subliminal.config.errors import ConfigError

# Processor time: a busy machine must not fail a base. A tokenizer of 260,000 tokens takes 8 seconds
# and 0.5 GB.
SECONDS = 120
# A process that waits for something uses no processor time.
PATIENCE = 10
MEMORY = 2_000_000_000
LARGEST_ANSWER = 16_000_000
ANSWER, MISTAKE, FULL, FAULT = "answer", "mistake", "full", "fault"


def bounded(
    work: Callable[[], Any], what: str, setting: str, memory: int = 0, seconds: int = 0
) -> Any:
    """What ``work`` returns, as JSON gives it back; it runs in a fork of this process.

    Args:
        what: what is tried, for messages, such as "reading its tokenizer".
        memory, seconds: bytes and seconds that it may take beyond those of any work.

    Raises:
        ConfigError: the work raised one, or went beyond a limit.
        RuntimeError: the work has a defect.
    """
    memory, seconds = MEMORY + memory, SECONDS + seconds
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work(work, writing, memory, seconds)
    os.close(writing)
    try:
        answer = _received(reading, time.monotonic() + seconds * PATIENCE)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(reading)
    if answer is None:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else None
    told = json.loads(answer) if answer and ended_by is None else {}
    if FAULT in told:
        raise RuntimeError(told[FAULT])
    if MISTAKE in told:
        raise ConfigError(told[MISTAKE])
    if ANSWER in told:
        return told[ANSWER]
    allowed = f"{memory / 1e9:.1f} GB of memory"
    raise ConfigError(
        f"{setting}: {what} was stopped: expected at most {seconds} seconds of processor time and "
        f"{allowed}, found {_excess(FULL in told, answer is None, ended_by)}; use another base"
    )


def _work(work: Callable[[], Any], writing: int, memory: int, seconds: int) -> None:
    """The child's whole life."""
    try:
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)  # a library's last words, which are not ours
        _limit(memory, seconds)
        try:
            answer = {ANSWER: work()}
        except ConfigError as error:
            answer = {MISTAKE: str(error)}
        except MemoryError:
            answer = {FULL: True}
        except Exception:
            answer = {FAULT: traceback.format_exc()}
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(json.dumps(answer).encode())
    finally:
        os._exit(0)  # whatever was raised: this process must not go on as the one that it is of


def _limit(memory: int, seconds: int) -> None:
    if "torch" in sys.modules:
        import torch

        # The threads of the process that this one is of are not here, and would be waited for.
        torch.set_num_threads(1)
    if sys.platform == "linux":  # elsewhere no such limit is kept
        used = _data_bytes()
        resource.setrlimit(resource.RLIMIT_DATA, (used + memory, used + memory))
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _data_bytes() -> int:
    """The memory of this process that the limit of data counts."""
    with open("/proc/self/status") as status:
        (line,) = (line for line in status if line.startswith("VmData:"))
    return int(line.split()[1]) * 1024


def _received(reading: int, deadline: float) -> bytes | None:
    """All that the child writes until it ends; None if it does not end in time."""
    received = bytearray()
    while len(received) <= LARGEST_ANSWER:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        block = os.read(reading, 1 << 16)
        if not block:
            return bytes(received)
        received += block
    return None


def _excess(full: bool, late: bool, ended_by: int | None) -> str:
    """Which limit a child went beyond that gave no answer."""
    if full:
        return "more memory"
    if late or ended_by == signal.SIGXCPU:
        return "more time"
    # Libraries that do not get the memory that they ask for end the process in some such way.
    name = signal.Signals(ended_by).name if ended_by else "no answer"
    return f"more memory, or a fault in a library ({name})"
