"""Running the application on this machine's own address."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from subliminal.config.errors import ConfigError
from subliminal.serving.app import application
from subliminal.serving.delivery import Droppable
from subliminal.serving.site import Setting, Site

HOST = "127.0.0.1"
# Answers under way when the server is stopped.
GRACE_S = 5


def bound(port: int) -> socket.socket:
    """A socket that waits at a port; 0 for any that is free.

    Raises:
        ConfigError: another program has it.
    """
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except OSError as error:
        raise ConfigError(
            f"port {port} of {HOST} cannot be had ({error.strerror}); type --port 0 for a free one"
        ) from error
    return found


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other servers out of a folder.

    Raises:
        ConfigError: one has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"another server uses {folder}; stop it, or name another folder with --folder"
            ) from None
        yield


def server(setting: Setting) -> uvicorn.Server:
    """A server that is not started yet.

    Raises:
        ConfigError: a folder holds no base.
    """
    return uvicorn.Server(
        uvicorn.Config(
            application(Site(setting)),
            http=Droppable,
            ws="none",
            log_level="warning",
            timeout_graceful_shutdown=GRACE_S,
            # Connections of clients that make one request after the other.
            timeout_keep_alive=60,
        )
    )


def serve(setting: Setting, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until the process is interrupted.

    Args:
        on_ready: called with the API's address once it is known.

    Raises:
        ConfigError: the port or the folder cannot be had, or a folder holds no base.
    """
    with bound(port) as listening, alone(setting.folder):
        running = server(setting)
        listening.listen()
        on_ready(f"http://{HOST}:{listening.getsockname()[1]}/v1")
        running.run(sockets=[listening])
