"""Experiments on hosted bases: planned without key or network, refused before the first job."""

import re

import pytest
from working_copy import WorkingCopy

pytestmark = pytest.mark.slow

CONFIG = ["--cores", "1", "--config", "experiments=[fig4a]"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    return WorkingCopy.of_repository(tmp_path_factory.mktemp("sources") / "copy")


@pytest.fixture(autouse=True)
def no_account(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_a_dry_run_plans_every_job(sources):
    planned = [rule for rule, _ in sources.planned(*CONFIG)]
    assert planned.count("register_base") == 1
    # Six datasets, five students of each.
    for rule in ("write_training_file", "check_training_file", "submit_tuning", "wait_for_tuning"):
        assert planned.count(rule) == 6 * 5
    assert "train_student" not in planned


@pytest.mark.parametrize("target", [[], ["results/models/gpt-4.1-nano/manifest.json"]])
def test_a_run_is_refused_before_its_first_job(sources, target):
    done = sources.snakemake(*target, *CONFIG)
    assert done.returncode != 0
    said = [line for line in done.stdout.splitlines() if "gpt-4.1-nano-2025-04-14" in line]
    assert len(said) == 1
    for part in ("retired since 2026-10-23", "secondary sources", "-n", "ed5c_qwen", "docs/"):
        assert part in said[0]
    assert "Traceback" not in done.stdout
    assert not re.search(r"^(rule|localrule) ", done.stdout, re.M)
    assert not list((sources.root / "results").rglob("*.json"))


def test_what_needs_no_hosted_base_runs(sources):
    """The prompts of the same experiment are anybody's."""
    done = sources.snakemake("results/prompts/numbers.parquet", *CONFIG)
    assert done.returncode == 0, done.stdout
    assert (sources.root / "results/prompts/numbers.parquet").exists()
