"""Every command that is printed for readers to type does what it says: tried dry, or parsed."""

import argparse
import re
import runpy
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from documented import blocks, commands, words_of
from working_copy import REPOSITORY, WorkingCopy

LANGUAGES = {"sh", "python", "yaml", "json", "text"}
# Pages whose YAML is a part of an entry and no whole one, but for files that they say to write.
# The entries of the second are in the files already, and have a test of their own.
FRAGMENTS = {"docs/servers.md", "docs/files-and-adoption.md"}
# The shell's own words, and programs that hand over to the command behind them.
SHELL = {"export", "cd", ".", "cp"}
WRAPPERS = {"nohup", "exec", "python scripts/warm_start.py", "python scripts/run.py"}
# Programs that are not tried, and why. Files that their commands name have to be there.
NOT_TRIED = {
    "pip": "it fetches packages from an index",
    "uv": "it is no part of the environment, and fetches packages",
    "conda": "it is no part of the environment, and fetches packages",
    "hf": "it fetches weights from the hub",
    "pre-commit": "it writes into .git/hooks",
    "vllm": "it needs a GPU, and is no part of the environment",
    "transformers": "it serves until it is stopped",
    "scancel": "it is a part of Slurm",
    "squeue": "it is a part of Slurm",
    "sacctmgr": "it is a part of Slurm",
}
# Planning all jobs of these takes minutes; planning their first target takes seconds.
LARGE = re.compile(r"tiny_full")
# Without one of these Snakemake asks for a number of cores.
NEEDS_NO_CORES = {"-n", "--dry-run", "--lint", "--unlock", "--report", "--workflow-profile"}
# Words for plugins and programs that are no part of the environment, and options instead of them.
NO_CONDA = ["--software-deployment-method", "env-modules"]
INSTEAD = {
    "profiles/slurm": ["--executor", "dryrun"],
    "profiles/conda": NO_CONDA,
    "conda": NO_CONDA,
}


def snakemake_of(words):
    """The arguments of the Snakemake behind wrappers; None if the command is no Snakemake."""
    words = [word for word in words if word != "--"]
    while words:
        if words[0] == "snakemake":
            return words[1:]
        if " ".join(words[:2]) == "python scripts/run.py":
            return ["--cores", *words[2:]]
        if " ".join(words[:2]) == "python scripts/snakemake_in_brief.py":
            return words[2:]
        if " ".join(words[:2]) in WRAPPERS:
            words = words[2:]
        elif words[0] in WRAPPERS:
            words = words[1:]
        else:
            return None
    return []


PRINTED = commands()
SNAKEMAKE = [c for c in PRINTED if snakemake_of(c.words) is not None]
MAKE = [c for c in PRINTED if c.words[-1] == "make" or c.words[0] == "make"]
SCRIPTS = [c for c in PRINTED if c.words[0] == "python" and c not in SNAKEMAKE]
OTHERS = [c for c in PRINTED if c not in [*SNAKEMAKE, *MAKE, *SCRIPTS]]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """A copy with what the documentation says to write into files."""
    copy = WorkingCopy.of_repository(tmp_path_factory.mktemp("documented") / "copy")
    for block in blocks("yaml", "json"):
        path = copy.root / block.file
        if block.page not in FRAGMENTS or not path.exists():
            before = path.read_text() if path.exists() else ""
            path.write_text(f"{before}\n{block.text}")
    return copy


def parsed(monkeypatch, words):
    """Run a Python script up to the point at which it has read its command line."""
    read = argparse.ArgumentParser.parse_args

    def parse_and_leave(self, args=None, namespace=None):
        read(self, args, namespace)
        sys.exit(0)

    script, *arguments = words
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_and_leave)
    monkeypatch.setattr(sys, "argv", [script, *(a for a in arguments if a != "--")])
    with pytest.raises(SystemExit) as end:
        runpy.run_path(script, run_name="__main__")
    assert end.value.code in (0, None)


@pytest.mark.parametrize("block", blocks(), ids=str)
def test_a_block_says_what_it_holds(block):
    assert block.language in LANGUAGES
    if block.language in ("yaml", "json"):
        assert block.file.endswith(block.language), "the prose before it names its file"
        assert yaml.safe_load(block.text)


