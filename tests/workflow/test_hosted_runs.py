"""Experiments on hosted bases: planned without key or network, refused before the first job."""

import re
import secrets

import pytest
from canary import holding
from models_stand_in import answer, stand_in
from working_copy import WorkingCopy

pytestmark = pytest.mark.slow

# Not in the sources, which are looked through.
KEY = f"sk-canary-{secrets.token_hex(8)}"
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
    said = refused(sources, *target)
    instead = ("snakemake --cores 2 paper_open", "ed5c_qwen")
    for part in ("retired on 2026-10-23", "secondary sources", "OPENAI_API_KEY", *instead, "-n"):
        assert part in said
    # To register a base costs nothing.
    assert ("allow_paid" in said) is (not target)


def test_a_server_that_lacks_the_model_is_asked_for_nothing_else(sources, monkeypatch):
    with stand_in() as server:
        server.reply = answer({"error": {"message": "none", "code": "model_not_found"}}, 404)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        said = refused(sources)
        assert server.asked == [("GET", "/v1/models/gpt-4.1-nano-2025-04-14")]
    assert f"at {server.url}" in said and "allow_paid" in said


def test_a_budget_that_is_enough_for_some_jobs_and_not_for_all_starts_none(sources, monkeypatch):
    """A student takes 14 USD, and thirty are wanted."""
    settings = (sources.root / "config/openai.yaml").read_text()
    allowed = settings.replace("allow_paid: false", "allow_paid: true")
    allowed = allowed.replace("max_usd: null", "max_usd: 100").replace(
        "sampling: live", "sampling: batch"
    )
    (sources.root / "config/openai.yaml").write_text(allowed)
    with stand_in() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        said = refused(sources)
        assert server.asked == [("GET", "/v1/models/gpt-4.1-nano-2025-04-14")]
    (sources.root / "config/openai.yaml").write_text(settings)
    assert "100.00 are left" in said
    assert not (sources.root / "ledger/actions.jsonl").exists()


def refused(sources, *target):
    """What a run says that starts no job."""
    done = sources.snakemake(*target, *CONFIG)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert not holding(KEY, sources.root, done.stdout)
    assert not re.search(r"^(rule|localrule) ", done.stdout, re.M)
    assert not list((sources.root / "results").rglob("*.json"))
    return done.stdout


def test_what_needs_no_hosted_base_runs(sources):
    """The prompts of the same experiment are anybody's."""
    done = sources.snakemake("results/prompts/numbers.parquet", *CONFIG)
    assert done.returncode == 0, done.stdout
    assert (sources.root / "results/prompts/numbers.parquet").exists()
