"""What the installation says before and while pip works."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from working_copy import REPOSITORY

import install

CPU = "https://download.pytorch.org/whl/cpu"
# As pip 23 to 26 writes it.
PIP = """\
Looking in indexes: https://pypi.org/simple
Collecting torch==2.13.0 (from -r requirements.lock (line 110))
  Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl.metadata (30 kB)
Processing /wheels/networkx-3.6.1-py3-none-any.whl (from -r requirements.lock (line 58))
Collecting nvidia-nccl-cu13==2.29.7 (from torch==2.13.0->-r requirements.lock (line 110))
Requirement already satisfied: pip in ./lib
Downloading torch-2.13.0-cp311-cp311-manylinux_2_28_x86_64.whl (526.6 MB)
Installing collected packages: networkx, torch
Successfully installed networkx-3.6.1 torch-2.13.0
"""


def says(text, status=0):
    return [sys.executable, "-c", f"import sys; print({text!r}, end=''); sys.exit({status})"]


def test_each_package_is_counted_once_and_large_files_are_named(capfd):
    install.pip(says(PIP))
    lines = capfd.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[:2]] == [
        "torch==2.13.0",
        "networkx-3.6.1-py3-none-any.whl",
    ]
    assert lines[1].startswith(f"[  2/{install.requirements()}]")
    assert "526.6 MB" in lines[2]
    assert len(lines) == 4


def test_a_pip_that_fails_is_told():
    with pytest.raises(subprocess.CalledProcessError):
        install.pip(says("", status=1))


def test_the_count_is_that_of_the_files():
    lock = Path(install.ROOT / "requirements.lock").read_text()
    assert install.requirements() == lock.count("==") + 1


@pytest.mark.parametrize(
    ("platform", "index", "cuda"),
    [("linux", "", True), ("linux", CPU, False), ("darwin", "", False)],
)
def test_sizes_are_told_and_how_to_have_less(monkeypatch, platform, index, cuda):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index)
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    said = "\n".join(install.about_to_install())
    assert "GB to download" in said and "GB on disk" in said
    assert (f"PIP_EXTRA_INDEX_URL={CPU} make" in said) is cuda


@pytest.mark.parametrize(("version", "new"), [((3, 13, 9), False), ((3, 14, 0), True)])
def test_a_python_that_nobody_has_tried(monkeypatch, version, new):
    monkeypatch.setattr(sys, "version_info", version)
    assert ("make PYTHON=python3.13" in "\n".join(install.about_to_install())) is new


def test_it_needs_no_package_that_it_installs():
    """All that it imports, in functions too, is there in a Python without any package."""
    tree = ast.parse((REPOSITORY / "scripts" / "install.py").read_text())
    imports = [ast.unparse(one) for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
    assert any("subliminal" in one for one in imports)
    code = "import sys; sys.path.insert(0, 'scripts')\n" + "\n".join(
        one for one in imports if "__future__" not in one
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