def test_experiments_of_the_pages_are_whole(sources):
    """Scripts whose commands name them are tried no further than to their options."""
    names = {Path(b.file).stem for b in blocks("yaml") if "config/experiments/" in b.file}
    done = sources.run("python", "scripts/estimate.py", *sorted(names))
    assert names and done.returncode == 0, done.stdout


def test_there_are_commands_of_each_sort():
    assert min(len(SNAKEMAKE), len(MAKE), len(SCRIPTS)) >= 5


@pytest.mark.parametrize("command", OTHERS, ids=str)
def test_other_programs_are_known(command):
    assert command.words[0] in SHELL | set(NOT_TRIED)
    named = [word for word in command.words if word.endswith((".txt", ".lock", ".yaml"))]
    assert all((REPOSITORY / file).is_file() for file in named)


@pytest.mark.parametrize("command", SNAKEMAKE, ids=str)
def test_snakemake_is_told_how_many_cores(command):
    """Snakemake itself asks for them only where it is not dry."""
    words = snakemake_of(command.words)
    assert not words or {"--cores", *NEEDS_NO_CORES} & set(words)


def tried(words):
    """A Snakemake command's arguments for a dry run."""
    if "--report" in words:  # of what is there: tests/e2e/test_micro_run.py
        place = words.index("--report")
        words = [*words[:place], *words[place + 2 :]]
    large = ["bases"] if LARGE.search(" ".join(words)) else []
    other = [option for name in INSTEAD if name in words for option in INSTEAD[name]]
    return tuple([*large, *words, *other, "--dry-run", "--quiet", "all"])


def together(runs):
    """Items of the paper that are asked for in the same way, in one run: a plan takes seconds."""
    asked = defaultdict(list)
    for run in sorted(runs):
        items = run[:1] if run[0] in ITEMS else ()
        asked[run[len(items) :] if items else run].extend(items)
    return [(*items, *rest) for rest, items in asked.items()]


ITEMS = yaml.safe_load((REPOSITORY / "config/paper/items.yaml").read_text())
DRY = together({tried(snakemake_of(command.words)) for command in SNAKEMAKE})


@pytest.mark.slow
@pytest.mark.parametrize("arguments", DRY, ids=lambda run: shlex.join(run)[:100])
def test_snakemake_plans_it(sources, arguments):
    if "profiles/slurm" in arguments:  # its options are the executor's
        pytest.importorskip("snakemake_executor_plugin_slurm")
    done = sources.snakemake(*arguments)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", MAKE, ids=str)
def test_make_knows_its_target_and_its_scripts_know_their_options(sources, monkeypatch, command):
    asked = command.words[command.words.index("make") + 1 :]
    done = sources.run("make", "--dry-run", *asked)
    assert done.returncode == 0, done.stdout
    exported = {"CORES": "2", "A": "a", "B": "b"} | dict(
        word.split("=", 1) for word in asked if "=" in word
    )
    for line in done.stdout.replace("\\\n", " ").splitlines():
        words = words_of(line) if "scripts/" in line and "install.py" not in line else ()
        words = words[words[:1] == ("exec",) :]
        if words and snakemake_of(words) is None:
            parsed(monkeypatch, as_the_shell_reads(line, exported)[1:])


def as_the_shell_reads(line, variables):
    """A command's words, with the values of variables in them."""
    shown = "printf '%s\\0' " + line.strip().removeprefix("exec ").partition(" || ")[0]
    done = subprocess.run(["sh", "-c", shown], env=variables, capture_output=True, check=True)
    return done.stdout.decode().split("\0")[:-1]


def targets_run_by_make():
    """What the Makefile adds to the Snakemake that it runs."""
    added = re.findall(
        r"^\t\$\(snakemake\)(.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE
    )
    return sorted({text.strip() for text in added})


@pytest.mark.slow
@pytest.mark.parametrize("added", targets_run_by_make())
def test_snakemake_plans_what_make_runs(sources, added):
    done = sources.snakemake(*tried(["--cores", "2", *shlex.split(added)]))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("command", SCRIPTS, ids=str)
def test_a_script_knows_its_options(monkeypatch, command):
    script, *arguments = command.words[1:]
    if script == "-":  # its text is run with the other Python of the pages
        return
    assert Path(REPOSITORY / script).is_file()
    if "ArgumentParser" in (REPOSITORY / script).read_text():
        parsed(monkeypatch, [script, *arguments])
    else:
        assert not [word for word in arguments if word != "--"]
