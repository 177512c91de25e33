"""Optional warm start: pay for the heavy third-party imports once per run, not once per job.

Importing torch, transformers and peft costs a job about as much processor time as its own work.
`run_warm` of warm_run.py keeps one process (the zygote) that has imported them and forks it for
each job; a script that ends in `sys.exit(run(main))` hands itself over when such a process can be
reached and otherwise runs just as it would without this module. Rules that keep both equivalent:

* Only third-party modules are preloaded, never this package, so edited code is never stale.
* A script must import heavy packages inside its functions: what it (or a module of ours that it
  imports) loads at the top is loaded by the waiting client as well, and nothing is gained.
* The zygote has no threads when it forks, hence OMP_NUM_THREADS=1 there. That variable is read
  when torch is loaded, so jobs have to call torch.set_num_threads themselves. Variables that
  other libraries read when loaded (IMPORT_TIME) must equal the zygote's, or the job runs cold.
* Jobs share the zygote's hash seed and NumPy's initial global state: they seed what they use.
* A job never outlives its client, the zygote or the wrapper, and is never run twice.
"""

from __future__ import annotations

# Each waiting client imports these, so nothing slow may be added here.
import builtins
import importlib
import io
import json
import os
import selectors
import signal
import socket
import sys
import types
from collections.abc import Callable, Sequence

TYPE_CHECKING = False  # typing would make up a quarter of a client's import time
if TYPE_CHECKING:
    from typing import Any, NoReturn

SOCKET_VARIABLE = "SUBLIMINAL_WARM_START_SOCKET"
IMPORT_TIME = ("PYTHON", "HF_", "TRANSFORMERS_", "TORCH", "PYTORCH_", "CUDA_", "PEFT_", "ARROW_")
PROTOCOL = 1
PATIENCE_S = 120.0  # a client that comes early waits for the preloading to end
REQUEST_S = 10.0  # the zygote serves nobody else while it reads one request
PR_SET_PDEATHSIG = 1


def run(main: Callable[[list[str]], int | None]) -> int | None:
    """Run the calling script in a fork of the zygote if there is one, else `main` right here."""
    path = os.environ.get(SOCKET_VARIABLE)
    if path:
        try:
            status = _run_in_zygote(path)
        except (OSError, ValueError, AttributeError) as error:
            print(f"warm start not used: {error}", file=sys.stderr)
        else:
            if status is not None:
                return status
    from subliminal.config.failures import guarded

    return guarded(main, sys.argv[1:])


def _run_in_zygote(path: str) -> int | None:
    """Give the exit status of the job; None, or an exception, means it was never started."""
    entry = sys.modules["__main__"]
    if entry.__spec__ is not None or not entry.__file__:
        raise ValueError("not started as a plain script")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(path)
        if _receive(connection) != _identity(sys.path[1:]):
            raise ValueError("another interpreter or other import-time settings")
        os.umask(mask := os.umask(0o077))
        streams = (sys.stdin, sys.stdout, sys.stderr)
        job = {
            "argv": sys.argv,
            "cwd": os.getcwd(),
            "environ": {k: v for k, v in os.environ.items() if k != SOCKET_VARIABLE},
            "path": sys.path,
            "script": entry.__file__,
            "streams": [
                (s.encoding, s.errors, s.line_buffering or getattr(s, "write_through", False))
                for s in streams
            ],
            "umask": mask,
        }
        sys.stdout.flush()
        sys.stderr.flush()
        _send(connection, job, fds=(0, 1, 2))
        # From here on the job may have begun: only a plain refusal allows to run it ourselves.
        connection.settimeout(None)
        try:
            answer = _receive(connection)
        except (OSError, ValueError) as error:
            print(f"warm start: lost the process running this job: {error}", file=sys.stderr)
            return 1
    if answer is None:
        raise ValueError("the zygote could not fork")
    if answer < 0:
        print(f"warm start: job killed by signal {-answer}", file=sys.stderr)
        return 128 - answer
    return answer


