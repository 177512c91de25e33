"""The warm start: a forked job must look to its caller just like a fresh process, and die alike.

`wave` stands for the heavy modules: preloaded by the zygote, imported by no script, so its
presence in sys.modules tells where a job ran.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from subliminal.workflow.warm_run import group_beside_zygote
from subliminal.workflow.warm_start import SOCKET_VARIABLE

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
WRAPPER = [sys.executable, str(SCRIPTS / "warm_start.py"), "--preload", "wave,no_such_module"]
UNWANTED = (SOCKET_VARIABLE, "PYTHONUNBUFFERED", "HF_HUB_OFFLINE")
ENVIRON = {k: v for k, v in os.environ.items() if k not in UNWANTED}
ENVIRON["PYTHONPATH"] = str(SCRIPTS)
PATIENCE_S = 60.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a warm start")

Script = Callable[[str], str]


def wait_until(condition: Callable[[], Any]) -> Any:
    """Poll until the condition gives something true, and return that."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)
    return value


def alive(pid: int) -> bool:
    """Tell whether a process exists and is not just waiting to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def read_pid(path: Path) -> int:
    """Wait for a job to have written its process number, and read it."""
    return int(
        wait_until(lambda: path.exists() and path.read_text().endswith("\n") and path.read_text())
    )


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Write a script with the given body of main and the usual ending; returns its path."""

    def write(body: str) -> str:
        path = tmp_path / "scripts" / "job.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(
            "import json, os, signal, sys, time\nfrom pathlib import Path\n"
            "from subliminal.workflow.warm_start import run\n"
            "def main(argv):\n"
            + textwrap.indent(textwrap.dedent(body), "    ")
            + "\nif __name__ == '__main__':\n    sys.exit(run(main))\n"
        )
        return str(path)

    return write


