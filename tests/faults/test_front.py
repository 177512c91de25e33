"""How the workflow is started and stopped: make, locks, folders, the environment, odd values."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import venv
from pathlib import Path

import pytest
from outcomes import RIGHT, Outcome, outcome_of, record
from started_run import MAKE, SNAKEMAKE, TABLE, TARGET, micro_copy, processes_in, started
from working_copy import WorkingCopy, environment

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="locks and signals as Linux has them"),
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return micro_copy(tmp_path_factory.mktemp("front") / "sources")


@pytest.fixture
def copy(sources, tmp_path):
    return sources.copy(tmp_path / "copy")


@pytest.fixture(scope="module")
def undisturbed(sources, tmp_path_factory):
    """What the target is when nothing goes wrong."""
    copy = sources.copy(tmp_path_factory.mktemp("undisturbed") / "copy")
    done = copy.run(*SNAKEMAKE)
    assert done.returncode == 0, done.stdout
    return (copy.root / TABLE).read_bytes()


@pytest.fixture
def recovers(undisturbed):
    """Whether a command leaves what an undisturbed run leaves."""

    def outcome(copy, *command):
        done = copy.run(*command)
        same = (copy.root / TABLE).is_file() and (copy.root / TABLE).read_bytes() == undisturbed
        return outcome_of(done.returncode, done.stdout, ["-"], same), done.stdout

    return outcome


@pytest.fixture
def right(request):
    """Count how a fault has ended, and hold it to be one of the right endings."""

    def judge(outcome, output):
        record(request, outcome)
        assert outcome in RIGHT, f"{outcome}: {output}"

    return judge


@pytest.fixture
def refused(right):
    """A command has to fail with a sentence that says all this."""

    def judge(copy, command, *says, **options):
        done = copy.run(*command, **options)
        right(outcome_of(done.returncode, done.stdout, says, same_results=False), done.stdout)

    return judge


# Signals


@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT", "SIGHUP", "SIGKILL"])
def test_a_signal_to_make_ends_everything_and_the_next_make_goes_on(copy, recovers, right, number):
    with started(copy, *MAKE) as stopped:
        output = stopped.ends(getattr(signal, number))
    assert "Traceback" not in output
    assert not (copy.root / TARGET).exists()
    right(*recovers(copy, *SNAKEMAKE))


def test_interrupt_from_a_terminal(copy, recovers, right):
    """Ctrl-C goes to every process of the foreground: here setsid makes them one group."""
    with started(copy, "setsid", "--wait", *MAKE) as stopped:
        group = {os.getpgid(process.pid) for process in processes_in(copy.root)}
        leader = next(g for g in group if psutil_name(g) == "make")
        os.killpg(leader, signal.SIGINT)
        output = stopped.ends(signal.SIGCONT)
    assert "Traceback" not in output
    right(*recovers(copy, *SNAKEMAKE))


def psutil_name(pid):
    return Path(f"/proc/{pid}/comm").read_text().strip()


# Two runs


@pytest.fixture(scope="module")
def going(sources, tmp_path_factory):
    """A plain Snakemake that is going, of which no other start may take notice."""
    copy = sources.copy(tmp_path_factory.mktemp("going") / "copy")
    with started(copy, *SNAKEMAKE) as run:
        yield run
        # Nothing that was tried has hurt it.
        run.goes_on()
        assert run.process.wait(120) == 0, run.log.read_text()


@pytest.mark.parametrize(
    "second",
    [
        MAKE,
        SNAKEMAKE,
        ("snakemake", "--unlock"),
        ("snakemake", "--delete-all-output", "--cores", "1", TARGET),
        ("make", "verify"),
    ],
    ids=["make", "snakemake", "unlock", "delete", "verify"],
)
def test_a_second_start_is_refused(going, refused, second):
    says = ["another run is going in", f"(process {going.process.pid} on", "or end it with: kill"]
    refused(going.copy, second, *says)


def test_cleaning_is_refused_while_a_run_is_going(going, refused):
    refused(going.copy, ["make", "clean", "YES=1"], "another run is going in", "kill")
    assert (going.copy.root / ".snakemake" / "locks").is_dir()


def test_an_installation_is_refused_while_a_run_is_going(going, refused):
    os.utime(going.copy.root / "requirements.lock")
    refused(going.copy, ["make", ".venv/installed"], "no environment was made: another run is")
    os.utime(going.copy.root / ".venv" / "installed")


def test_a_dry_run_is_not_refused(going):
    assert going.copy.run("snakemake", TARGET, "--dry-run").returncode == 0


def test_make_started_twice_at_once(copy, refused, undisturbed):
    with started(copy, *MAKE) as first:
        refused(copy, MAKE, "another run is going in", "wait for it")
        first.goes_on()
        assert first.process.wait(120) == 0, first.log.read_text()
    assert (copy.root / TABLE).read_bytes() == undisturbed


def test_killed_snakemake_leaves_jobs_and_a_lock(copy, recovers, right):
    """No second job writes beside one that is left; afterwards the lock is in nobody's way."""
    with started(copy, *SNAKEMAKE) as killed:
        killed.process.kill()
        killed.process.wait()
        done = copy.run(*SNAKEMAKE)
        says = ["jobs of a killed run are still going", "or type: kill"]
        assert outcome_of(done.returncode, done.stdout, says, False) is Outcome.CLEAR_ERROR
    assert list((copy.root / ".snakemake" / "locks").iterdir())
    right(*recovers(copy, *MAKE))