def _identity(path: list[str]) -> list[Any]:
    """The settings that a fork and a fresh interpreter must share (`path` without the script's).

    sys.executable is left out: python and python3 of one environment are the same.
    """
    settings = {k: v for k, v in os.environ.items() if k.startswith(IMPORT_TIME)}
    interpreter = [sys.prefix, sys.version, list(sys.flags), sys.warnoptions, path]
    return [PROTOCOL, *interpreter, sys.getfilesystemencoding(), settings]


def _send(connection: socket.socket, message: Any, fds: Sequence[int] = ()) -> None:
    """Send the length, the descriptors along with it, then the message (ASCII JSON)."""
    body = json.dumps(message).encode()
    socket.send_fds(connection, [len(body).to_bytes(4, "big")], fds)
    connection.sendall(body)


def _receive(connection: socket.socket, fds: list[int] | None = None) -> Any:
    """Receive one message; descriptors that came with it are appended to `fds`."""
    head, received, _, _ = socket.recv_fds(connection, 4, 3 if fds is not None else 0)
    if fds is not None:
        fds.extend(received)
    size, body = int.from_bytes(head, "big"), b""
    while len(body) < size and (chunk := connection.recv(min(size - len(body), 1 << 16))):
        body += chunk
    if len(head) < 4 or len(body) < size:
        raise ConnectionError("connection closed")
    return json.loads(body)


def parent_binder() -> Callable[[int, int], None]:
    """Make a function that ties the calling process's life to its parent's (libc is loaded here).

    The kernel does it (PR_SET_PDEATHSIG), so that it holds even where SIGKILL ends the parent.
    """
    import ctypes

    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def bind_to_parent(parent: int, death_signal: int) -> None:
        refused = prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0
        # The parent may have died before the request. A command can do without, jobs must not.
        if os.getppid() != parent or (refused and death_signal == signal.SIGKILL):
            os._exit(1)

    return bind_to_parent


def zygote(listener_fd: str, *preload: str) -> NoReturn:
    """Import the modules, then serve forks until killed; a forked child leaves with its script."""
    import gc
    import importlib.util

    del sys.path[0]  # our own code must not be found while preloading
    identity = _identity(sys.path)
    for name in preload:
        module, attribute, argument = (*name.split(":"), "", "")[:3]
        if importlib.util.find_spec(module.partition(".")[0]) is not None:
            loaded = importlib.import_module(module)
            if attribute:
                found = getattr(loaded, attribute)  # transformers loads its parts on first use
                if argument:
                    found(argument)
    for name in [
        name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]
    ]:
        del sys.modules[name]
    if len(os.listdir("/proc/self/task")) > 1:
        sys.exit("warm start off: a preloaded module started threads, forking would be unsafe")
    sys.stdout.flush()
    sys.stderr.flush()
    gc.collect()
    gc.freeze()  # a collection in a child would write to, and so copy, the shared pages
    _execute(_serve(socket.socket(fileno=int(listener_fd)), identity))


