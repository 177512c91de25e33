"""Make the environment .venv from the files of requirements; `make` calls it when these change.

An environment that is there stays until the new one is whole: if an installation fails, it is put
back. Nothing beyond Python's own library can be imported here, and nothing of later than 3.11.
"""

import importlib.util
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PREVIOUS = ROOT / ".venv-previous"
STAMP = VENV / "installed"
PIP = ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "off"]
FILES = (["--requirement", "requirements.lock"], ["--no-deps", "-r", "requirements-data.txt"])
# To download and on disk, with torch 2.13.0.
SIZE = "about 0.7 GB to download and 2 GB on disk"
SIZE_WITH_CUDA = "about 3.2 GB to download and 6 GB on disk, most of it CUDA for torch"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
NEWEST_TRIED = (3, 13)
# What pip says of a package that the files name, and of a file that takes a while.
ASKED = re.compile(r"(?:Collecting|Processing) (\S+) \(from -r ")
LARGE = re.compile(r"\s*Downloading ([^-\s]+-[^-\s]+)\S* (\(\d[\d.]* [MG]B\))")


def main() -> int:
    """Install; what went wrong is said in one sentence after what pip says."""
    from subliminal.config.errors import ConfigError
    from subliminal.config.failures import message_for
    from subliminal.workflow.folder_lock import held
    from subliminal.workflow.guard import check_folders

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    try:
        check_folders(ROOT)
        with held(ROOT, recover=False):  # a run needs its environment
            install()
    except (ConfigError, OSError) as error:
        return failed(str(message_for(error)))
    except subprocess.CalledProcessError as error:
        print((error.output or b"").decode(errors="replace"), end="", file=sys.stderr)
        return failed(f"{shlex.join(error.cmd)} has failed; mend that, then type make again")
    except KeyboardInterrupt:
        return failed("stopped; type make to try again")
    return 0


def failed(cause: str) -> int:
    """Say what went wrong, and that the previous environment is there."""
    print(f"no environment was made: {cause}", file=sys.stderr)
    if VENV.exists():
        print(f"{VENV} is as it was; to use it so, type: touch {STAMP}", file=sys.stderr)
    return 1


def stop(number: int, frame: FrameType | None) -> None:
    """End as Ctrl-C does, so that the previous environment is put back."""
    raise KeyboardInterrupt


def install() -> None:
    """Put a new environment in the place of the previous one, or leave that one."""
    from subliminal.config.errors import ConfigError

    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise ConfigError(
                f"{sys.executable} has no module {module}; install it (on Debian and Ubuntu: "
                "apt install python3-venv), or type make PYTHON= and another Python's path"
            )
    print(*about_to_install(), sep="\n", flush=True)
    put_aside()
    try:
        make_environment()
    except BaseException:
        remove(VENV)
        if lies(PREVIOUS):
            PREVIOUS.rename(VENV)
        raise
    remove(PREVIOUS)


def put_aside() -> None:
    """Move the environment away; after an installation that was killed it is there already."""
    if lies(PREVIOUS) and not STAMP.exists():
        remove(VENV)
    elif lies(VENV):
        remove(PREVIOUS)
        VENV.rename(PREVIOUS)


def about_to_install() -> list[str]:
    """What will be installed, how large it is, and how to have less."""
    indexes = (os.environ.get(f"PIP_{name}", "") for name in ("INDEX_URL", "EXTRA_INDEX_URL"))
    cuda = sys.platform == "linux" and not any(CPU_INDEX in index for index in indexes)
    version = ".".join(map(str, sys.version_info[:2]))
    lines = [
        f"Installing {requirements()} packages for Python {version} into {VENV}: "
        f"{SIZE_WITH_CUDA if cuda else SIZE}."
    ]
    if cuda:
        lines.append(
            f"Without CUDA it is {SIZE}. The default run needs none. For that, stop this (Ctrl-C) "
            f"and type:\n  PIP_EXTRA_INDEX_URL={CPU_INDEX} make"
        )
    if sys.version_info[:2] > NEWEST_TRIED:
        lines.append(
            f"Python {version} is newer than 3.13, the newest that was tried: some packages may "
            "need a C compiler. To take another one, type: make PYTHON=python3.13"
        )
    return lines


def requirements() -> int:
    """The number of packages in both files."""
    lines = [line for *_, name in FILES for line in (ROOT / name).read_text().splitlines()]
    return sum(bool(line.strip()) and not line.startswith(("#", "-")) for line in lines)


def make_environment() -> None:
    """The environment, and last of all the stamp that says for which folder and Python it is."""
    import venv

    venv.create(VENV, with_pip=True, symlinks=True)
    python = str(VENV / "bin" / "python")
    for file in FILES:
        pip([python, *PIP, *file])
    stamp = "import sys; print(sys.prefix, sys.version_info[:2])"
    STAMP.write_bytes(subprocess.run([python, "-c", stamp], check=True, capture_output=True).stdout)


def pip(command: list[str]) -> None:
    """Run pip, and pass on what tells how far it is.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    found, total = 0, requirements()
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            for line in process.stdout or ():
                if asked := ASKED.match(line):
                    found += 1
                    print(f"[{found:>3}/{total}] {Path(asked[1]).name}", flush=True)
                elif large := LARGE.match(line):
                    print(f"          downloading {large[1]} {large[2]}", flush=True)
                elif line.startswith("Installing collected packages"):
                    print("          unpacking", flush=True)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command)


def lies(path: Path) -> bool:
    """Whether there is something of that name, a link to nowhere included."""
    return path.is_symlink() or path.exists()


def remove(path: Path) -> None:
    """Delete a folder or, without what it points to, a link."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


if __name__ == "__main__":
    sys.exit(main())