def test_lock_of_a_killed_run_and_plain_snakemake(copy, recovers, right):
    leave_lock(copy, socket.gethostname())
    right(*recovers(copy, *SNAKEMAKE))


def test_lock_of_another_machine(copy, refused):
    leave_lock(copy, "elsewhere")
    refused(copy, MAKE, "the lock of a run on another machine", "snakemake --unlock")
    assert copy.run("snakemake", "--unlock").returncode == 0
    assert not (copy.root / ".snakemake" / "locks").exists()


def leave_lock(copy, host):
    locks = copy.root / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text(f"{TARGET}\n{TABLE}\n")
    (copy.root / ".snakemake" / "run.lock").write_text(f"1 {host} another-boot")


# Other folders


@pytest.mark.parametrize("how", ["directory", "snakefile", "module", "make"])
def test_another_folder_is_refused(copy, refused, tmp_path, how):
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    snakefile = f'"{copy.root}/Snakefile"'
    written = {
        "module": f"module other:\n    snakefile: {snakefile}\n\nuse rule * from other as o_*\n",
    }
    commands = {
        "directory": [*SNAKEMAKE, "--directory", str(elsewhere)],
        "snakefile": [*SNAKEMAKE, "--snakefile", f"{copy.root}/Snakefile"],
        "make": ["make", "-f", f"{copy.root}/Makefile"],
    }
    if how in written:
        (elsewhere / "Snakefile").write_text(written[how])
    says = [f"type: cd '{copy.root}' && snakemake"] if how != "make" else ["type make -C"]
    where = copy.root if how == "directory" else elsewhere
    refused(copy, commands.get(how, SNAKEMAKE), *says, where=where)
    assert not (elsewhere / "results").exists()


def test_a_path_with_spaces_and_other_letters(sources, recovers, right, tmp_path):
    copy = sources.copy(tmp_path / "Wörter & 'Räume' $HOME")
    right(*recovers(copy, *MAKE))


# Folders that cannot be written to

FOLDERS = (".snakemake", "results", "logs")
SPOILT = {
    "file": (lambda path: path.touch(), "has to be a folder, found a file"),
    "dangling": (lambda path: path.symlink_to("nowhere"), "is a link to nowhere, which is not"),
    "unwritable": (lambda path: path.mkdir(mode=0o555), "cannot be written to by user"),
}
# To root everything is writable, unless it lays that power down.
POWERLESS = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if not os.getuid() else []


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("how", SPOILT)
def test_spoilt_folder(copy, refused, name, how):
    spoil, says = SPOILT[how]
    spoil(copy.root / name)
    refused(copy, [*POWERLESS, *MAKE], f"{copy.root / name} {says}")


