"""What keeps jobs on hosted bases from starting: dates, the server's word, key, prices, budget."""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import broken_configs
import pytest
from hosted_fixture import HOSTED, PRICED, SNAPSHOT
from models_stand_in import answer, stand_in

from subliminal.api.access import access
from subliminal.api.ledger.actions import Ledger
from subliminal.api.lookup import is_provider
from subliminal.config.hosting import FILE, Hosting, Prices
from subliminal.workflow import estimate
from subliminal.workflow.bill import Bill
from subliminal.workflow.preflight import findings, wanted_by
from subliminal.workflow.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
KEY = "sk-canary-0123456789abcdef"
BEFORE = date(2026, 6, 1)
NOBODY = {"error": {"message": "no such model", "code": "model_not_found"}}


@dataclass
class Planned:
    """All jobs of the experiment, in a folder of its own."""

    project: Project
    costs: estimate.Costs

    @property
    def root(self):
        return self.project.root

    @property
    def usd(self):
        return Bill.of(self.costs.values()).usd

    @property
    def due(self):
        """What has to be left: a tenth more than answers are estimated to cost."""
        charges = [charge for cost in self.costs.values() for charge in cost.charges]
        return sum(charge.usd * (1 if charge.training else 1.1) for charge in charges)

    def wanted(self, *jobs):
        return wanted_by(self.project.config, self.costs, jobs or [{path} for path in self.costs])

    def findings(self, today=BEFORE):
        return findings(self.project, self.wanted(), today)

    def problems(self, today=BEFORE):
        return self.findings(today).problems

    def allow(self, **settings):
        (self.root / FILE).write_text(json.dumps({"allow_paid": True, **settings}))

    def changed(self, **entry):
        """The same with another entry of the base."""
        config = self.project.config
        base = config.models["somebody-elses"].model_copy(update=entry)
        models = {**config.models, "somebody-elses": base}
        project = Project(self.root, config.model_copy(update={"models": models}))
        return Planned(project, estimate.costs_of(project, "hosted"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """The repository's configuration, and an experiment on a hosted base."""
    root = tmp_path_factory.mktemp("loaded")
    broken_configs.lay_out(root, REPOSITORY)
    with (root / broken_configs.MODELS).open("a") as file:
        file.write(PRICED)
    (root / "config/experiments/hosted.yaml").write_text(HOSTED)
    project = Project.load(root, {"experiments": ["hosted"]})
    return project.config, estimate.costs_of(project, "hosted")


@pytest.fixture
def planned(loaded, tmp_path, monkeypatch):
    """It, in a folder that allows nothing paid, and without an account."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "config").mkdir()
    (tmp_path / FILE).write_text("allow_paid: false\n")
    config, costs = loaded
    return Planned(Project(tmp_path, config), costs)


@pytest.fixture
def server(monkeypatch):
    """A stand-in that answers for models as it is told to, and that the environment names."""
    with stand_in() as found:
        monkeypatch.setenv("OPENAI_BASE_URL", found.url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        yield found


def test_everything_that_is_wrong_is_found_at_once(planned):
    found = "\n".join(planned.problems(date(2027, 2, 1)))
    for part in ("OPENAI_API_KEY", f"{SNAPSHOT}) was retired on 2027-01-14", "allow_paid"):
        assert part in found


def test_nothing_is_wrong_with_what_is_there_and_allowed(planned, server):
    planned.allow()
    found = planned.findings()
    assert not found.problems and not found.warnings
    assert server.asked == [("GET", f"/v1/models/{SNAPSHOT}")]


@pytest.mark.parametrize(
    ("today", "wrong", "soon"),
    [
        (date(2026, 9, 1), [], []),
        (date(2026, 12, 1), [], ["until 2027-01-06: 36 days", "on 2027-01-14: 44 days"]),
        (date(2027, 1, 6), [], ["until 2027-01-06: 0 days", "on 2027-01-14: 8 days"]),
        (date(2027, 1, 7), ["fine-tuning", "2027-01-06"], ["on 2027-01-14: 7 days"]),
        (date(2027, 1, 14), ["retired on 2027-01-14"], []),
    ],
)
def test_dates_count_where_the_provider_is_not_asked(planned, today, wrong, soon):
    found = planned.findings(today)
    dated = [problem for problem in found.problems if SNAPSHOT in problem]
    assert len(dated) == bool(wrong) and len(found.warnings) == len(soon)
    for part in wrong:
        assert part in dated[0] and "secondary sources" in dated[0]
    for part in soon:
        assert any(part in warning for warning in found.warnings)


def test_the_dates_are_those_of_openais_models_and_not_of_a_server_in_their_place(planned, server):
    planned.allow()
    assert not planned.problems(date(2027, 2, 1))


def test_what_its_provider_does_not_fine_tune_is_said(planned, server):
    planned.allow()
    (problem,) = planned.changed(fine_tunable=False).problems()
    assert "not fine-tuned" in problem and "somebody-elses" in problem


def test_a_model_that_has_vanished_is_said(planned, server):
    planned.allow()
    server.reply = answer(NOBODY, 404)
    (problem,) = planned.problems()
    assert SNAPSHOT in problem and server.url in problem


def test_a_server_without_a_page_for_models_is_believed_to_have_it(planned, server):
    planned.allow()
    server.reply = answer({"detail": "Not Found"}, 404)
    assert not planned.problems()


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (answer({"error": {"message": f"bad key {KEY}"}}, 401), "bad key"),
        (answer(["a list"]), "a list"),
        ((200, b"<html>"), "<html>"),
    ],
)
def test_an_answer_that_says_nothing_of_the_model_is_an_error(planned, server, reply, says):
    planned.allow()
    server.reply = reply
    (problem,) = planned.problems()
    assert says in problem and server.url in problem
    assert KEY not in problem


def test_a_server_that_is_not_there_is_said(planned, monkeypatch):
    planned.allow()
    with stand_in() as gone:
        monkeypatch.setenv("OPENAI_BASE_URL", gone.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (problem,) = planned.problems()
    assert gone.url in problem


def test_prices_have_to_be_known(planned, server):
    (problem,) = planned.changed(prices=None).problems()
    assert "price of somebody-elses" in problem and "config/models.yaml" in problem


def test_where_nothing_is_paid_nothing_has_to_be_allowed(planned, server):
    assert not planned.changed(prices=Prices(input=0, output=0, training=0)).problems()


def test_what_is_paid_has_to_be_allowed(planned, server):
    (problem,) = planned.problems()
    assert f"{planned.due:,.2f} USD" in problem and "allow_paid: true" in problem
    assert planned.due > planned.usd


def test_what_other_runs_have_paid_or_reserved_is_not_left(planned, server):
    limit = planned.due + 10
    planned.allow(max_usd=limit)
    assert not planned.problems()
    ledger = Ledger(planned.root / "ledger")
    for key, usd, state in (("a", 7.0, "done"), ("b", 6.0, "sent"), ("c", 90.0, "dropped")):
        ledger.begin(key, "tuning", "another's", usd, Hosting(allow_paid=True))
        ledger.change(ledger.actions()[key], state)
    (problem,) = planned.problems()
    for part in ("max_usd", f"{limit - 13:,.2f} are left", "7.00 are paid", "6.00 reserved"):
        assert part in problem


@pytest.mark.parametrize("state", ["begun", "sent", "done"])
def test_what_the_ledger_knows_is_not_paid_again(planned, server, state):
    """A student whose files were deleted, or whose run was killed, fits the budget it was in."""
    student = next(job for job in planned.costs.values() if job.rule == "submit_tuning")
    price = Bill.of([student]).usd
    about = student.manifest.removeprefix("results/").removesuffix(
        "/tuning/submitted.manifest.json"
    )
    planned.allow(max_usd=planned.due)
    ledger = Ledger(planned.root / "ledger")
    ledger.begin("k", "tuning", about, price, Hosting(allow_paid=True))
    ledger.change(ledger.actions()["k"], state)
    assert not planned.problems()
    ledger.change(ledger.actions()["k"], "dropped")
    planned.allow(max_usd=planned.due - price / 2)
    assert len(planned.problems()) == 1


@pytest.mark.parametrize("kind", ["chat", "batch"])
@pytest.mark.parametrize("ours", [True, False])
def test_answers_count_for_the_job_that_has_paid_for_them(planned, server, ours, kind):
    """A job whose results were deleted fits the budget it was in; others' answers are no help."""
    sampled = next(j for j in planned.costs.values() if j.rule == "sample_completions")
    price = sum(charge.usd for charge in sampled.charges)
    planned.allow(max_usd=planned.due + 0.001)
    ledger, paid = Ledger(planned.root / "ledger"), Hosting(allow_paid=True)
    artefact = sampled.manifest if ours else "results/datasets/another/raw.manifest.json"
    about = f"5000 answers of {SNAPSHOT}"
    ledger.begin("k", kind, about, price, paid, artefact=artefact)
    ledger.change(ledger.actions()["k"], "done")
    assert bool(planned.problems()) is not ours


@pytest.mark.parametrize("kind", ["chat", "tuning"])
def test_what_was_begun_has_to_be_allowed_still(planned, server, kind):
    """A run of this job alone was killed, and then forbidden."""
    rule = {"chat": "sample_completions", "tuning": "submit_tuning"}[kind]
    job = next(j for j in planned.costs.values() if j.rule == rule)
    price = Bill.of([job]).usd
    about = job.manifest.removeprefix("results/").removesuffix("/tuning/submitted.manifest.json")
    Ledger(planned.root / "ledger").begin(
        "k", kind, about, price, Hosting(allow_paid=True), artefact=job.manifest
    )
    planned.costs = {job.manifest: job}
    (problem,) = planned.problems()
    assert "allow_paid" in problem
    planned.allow(max_usd=planned.due)
    assert not planned.problems()
    planned.allow(max_usd=price / 2)
    assert len(planned.problems()) == 1


def test_another_seed_is_another_student(planned, server):
    first = next(path for path in planned.costs if path.endswith("/seed1/manifest.json"))
    about = first.removeprefix("results/").replace("seed1/manifest.json", "seed10")
    planned.allow(max_usd=planned.due)
    Ledger(planned.root / "ledger").begin("k", "tuning", about, 1.0, Hosting(allow_paid=True))
    assert len(planned.problems()) == 1


def test_a_damaged_ledger_is_said(planned, server):
    planned.allow()
    (planned.root / "ledger").mkdir()
    (planned.root / "ledger/actions.jsonl").write_text("{}\n")
    (problem,) = planned.problems()
    assert "actions.jsonl" in problem


def test_a_ledger_in_the_home_is_the_one_that_jobs_write(planned, server, monkeypatch):
    monkeypatch.setenv("HOME", str(planned.root / "home"))
    planned.allow(max_usd=planned.due, ledger="~/ledger")
    ledger = Ledger(planned.root / "home/ledger")
    ledger.begin("a", "tuning", "another's", 7.0, Hosting(allow_paid=True))
    (problem,) = planned.problems()
    assert "7.00 reserved" in problem


def test_a_replay_needs_neither_key_nor_server_nor_budget(planned, monkeypatch):
    late = date(2027, 2, 1)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:1/v1")
    planned.allow(allow_paid=False, replay=True)
    (missing,) = planned.problems(late)
    assert "lacks all answers of http://localhost:1/v1 (somebody-elses)" in missing
    ledger = Ledger(planned.root / "ledger")
    for url in ("http://localhost:2/v1", "http://localhost:1/v1"):
        assert planned.problems(late)
        paid = Hosting(allow_paid=True)
        ledger.begin(url, "chat", "answers", 1.0, paid, server=url)
    found = planned.changed(prices=None, fine_tunable=False).findings(late)
    assert not found.problems and not found.warnings


def test_only_jobs_that_ask_a_hosted_base_count(planned):
    prompts = {"results/prompts/numbers.parquet", "results/prompts/numbers.manifest.json"}
    assert not planned.wanted(prompts).bases
    base = {"results/models/somebody-elses/manifest.json"}
    sampled = next(p for p, job in planned.costs.items() if job.rule == "sample_completions")
    wanted = planned.wanted(prompts, base, {*base, sampled})
    assert (wanted.jobs, wanted.bases, wanted.tuned) == (2, ["somebody-elses"], set())
    assert list(wanted.costs) == [sampled]


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("https://api.openai.com.example.org/v1", False),
        ("http://localhost:8000/v1", False),
    ],
)
def test_whose_address_it_is(monkeypatch, url, own):
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    assert is_provider(access()) is own
