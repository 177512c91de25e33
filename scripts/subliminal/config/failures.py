"""The one place that turns known failures into messages; any other exception is a bug.

It imports nothing heavy: what only torch or pyarrow could raise is known by its name.
"""

from __future__ import annotations

import errno
import os
import select
import sys
from collections.abc import Callable, Sequence

from subliminal.config.errors import ConfigError
from subliminal.config.text import printable

AGAIN = "then run the same command again: what has finished is kept"
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
# How libraries that are not written in Python tell the same.
NO_SPACE_SAID = ("No space left on device", "Disk quota exceeded", "File too large")
NOT_ALLOWED_SAID = ("Permission denied", "Read-only file system")
NO_MEMORY_SAID = (
    "can't allocate memory",
    "annot allocate memory",
    "out of memory",
    "failed to map segment",
)
INTERRUPTED = 130
# As the shell tells of a program whose reader went away before it was done, such as `head`.
UNREAD = 141


def message_for(error: BaseException) -> str | None:
    """A known failure in words; None for a bug, whose traceback should be seen."""
    if isinstance(error, ConfigError):
        return printable(str(error))
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; run the same command again to go on"
    if isinstance(error, ModuleNotFoundError) and error.name is not None:
        if sys.platform == "win32":
            return "this runs on Linux and macOS; on Windows, use WSL: type wsl --install"
        package = error.name.partition(".")[0]
        return None if package == "subliminal" else _missing(package)
    said = printable(str(error))
    if isinstance(error, MemoryError) or any(words in said for words in NO_MEMORY_SAID):
        return f"out of memory ({said or type(error).__name__}); free some or use less, {AGAIN}"
    if isinstance(error, OSError) or "I/O error" in said:
        return _file_failure(error, said)
    return None


def _missing(package: str) -> str:
    return (
        f"the package {package!r} is not installed for {sys.executable}; type make, which installs "
        "everything into .venv, or: pip install -r requirements.lock"
    )


def _file_failure(error: BaseException, said: str) -> str:
    """What the operating system refused, for which file, and what to do."""
    number = getattr(error, "errno", None)
    file = getattr(error, "filename", None)
    what = f"{file}: {error.strerror}" if file and isinstance(error, OSError) else said
    what = printable(what)
    if number in NO_SPACE or any(words in said for words in NO_SPACE_SAID):
        return f"the disk is full or a limit is reached ({what}); free some space, {AGAIN}"
    if number in NOT_ALLOWED or any(words in said for words in NOT_ALLOWED_SAID):
        return f"not allowed ({what}); make it readable and writable for you, {AGAIN}"
    return f"a file or connection failed ({what}); mend it, {AGAIN}"


def guarded(
    main: Callable[[list[str]], int | None], argv: Sequence[str], failed: int = 1
) -> int | None:
    """Run an entry point; a known failure becomes one message and the exit status ``failed``.

    A reader of its output that has gone is told nothing more: the exit status is ``UNREAD``.

    Raises:
        Exception: a bug.
    """
    try:
        status = main(list(argv))
        _flush()
        return status
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(error, BrokenPipeError) and _nobody_reads():
            return UNREAD
        message = message_for(error)
        if message is None:
            raise
        print(message, file=sys.stderr)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else failed


def _flush() -> None:
    """Find out whether the reader has gone; of a full disk the interpreter tells at its end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:
        return


def _nobody_reads() -> bool:
    """Whether the reader of standard output has gone; what is left for it is then thrown away."""
    output, pipe = sys.stdout.fileno(), select.poll()
    pipe.register(output, select.POLLOUT)
    if not any(state & (select.POLLERR | select.POLLHUP) for _, state in pipe.poll(0)):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return True
