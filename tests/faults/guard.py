"""A process in which a fault may do what it likes: it is stopped, and it has no privileges."""

import ctypes
import faulthandler
import json
import os
import resource
import select
import signal
import traceback

SECONDS, MEMORY = 30, 3_000_000_000
CAPABILITY_VERSION = 0x20080522


def _data_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))


def _without_privileges():
    """Make root obey the permissions of files, as everybody else does."""
    head = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    ctypes.CDLL(None).capset(head, (ctypes.c_uint32 * 6)())


def guarded(work):
    """What ``work`` returns; None if it does not end.

    It must return JSON. What it raises comes back as a pair of "traceback" and its text.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            faulthandler.disable()
            os.dup2(os.open(os.devnull, os.O_RDWR), 2)
            _without_privileges()
            limit = _data_bytes() + MEMORY
            resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            try:
                answer = work()
            except BaseException:
                answer = ("traceback", traceback.format_exc())
            with os.fdopen(writing, "w") as pipe:
                json.dump(answer, pipe)
        finally:
            os._exit(0)
    os.close(writing)
    ended, _, _ = select.select([reading], [], [], SECONDS)
    if not ended:
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if not ended:
        return None
    return json.loads(answer) if answer else ("traceback", f"Traceback: status {status}")
