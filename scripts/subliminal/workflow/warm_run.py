"""Running commands whose jobs find a warm start, and ending one with all that it has started.

warm_start.py has the other two sides: a job that hands itself over, and the process that takes it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from typing import Any

from subliminal.workflow.warm_start import SOCKET_VARIABLE, parent_binder

# A module; with an attribute, which is looked up; with an argument, on which it is called (here to
# compile a thousand patterns, which transformers does once per process).
PRELOAD = (
    "torch",
    "transformers:GPT2LMHeadModel",
    "transformers:PreTrainedTokenizerFast",
    "transformers.conversion_mapping:get_checkpoint_conversion_mapping:gpt2",
    "peft",
    "peft.utils.transformers_weight_conversion",
    "pyarrow.parquet",
    "pydantic:BaseModel",
    "pydantic:TypeAdapter",
    "pandas",
    "scipy.stats",
    "altair",
    "safetensors.torch",
)
NO_THREADS = {  # what torch, NumPy and pyarrow would start when loaded
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
LOOK_S = 1.0  # how often the wrapper looks whether it is to end
GRACE_S = 10  # what Snakemake has to tidy up in, once its jobs are gone
ZYGOTE = (
    "import sys; sys.path[0] = sys.argv.pop(1); "
    "import subliminal.workflow.warm_start as warm_start; "
    "warm_start.zygote(*sys.argv[1:])"
)


def run_warm(
    command: list[str],
    preload: Sequence[str] = PRELOAD,
    ended: Callable[[], bool] = lambda: False,
) -> int:
    """Run `command` beside a zygote and return its exit status (128 + N if killed by signal N).

    SIGINT, SIGTERM and SIGHUP end it with all that it has started, and so does a true `ended()`.
    """
    if not _is_possible():
        return subprocess.run(command).returncode % 256
    # Signals are taken by sigtimedwait alone, so none can cut the clean-up short. One that nohup or
    # a shell's & has set aside stays so.
    ending = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    ending -= {number for number in ending if signal.getsignal(number) is signal.SIG_IGN}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ending | {signal.SIGCHLD})
    environ = dict(os.environ)
    with zygote_beside(environ, preload, mask):
        try:
            job = subprocess.Popen(command, env=environ, preexec_fn=_bound(signal.SIGTERM, mask))
            while job.poll() is None:
                info = signal.sigtimedwait(ending | {signal.SIGCHLD}, LOOK_S)
                if (info and info.si_signo in ending) or ended():
                    _end(job)
                    with contextlib.suppress(OSError):  # the terminal may be gone
                        print("stopped; the same command goes on from here", file=sys.stderr)
        except OSError as error:
            print(f"warm start: cannot run {command[0]}: {error}", file=sys.stderr)
            return 127
    return job.returncode if job.returncode >= 0 else 128 - job.returncode


@contextlib.contextmanager
def zygote_beside(
    environ: MutableMapping[str, str],
    preload: Sequence[str] = PRELOAD,
    mask: Iterable[int] = (),
) -> Iterator[None]:
    """Keep a zygote while the block runs, if there can be one.

    Args:
        environ: that of the commands whose jobs are to find it; its place is put there.
        mask: of the signals that the zygote is to have blocked.
    """
    if not _is_possible():
        yield
        return
    scripts = os.path.abspath(__file__).rpartition("/subliminal/")[0]
    with tempfile.TemporaryDirectory(prefix="warm-start-") as folder:
        zygote = None
        try:
            environ[SOCKET_VARIABLE] = os.path.join(folder, "socket")
            # Listening before the zygote has even started: early clients queue, none is refused.
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(environ[SOCKET_VARIABLE])
                listener.listen(128)
                zygote = subprocess.Popen(
                    [sys.executable, "-c", ZYGOTE, scripts, str(listener.fileno()), *preload],
                    env={**os.environ, **NO_THREADS},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[listener.fileno()],
                    start_new_session=True,  # Ctrl-C is for the clients; jobs end with them
                    preexec_fn=_bound(signal.SIGKILL, mask),
                )
        except OSError as error:  # such as a TMPDIR too long for a socket's path
            print(f"warm start off: {error}", file=sys.stderr)
            environ.pop(SOCKET_VARIABLE)
        try:
            yield
        finally:
            environ.pop(SOCKET_VARIABLE, None)
            if zygote:
                zygote.kill()  # and with it, by their death signal, whatever jobs are left
                zygote.wait()


def group_beside_zygote(workflow: Any) -> contextlib.AbstractContextManager[None]:
    """A zygote for the jobs of a group, which a cluster runs as one, if it helps them.

    Args:
        workflow: Snakemake's, of the process that runs the group.
    """
    several = len(workflow.dag_settings.target_jobs) > 1
    # In an environment of conda's, jobs have another Python.
    if several and workflow.remote_exec and not workflow.deployment_settings.deployment_method:
        return zygote_beside(os.environ)
    return contextlib.nullcontext()


def _is_possible() -> bool:
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def _bound(death_signal: int, mask: Iterable[int]) -> Callable[[], None]:
    """What a child does first: tie its life to this process's."""
    bind_to_parent, parent = parent_binder(), os.getpid()

    def prepare() -> None:
        bind_to_parent(parent, death_signal)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the terminal's: `_end` goes by the order
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    return prepare


def _end(command: subprocess.Popen[bytes]) -> None:
    """End a command and all that it has started; Snakemake alone would wait for its jobs' ends."""
    import psutil

    tree, below = psutil.Process(command.pid), set()
    for second in range(GRACE_S):
        below |= set(tree.children(recursive=True))
        if second == 0:
            command.terminate()  # before its jobs, so that it starts no others
        for process in below:
            with contextlib.suppress(psutil.Error):
                process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            command.wait(LOOK_S)
            break
    for process in (tree, *below):
        with contextlib.suppress(psutil.Error):
            process.kill()
    command.wait()