@pytest.mark.parametrize(("name", "how"), [(".snakemake", "file"), ("logs", "unwritable")])
def test_spoilt_folder_and_plain_snakemake(copy, refused, name, how):
    spoil, says = SPOILT[how]
    spoil(copy.root / name)
    refused(copy, [*POWERLESS, *SNAKEMAKE], f"{copy.root / name} {says}")


def test_whole_folder_is_unwritable(copy, refused):
    copy.root.chmod(0o555)
    try:
        refused(copy, [*POWERLESS, *MAKE], f"{copy.root} cannot be written to by user")
    finally:
        copy.root.chmod(0o755)


def test_full_disk_for_snakemakes_own_files(copy, refused):
    folder = copy.root / ".snakemake"
    folder.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if subprocess.run(mounted, capture_output=True).returncode != 0:
        pytest.skip("needs a disk of its own to fill")
    try:
        subprocess.run(["dd", "if=/dev/zero", f"of={folder}/fill"], capture_output=True)
        refused(copy, SNAKEMAKE, "No space left on device", "free some space")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_no_place_for_temporary_files(copy, refused):
    def nothing_can_be_written():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    says = ["No usable temporary directory found", "then run the same command again"]
    refused(copy, MAKE, *says, before=nothing_can_be_written)


def test_user_without_a_home(copy, right, undisturbed):
    done = copy.run(*MAKE, HOME="/proc/nowhere")
    same = (copy.root / TABLE).is_file() and (copy.root / TABLE).read_bytes() == undisturbed
    right(outcome_of(done.returncode, done.stdout, ["-"], same), done.stdout)


# Packages


def test_snakemake_without_the_librarys_packages(copy, refused, tmp_path):
    """Snakemake has these two itself in this version, so only the library's import is stopped."""
    (tmp_path / "sitecustomize.py").write_text(
        "import builtins\nfound = builtins.__import__\n"
        "def find(name, globals=None, *rest):\n"
        "    if name == 'pydantic' and str((globals or {}).get('__name__')).startswith('sublim'):\n"
        "        raise ModuleNotFoundError(\"No module named 'pydantic'\", name=name)\n"
        "    return found(name, globals, *rest)\n"
        "builtins.__import__ = find\n"
    )
    says = ["No module named 'pydantic'", "type `make`, or activate", ". .venv/bin/activate"]
    refused(copy, SNAKEMAKE, *says, PYTHONPATH=str(tmp_path))


def test_python_of_the_jobs_without_packages(copy, refused, tmp_path):
    venv.create(tmp_path / "bare", symlinks=True)
    snakemake = shutil.which("snakemake", path=environment()["PATH"])
    path = f"{tmp_path / 'bare' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    says = ["bare/bin/python lacks numpy, pandas", ". .venv/bin/activate"]
    refused(copy, [snakemake, *SNAKEMAKE[1:]], *says, PATH=path)


def test_no_python_for_the_jobs(copy, refused, tmp_path):
    snakemake = shutil.which("snakemake", path=environment()["PATH"])
    (tmp_path / "bash").symlink_to(shutil.which("bash"))
    says = ["there is no `python` on the PATH", ". .venv/bin/activate"]
    refused(copy, [snakemake, *SNAKEMAKE[1:]], *says, PATH=str(tmp_path))


# The environment

BROKEN = "no-such-package @ file:///nowhere/no_such_package-1-py3-none-any.whl\n"


@pytest.fixture
def to_install(sources, tmp_path):
    """A copy with an environment that works, and requirements that are newer and hold nothing."""
    copy = WorkingCopy.of_repository(tmp_path / "Wörter & Räume")
    venv.create(copy.root / ".venv", symlinks=True)
    (copy.root / ".venv" / "installed").touch()
    (copy.root / ".venv" / "previous").touch()
    for name in ("requirements.lock", "requirements-data.txt"):
        (copy.root / name).write_text("# nothing\n")
    later(copy, "requirements.lock")
    return copy


