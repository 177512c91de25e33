"""What a person sees of real runs: Snakemake's events as lines, and jobs' output in logs alone."""

import re
import sys

import pytest
from micro_workflow import micro_sources

pytestmark = pytest.mark.slow

TARGET = "results/prompts/numbers.manifest.json"
SAYS_NOTHING = (
    r"Execute \d+ jobs|Select jobs|Finished jobid|steps \(|Building DAG|Job stats|SNAKEMAKE"
)
BREAKS = """
    print("before it broke", file=sys.stderr)
    sys.exit(3)
"""


@pytest.fixture
def copy(tmp_path):
    return micro_sources(tmp_path / "copy")


def run(copy, *arguments):
    return copy.run(sys.executable, "scripts/run.py", "1", *arguments)


def test_a_run_tells_what_it_does_and_a_second_that_there_is_nothing(copy):
    done = run(copy, TARGET)
    assert done.returncode == 0, done.stdout
    assert not re.search(SAYS_NOTHING, done.stdout)
    assert "1 job," in done.stdout and "1 make_prompts" in done.stdout
    assert "\x1b" not in done.stdout and "\r" not in done.stdout
    log = next((copy.root / ".snakemake" / "log").iterdir()).read_text()
    assert "Finished jobid" in log  # Snakemake's own log is whole
    assert "Nothing to be done" in run(copy, TARGET).stdout


def test_a_failed_job_is_told_with_its_log(copy):
    copy.replace("scripts/stage.py", "    import argparse\n", BREAKS + "    import argparse\n")
    done = run(copy, TARGET)
    assert done.returncode != 0
    assert re.search(r"^\[1/1\] FAILED: .*numbers$", done.stdout, re.MULTILINE)
    assert done.stdout.count("before it broke") == 1
    assert "logs/make_prompts/numbers.log" in done.stdout.partition("0 of 1 jobs")[2]


def test_plain_snakemake_is_as_ever(copy):
    done = copy.snakemake(TARGET, "--cores", "1")
    assert done.returncode == 0, done.stdout
    assert "Finished jobid" in done.stdout


def test_plain_snakemake_tells_of_a_failed_job(copy):
    """`quiet: rules` would keep it from saying so."""
    copy.replace("scripts/stage.py", "    import argparse\n", BREAKS + "    import argparse\n")
    done = copy.snakemake(TARGET, "--cores", "1")
    assert done.returncode != 0
    assert "Error in rule make_prompts" in done.stdout and "before it broke" in done.stdout
    assert "resources:" not in done.stdout  # jobs are not announced
    log = next((copy.root / ".snakemake" / "log").iterdir()).read_text()
    assert "Error in rule make_prompts" in log


def test_jobs_see_no_other_variables_than_before(copy):
    """A PYTHONPATH would switch the warm start off, and could change what a job imports."""
    shown = "    import os\n    print(sorted(n for n in os.environ if n.startswith('PYTHON')))\n"
    copy.replace("scripts/stage.py", "    import argparse\n", shown + "    import argparse\n")
    assert run(copy, TARGET).returncode == 0
    log = (copy.root / "logs/make_prompts/numbers.log").read_text()
    assert "PYTHONPATH" not in log and "warm start not used" not in log