@pytest.fixture
def warm(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a command that runs under a wrapper, with the wrapper's pid as extra."""
    said = tmp_path / "environ.json"
    command = (
        "import json, os, pathlib, sys, time; path = pathlib.Path(sys.argv[1]);"
        "path.with_suffix('.new').write_text(json.dumps(dict(os.environ)));"
        "path.with_suffix('.new').rename(path); time.sleep(600)"
    )
    wrapper = subprocess.Popen(
        [*WRAPPER, "--", sys.executable, "-c", command, str(said)],
        env={**ENVIRON, "TMPDIR": str(tmp_path)},  # keeps what a killed wrapper leaves behind
    )
    wait_until(said.exists)
    yield {**json.loads(said.read_text()), "WRAPPER_PID": str(wrapper.pid)}
    wrapper.terminate()
    assert wrapper.wait(PATIENCE_S) in (128 + signal.SIGTERM, -signal.SIGKILL)


def call(
    environ: dict[str, str], *arguments: str, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a script to its end with everything captured."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        **options,
    )


WHERE = "print('warm' if 'wave' in sys.modules else 'cold')"


def test_job_sees_the_surroundings_of_its_caller(
    script: Script, warm: dict[str, str], tmp_path: Path
) -> None:
    """All that a script can look up equals what a fresh process sees."""
    path = script(
        """
        os.umask(mask := os.umask(0))
        entry = sys.modules["__main__"]
        print(json.dumps([argv, sys.argv, os.getcwd(), sys.path, entry.__file__, __name__, mask,
            entry.main is main, sys.stdin.read(), sys.stdout.encoding, os.environ.get("PARTICULAR"),
            os.getenvb(b"RAW").hex(), "GONE" in os.environ, sys.flags.optimize]))
        print("wave" in sys.modules, file=sys.stderr)
        """
    )
    environ = {**warm, "PARTICULAR": "π", "LC_ALL": "C.UTF-8", "RAW": os.fsdecode(b"\xff\n")}
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    relative = os.path.relpath(path, elsewhere)
    cold_environ = {k: v for k, v in environ.items() if k != SOCKET_VARIABLE}
    results = [
        call(e, relative, "--x", "a b", "ü", cwd=elsewhere, input="in\nput", umask=0o027)
        for e in (environ, cold_environ)
    ]
    assert [r.returncode for r in results] == [0, 0], results[0].stderr
    assert [r.stderr for r in results] == ["True\n", "False\n"]
    assert results[0].stdout == results[1].stdout
    seen = json.loads(results[0].stdout)
    assert seen[0] == ["--x", "a b", "ü"]
    assert seen[2] == str(elsewhere)
    assert seen[7:12] == [True, "in\nput", "utf-8", "π", "ff0a"]


@pytest.mark.parametrize(
    ("body", "status", "stderr"),
    [
        ("return None", 0, ""),
        ("return 0", 0, ""),
        ("return 7", 7, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(300)", 300 % 256, ""),
        ("sys.exit('no good')", 1, "no good\n"),
        ("sys.exit(True)", 1, ""),
        ("os._exit(9)", 9, ""),
    ],
)
def test_exit_status(
    script: Script, warm: dict[str, str], body: str, status: int, stderr: str
) -> None:
    """Every way to leave a script gives the status and the message that it always gives."""
    result = call(warm, script(f"sys.stdout.write('told'); sys.stdout.flush()\n{WHERE}\n{body}"))
    assert (result.returncode, result.stderr) == (status, stderr)
    assert result.stdout == ("told" if "_exit" in body else "toldwarm\n")


def test_uncaught_exception_gives_the_ordinary_traceback(
    script: Script, warm: dict[str, str]
) -> None:
    """The traceback starts at the script, as ever."""
    path = script("try:\n    1 / 0\nfinally:\n    raise ValueError('told you')")
    result, cold = call(warm, path), call({**warm, SOCKET_VARIABLE: ""}, path)
    assert (result.returncode, result.stderr) == (cold.returncode, cold.stderr)
    assert result.returncode == 1
    assert result.stderr.endswith("ValueError: told you\n")


def test_output_goes_to_the_callers_file_in_order(
    script: Script, warm: dict[str, str], tmp_path: Path
) -> None:
    """With `> log 2>&1` both streams share the file, and what exit handlers print is kept."""
    path = script(
        f"""
        import atexit
        atexit.register(print, "at exit")
        {WHERE}
        sys.stdout.flush()
        print("complaint", file=sys.stderr)
        os.system("echo from the shell")
        print("unflushed", end=" ")
        """
    )
    log = tmp_path / "log"
    shell = 'echo head > "$2"; "$0" "$1" >> "$2" 2>&1; echo status $? >> "$2"'
    subprocess.run(["sh", "-c", shell, sys.executable, path, str(log)], env=warm, check=True)
    lines = ["head", "warm", "complaint", "from the shell", "unflushed at exit", "status 0"]
    assert log.read_text().splitlines() == lines


def test_work_left_for_the_end_is_done(
    script: Script, warm: dict[str, str], tmp_path: Path
) -> None:
    """Threads are waited for, and a file that a script forgot to close is written out."""
    path = script(
        f"""
        import threading
        global kept
        kept = open(argv[0], "w")
        kept.write("all of it")
        threading.Thread(target=lambda: (time.sleep(0.3), print("from a thread"))).start()
        {WHERE}
        """
    )
    result = call(warm, path, str(tmp_path / "kept"))
    assert (result.returncode, result.stdout) == (0, "warm\nfrom a thread\n")
    assert (tmp_path / "kept").read_text() == "all of it"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_lost_output_is_an_error(script: Script, warm: dict[str, str]) -> None:
    """A full disk must not pass for success."""
    with open("/dev/full", "w") as full:
        command = [sys.executable, script("print('lost')")]
        result = subprocess.run(command, env=warm, stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 120
    assert b"No space left" in result.stderr


def test_job_killed_by_a_signal(script: Script, warm: dict[str, str]) -> None:
    """A crash (or the kernel's memory killer) is passed on the way a shell does."""
    result = call(warm, script("os.kill(os.getpid(), signal.SIGSEGV)"))
    assert result.returncode == 128 + signal.SIGSEGV
    assert "killed by signal 11" in result.stderr


def test_our_own_code_is_read_afresh(script: Script, warm: dict[str, str], tmp_path: Path) -> None:
    """A module of ours that is made or edited during a run counts for the very next job."""
    path = script(f"import helper\nprint(helper.VALUE)\n{WHERE}")
    for value in (1, 222):
        Path(path).with_name("helper.py").write_text(f"VALUE = {value}\n")
        assert call(warm, path).stdout == f"{value}\nwarm\n"


def test_jobs_run_at_the_same_time(script: Script, warm: dict[str, str], tmp_path: Path) -> None:
    """Each of several jobs waits for all the others to be there, then fails in its own way."""
    path = script(
        f"""
        {WHERE}
        Path(argv[0]).touch()
        while not all(Path(str(i)).exists() for i in range(4)):
            time.sleep(0.01)
        return int(argv[0])
        """
    )
    jobs = [
        subprocess.Popen(
            [sys.executable, path, str(i)], env=warm, cwd=tmp_path, stdout=subprocess.PIPE
        )
        for i in range(4)
    ]
    assert [job.communicate(timeout=PATIENCE_S)[0] for job in jobs] == [b"warm\n"] * 4
    assert [job.returncode for job in jobs] == [0, 1, 2, 3]


SLEEPER = """
    helper = os.fork()  # what a job starts belongs to it
    if helper:
        Path(argv[0] + ".helper").write_text(f"{helper}\\n")
        Path(argv[0]).write_text(f"{os.getpid()}\\n")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
    """


@pytest.mark.parametrize("deadly", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_job_dies_with_its_client(
    script: Script, warm: dict[str, str], tmp_path: Path, deadly: signal.Signals
) -> None:
    """Whatever ends the client ends the job and its helpers; the next job is not affected."""
    pid_file = tmp_path / "pid"
    command = [sys.executable, script(SLEEPER), str(pid_file)]
    client = subprocess.Popen(
        command,
        env=warm,
        stderr=subprocess.DEVNULL,
        # Whoever starts the tests in the background has SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    pid, helper = read_pid(pid_file), read_pid(tmp_path / "pid.helper")
    assert pid != client.pid
    assert alive(pid) and alive(helper)
    client.send_signal(deadly)
    assert client.wait(PATIENCE_S) == -deadly
    wait_until(lambda: not alive(pid) and not alive(helper))
    assert call(warm, script(WHERE)).stdout == "warm\n"


@pytest.mark.parametrize("victim", ["wrapper", "zygote"])
def test_job_dies_with_wrapper_or_zygote(
    script: Script, warm: dict[str, str], tmp_path: Path, victim: str
) -> None:
    """Not even SIGKILL leaves a job behind; its client fails, and later jobs run cold."""
    pid_file = tmp_path / "pid"
    sleeper = script(SLEEPER.replace("helper = os.fork()", "helper = 1"))
    client = subprocess.Popen(
        [sys.executable, sleeper, str(pid_file)], env=warm, stderr=subprocess.PIPE, text=True
    )
    pid = read_pid(pid_file)
    zygote = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    wrapper = int(warm["WRAPPER_PID"])
    assert len({pid, zygote, wrapper, client.pid, os.getpid()}) == 5
    os.kill(wrapper if victim == "wrapper" else zygote, signal.SIGKILL)
    wait_until(lambda: not alive(pid) and not alive(zygote))
    message = client.communicate(timeout=PATIENCE_S)[1]
    assert client.returncode == 1
    assert "lost the process" in message
    later = call(warm, script(WHERE))
    assert (later.returncode, later.stdout) == (0, "cold\n")
    assert "warm start not used" in later.stderr


def test_no_zygote_means_an_ordinary_run(script: Script, tmp_path: Path) -> None:
    """Without the variable, with no socket at its path, or with one nobody serves: all run."""
    path = script(f"{WHERE}\nprint(argv)\nreturn 3")
    dead = tmp_path / "dead"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(dead))
    for value in (None, "", str(tmp_path / "absent"), str(dead), str(tmp_path)):
        environ = ENVIRON if value is None else {**ENVIRON, SOCKET_VARIABLE: value}
        result = call(environ, path, "x")
        assert (result.returncode, result.stdout) == (3, "cold\n['x']\n")
        assert bool(result.stderr) == bool(value)


@pytest.mark.parametrize("answer", [b"", b"\0\0", b"\0\0\0\2[]", b"\0\0\0\2{", b"\xff" * 9])
def test_nonsense_from_the_socket_means_an_ordinary_run(
    script: Script, tmp_path: Path, answer: bytes
) -> None:
    """Before a job was handed over nothing that the other side says can harm it."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        client = subprocess.Popen(
            [sys.executable, script(WHERE)],
            env={**ENVIRON, SOCKET_VARIABLE: str(path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with listener.accept()[0] as connection:
            connection.sendall(answer)
        stdout, stderr = client.communicate(timeout=PATIENCE_S)
    assert (client.returncode, stdout) == (0, b"cold\n")
    assert b"warm start not used" in stderr


def test_another_environment_is_not_mixed_up(
    script: Script, warm: dict[str, str], tmp_path: Path
) -> None:
    """A job of another Python environment, or with other import-time settings, runs by itself."""
    venv.create(tmp_path / "venv", symlinks=True)
    path = script(f"{WHERE}\nprint(sys.prefix)")
    other = [str(tmp_path / "venv" / "bin" / "python"), path]
    result = subprocess.run(other, env=warm, capture_output=True, text=True, check=True)
    assert result.stdout == f"cold\n{tmp_path / 'venv'}\n"
    assert call({**warm, "HF_HUB_OFFLINE": "yes"}, path).stdout == f"cold\n{sys.prefix}\n"
    assert call({**warm, "PYTHONHASHSEED": "5"}, path).stdout == f"cold\n{sys.prefix}\n"
    assert call(warm, "-O", path).stdout == f"cold\n{sys.prefix}\n"
    assert call(warm, path).stdout == f"warm\n{sys.prefix}\n"


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["sh", "-c", "exit 5"], 5),
        (["sh", "-c", "kill -9 $$"], 128 + 9),
        (["./no-such-command"], 127),
        ([], 2),
    ],
)
def test_wrapper_gives_the_commands_status_and_cleans_up(
    tmp_path: Path, command: list[str], status: int
) -> None:
    """The wrapper ends as its command does, leaving neither a folder nor a process."""
    environ = {**ENVIRON, "TMPDIR": str(tmp_path)}
    result = call(environ, *WRAPPER[1:], "--", *command)
    assert result.returncode == status
    assert list(tmp_path.iterdir()) == []


def test_wrapper_with_an_unusable_folder_or_preload_runs_cold(
    script: Script, tmp_path: Path
) -> None:
    """Trouble in making or warming the zygote costs speed only."""
    path = script(WHERE)
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    long_path = call({**ENVIRON, "TMPDIR": str(deep)}, *WRAPPER[1:], "--", sys.executable, path)
    assert (long_path.returncode, long_path.stdout) == (0, "cold\n")
    bad = [*WRAPPER[1:-1], "wave:missing", "--", sys.executable, path]
    assert call(ENVIRON, *bad).stdout == "cold\n"


def signals_as_at_a_terminal() -> None:
    """Whoever starts the tests in the background, or by nohup, has these ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_wrapper_ends_its_command(tmp_path: Path, sent: signal.Signals) -> None:
    """The command is told to end and has time for it; what it has started ends at once."""
    code = (
        "import os, signal, subprocess, sys, time; from pathlib import Path\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(42 if job.wait() == -15 else 43))\n"
        "job = subprocess.Popen(['sleep', '600'])\n"
        "Path(sys.argv[1]).write_text(f'{os.getpid()}\\n')\n"
        "time.sleep(600)\n"
    )
    folder, pid_file = tmp_path / "temporary", tmp_path / "pid"
    folder.mkdir()
    wrapper = subprocess.Popen(
        [*WRAPPER, "--", sys.executable, "-c", code, str(pid_file)],
        env={**ENVIRON, "TMPDIR": str(folder)},
        preexec_fn=signals_as_at_a_terminal,
    )
    pid = read_pid(pid_file)
    wrapper.send_signal(sent)
    assert wrapper.wait(PATIENCE_S) == 42
    assert not alive(pid)
    assert list(folder.iterdir()) == []


def test_wrapper_leaves_what_nohup_has_set_aside(tmp_path: Path) -> None:
    """A terminal that closes does not end a run that was started to outlive it."""
    release, pid_file = tmp_path / "release", tmp_path / "pid"
    waiting = 'echo $$ > "$0"; while [ ! -e "$1" ]; do sleep 0.1; done'
    wrapper = subprocess.Popen(
        [*WRAPPER, "--", "sh", "-c", waiting, str(pid_file), str(release)],
        env=ENVIRON,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    read_pid(pid_file)
    wrapper.send_signal(signal.SIGHUP)
    release.touch()
    assert wrapper.wait(PATIENCE_S) == 0


def cluster_job(*jobs: str, remote: bool = True, conda: bool = False) -> Any:
    """What is asked of a Snakemake that runs these jobs in a submission to a cluster."""
    return SimpleNamespace(
        dag_settings=SimpleNamespace(target_jobs=jobs),
        remote_exec=remote,
        deployment_settings=SimpleNamespace(deployment_method={"conda"} if conda else set()),
    )


def test_jobs_of_a_group_share_a_warm_start(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in UNWANTED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHONPATH", str(SCRIPTS))
    path = script("print('torch' in sys.modules)")
    with group_beside_zygote(cluster_job("train", "evaluate")):
        done = [call(dict(os.environ), path) for _ in range(2)]
        place = Path(os.environ[SOCKET_VARIABLE])
        assert place.exists()
    assert [(job.returncode, job.stdout) for job in done] == [(0, "True\n")] * 2
    assert not place.exists() and SOCKET_VARIABLE not in os.environ


@pytest.mark.parametrize(
    "job",
    [
        cluster_job("train"),
        cluster_job("train", "evaluate", remote=False),
        cluster_job("train", "evaluate", conda=True),
    ],
    ids=["one job", "on this machine", "in conda environments"],
)
def test_no_warm_start_that_no_two_jobs_would_share(
    job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SOCKET_VARIABLE, raising=False)
    with group_beside_zygote(job):
        assert SOCKET_VARIABLE not in os.environ