def later(copy, name):
    """To `make`, the file has changed after the installation."""
    soon = time.time() + 60
    os.utime(copy.root / name, (soon, soon))


def test_failed_installation_leaves_the_environment_and_is_tried_again(to_install, refused):
    (to_install.root / "requirements.lock").write_text(BROKEN)
    later(to_install, "requirements.lock")
    says = ["no environment was made:", "then type make again", ".venv is as it was"]
    refused(to_install, ["make", "verify"], *says)
    assert (to_install.root / ".venv" / "previous").exists()
    assert not (to_install.root / ".venv-previous").exists()
    assert to_install.run(".venv/bin/python", "-c", "pass").returncode == 0
    assert "install.py" in to_install.run("make", "-n", "verify").stdout


def stamp_for(copy, version=sys.version_info[:2]):
    return f"{copy.root}/.venv {version}\n"


def test_environment_is_made_anew(to_install, right):
    done = to_install.run("make", ".venv/installed")
    new = (to_install.root / ".venv" / "installed").read_text() == stamp_for(to_install)
    new = new and not list(to_install.root.glob(".venv*/previous"))
    right(outcome_of(done.returncode, done.stdout, ["-"], new), done.stdout)


def test_environment_of_another_folder_or_python_is_made_anew(to_install):
    stamp = to_install.root / ".venv" / "installed"
    moved = stamp_for(to_install).replace("/Wörter", "/moved/Wörter")
    stamps = {stamp_for(to_install): True, moved: False, stamp_for(to_install, (3, 10)): False}
    for text, current in stamps.items():
        stamp.write_text(text)
        later(to_install, ".venv/installed")
        told = to_install.run("make", "-n", ".venv/installed").stdout
        assert ("is up to date" in told) is current
        assert ("install.py" in told) is not current


def test_another_python_that_is_asked_for_takes_the_place_of_the_environments(to_install, tmp_path):
    stamp = to_install.root / ".venv" / "installed"
    stamp.write_text(stamp_for(to_install))
    later(to_install, ".venv/installed")
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho '(3, 12)'\n")
    other.chmod(0o755)
    for python, current in ((sys.executable, True), (str(other), False)):
        told = to_install.run("make", "-n", f"PYTHON={python}", ".venv/installed").stdout
        assert ("is up to date" in told) is current, told


def test_windows_is_told_where_to_go(to_install, refused):
    refused(to_install, ["make", "OS=Windows_NT"], "install WSL (wsl --install)")


def test_cleaning_without_what_only_linux_has(copy, right, tmp_path):
    """Neither flock nor GNU's find and sed are on macOS."""
    for name in ("sh", "make", "awk", "cat", "python3"):
        (tmp_path / name).symlink_to(shutil.which(name, path=environment()["PATH"]))
    (copy.root / "results" / "x").mkdir(parents=True)
    (copy.root / "results" / "x" / "README.md").touch()
    done = copy.run("make", "clean", PATH=str(tmp_path))
    gone = not (copy.root / "results" / "x").exists()
    right(outcome_of(done.returncode, done.stdout, ["-"], gone), done.stdout)
    assert "make clean" in copy.run("make", "help", PATH=str(tmp_path)).stdout


def test_killed_installation(to_install, refused):
    """What SIGKILL leaves: the environment put aside, and half of a new one."""
    (to_install.root / ".venv").rename(to_install.root / ".venv-previous")
    (to_install.root / ".venv").mkdir()
    (to_install.root / "requirements.lock").write_text(BROKEN)
    refused(to_install, ["make"], "no environment was made:", ".venv is as it was")
    assert (to_install.root / ".venv" / "previous").exists()