def _serve(listener: socket.socket, identity: list[Any]) -> str:
    """Fork a child for each job; returns in these children only, with the script to execute."""
    import contextlib

    bind_to_parent = parent_binder()
    own_pid = os.getpid()
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    jobs: dict[Any, int] = {}  # process by connection
    while True:
        # One event at a time: the others are reported again unless handling this one ends them.
        key = selector.select()[0][0]
        source: Any = key.fileobj
        if source is listener:
            connection, _ = listener.accept()
            connection.settimeout(REQUEST_S)
            with contextlib.suppress(OSError):  # a client gone by now is noticed below
                _send(connection, identity)
            selector.register(connection, selectors.EVENT_READ)
        elif isinstance(source, int):  # a child has ended
            connection, pid = key.data, jobs.pop(key.data)
            selector.unregister(source)
            os.close(source)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with contextlib.suppress(OSError, KeyError, ValueError):  # closed: nobody to tell
                selector.unregister(connection)
                _send(connection, status)
            connection.close()
        elif source in jobs:  # the client of a running job is gone (it has nothing more to say)
            selector.unregister(source)
            source.close()
            os.killpg(jobs[source], signal.SIGKILL)
        else:
            fds: list[int] = []
            try:
                job = _receive(source, fds)
                pid = os.fork()
            except (OSError, ValueError):
                with contextlib.suppress(OSError):
                    _send(source, None)
                selector.unregister(source)
                source.close()
            else:
                if pid == 0:
                    bind_to_parent(own_pid, signal.SIGKILL)
                    os.setpgid(0, 0)
                    others: list[Any] = [key.fileobj for key in selector.get_map().values()]
                    for other in others:
                        os.close(other) if isinstance(other, int) else other.close()
                    selector.close()
                    return _take_over(job, fds)
                with contextlib.suppress(OSError):  # on both sides, as either may come first
                    os.setpgid(pid, pid)
                jobs[source] = pid
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, source)
            for fd in fds:
                os.close(fd)


def _take_over(job: dict[str, Any], fds: Sequence[int]) -> str:
    """Put the client's surroundings in place of the zygote's; returns the script's path."""
    encoding, errors, _ = job["streams"][0]
    # Libraries keep hold of the two output streams, so these must stay the same objects; and
    # they are set up while still on the zygote's files, as they would ask a pipe for its position.
    streams: tuple[Any, Any] = (sys.stdout, sys.stderr)
    for stream, settings in zip(streams, job["streams"][1:], strict=True):
        stream.reconfigure(encoding=settings[0], errors=settings[1], line_buffering=settings[2])
    for number, fd in enumerate(fds):
        os.dup2(fd, number)
        os.close(fd)
    sys.stdin = open(0, encoding=encoding, errors=errors, closefd=False)  # noqa: SIM115
    sys.__dict__["__stdin__"] = sys.stdin
    os.umask(job["umask"])
    os.chdir(job["cwd"])
    os.environ.clear()
    os.environ.update(job["environ"])
    sys.argv[:] = job["argv"]
    sys.path[:] = job["path"]
    importlib.invalidate_caches()  # folders may have changed since the zygote looked
    script: str = job["script"]
    return script


def _execute(script: str) -> NoReturn:
    """Run the script as the interpreter would.

    Unlike runpy.run_path this keeps argv[0] and, for exit handlers, the script's __main__.
    """
    entry = types.ModuleType("__main__")
    entry.__dict__.update(__file__=script, __builtins__=builtins)
    sys.modules["__main__"] = entry
    code: object = None
    try:
        with io.open_code(script) as file:
            compiled = compile(file.read(), script, "exec", dont_inherit=True)
        exec(compiled, entry.__dict__)
    except SystemExit as leaving:
        code = leaving.code
    except BaseException as error:
        if error.__traceback__:
            error.__traceback__ = error.__traceback__.tb_next  # less our own frame
        sys.excepthook(type(error), error, error.__traceback__)
        code = 1
    _leave(code)


def _leave(code: object) -> NoReturn:
    """End the process as the interpreter does, but leave the preloaded modules in place.

    Taking them apart would copy all the pages shared with the zygote: 0.5 s for each job.
    """
    import atexit
    import gc
    import threading

    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    threading.__dict__[
        "_shutdown"
    ]()  # waits for the threads, as multiprocessing does for its children
    atexit._run_exitfuncs()
    if threading.active_count() == 1:  # a daemon thread may still be using what follows
        sys.modules["__main__"].__dict__.clear()
        gc.collect()  # closes the job's files
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream and not stream.closed:
                stream.flush()
        except OSError as error:
            code = code or 120  # what the interpreter says when output got lost
            print(f"Exception ignored in: {stream!r}\n{error!r}", file=sys.__stderr__)
    os._exit((code or 0) & 0xFF)