def test_terminated_installation(to_install, right):
    """pip waits for a requirements file that nobody writes."""
    os.mkfifo(to_install.root / "never")
    (to_install.root / "requirements.lock").write_text("--requirement never\n")
    later(to_install, "requirements.lock")
    making = subprocess.Popen(
        ["make", ".venv/installed"],
        cwd=to_install.root,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    while not any("pip" in p.cmdline() for p in processes_in(to_install.root)):
        assert making.poll() is None
        time.sleep(0.05)
    making.terminate()
    output = making.communicate()[0]
    whole = (to_install.root / ".venv" / "previous").exists()
    says = ["no environment was made: stopped; type make to try again"]
    right(outcome_of(1, output, says, same_results=whole) if whole else Outcome.LOST, output)
    assert not processes_in(to_install.root)


PYTHONS = {
    "missing": (None, "is not there; type make PYTHON="),
    "too-old": (
        "exec python3 -c \"import sys; sys.version_info = (3, 8); sys.version = '3.8.1'; $2\"",
        "Python 3.11 or newer is needed, found 3.8.1; type make PYTHON=",
    ),
    "without-ensurepip": (
        '[ "$1" = -c ] || exec python3 -c "import runpy, sys; sys.modules[\'ensurepip\'] = None; '
        "sys.path.insert(0, 'scripts'); runpy.run_path('$1', run_name='__main__')\"\n"
        'exec python3 "$@"',
        "has no module ensurepip; install it (on Debian and Ubuntu: apt install python3-venv)",
    ),
}


@pytest.mark.parametrize("kind", PYTHONS)
def test_python_that_cannot_make_an_environment(to_install, refused, tmp_path, kind):
    script, says = PYTHONS[kind]
    python = tmp_path / "a python"
    if script:
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
    refused(to_install, ["make", f"PYTHON={python}"], says)
    assert (to_install.root / ".venv" / "previous").exists()


# Values and options of make


@pytest.mark.parametrize("cores", ["0", "abc", "-1", "", "2; touch hacked", "$$(touch hacked)"])
def test_odd_number_of_cores(copy, refused, cores):
    refused(copy, [*MAKE, f"CORES={cores}"], "expected a number above 0", "type make CORES=2")
    assert not (copy.root / "hacked").exists()


def test_no_cores_for_plain_snakemake(copy, refused):
    command = ["snakemake", "--cores", "0", TARGET]
    refused(copy, command, "--cores: expected a number above 0, found 0; type --cores 2")


@pytest.mark.parametrize("name", ["a; touch hacked", "`touch hacked`", "--help", "../micro", "'\""])
def test_odd_experiment_to_estimate(copy, refused, name):
    says = ["CONFIG: item 1: expected a file's name without .yaml", "found"]
    refused(copy, ["make", "estimate", f"CONFIG={name}"], *says)
    assert not (copy.root / "hacked").exists()


@pytest.mark.parametrize("value", ["CORES=0", "CORES=2;x", "USD_PER_HOUR=much", "USD_PER_HOUR=-1"])
def test_odd_values_for_an_estimate(copy, refused, value):
    refused(copy, ["make", "estimate", value], "above 0, found")


def test_no_experiment_to_estimate(copy):
    """Then every one is listed."""
    done = copy.run("make", "estimate", "USD_PER_HOUR=2")
    assert done.returncode == 0, done.stdout
    for file in copy.root.glob("config/experiments/*.yaml"):
        assert f"\n{file.stem} " in done.stdout


def test_two_targets_with_parallel_make(copy, right, undisturbed):
    """They come one after the other, however many `make` could start at once."""
    command = [*MAKE, f"--eval=two: $(INSTALLED) ; $(snakemake) {TARGET}", "two"]
    done = copy.run(*command, MAKEFLAGS="-j4 -s")
    same = (copy.root / TABLE).is_file() and (copy.root / TABLE).read_bytes() == undisturbed
    right(outcome_of(done.returncode, done.stdout, ["-"], same), done.stdout)


def test_make_that_keeps_going(copy, refused, undisturbed):
    refused(copy, ["make", "-k", "--eval=bad: ; @exit 1", "bad", *MAKE[1:]], "bad] Error 1")
    assert (copy.root / TABLE).read_bytes() == undisturbed


def test_make_that_only_tells(copy):
    assert copy.run(*MAKE, "-n").returncode == 0
    assert not (copy.root / "results").exists()
    assert not (copy.root / ".snakemake").exists()
