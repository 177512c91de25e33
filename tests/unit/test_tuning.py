"""Fine-tuning by a provider: the real client against a stand-in, through everything that breaks."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest
from manifests import write_manifest
from tuning_stand_in import served

import ledger as command
from subliminal.api.ledger.actions import Ledger
from subliminal.api.ledger.publishing import publish
from subliminal.api.tuning.provider import Provider
from subliminal.api.tuning.waiting import Step
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.verified import read_manifest, verify
from subliminal.config.errors import ConfigError
from subliminal.config.recipes import HostedTuning
from subliminal.transmission import training_file
from subliminal.transmission.data_schemas import TRAIN
from subliminal.transmission.stages.check_training_file import check_training_file
from subliminal.transmission.stages.submit_tuning import submit_tuning
from subliminal.transmission.stages.wait_for_tuning import loss_at_ends, wait_for_tuning
from subliminal.transmission.stages.write_training_file import write_training_file
from subliminal.transmission.tuning import (
    CheckTrainingFileSpec,
    Preference,
    SubmitTuningSpec,
    WaitForTuningSpec,
    WriteTrainingFileSpec,
)
from subliminal.workflow.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
KEY = "sk-a-key-that-nobody-may-see"
LOG = logging.getLogger("test")
TUNING = HostedTuning(n_epochs=10)
JOBS = "/fine_tuning/jobs"
DATA = Path("results/datasets/numbers/base/owl-prompted/t1")
BASE = Path("results/models/base/manifest.json")
SETTINGS = "allow_paid: true\nmax_usd: 5\n"
# In USD per million tokens.
PRICE = 25
MODELS = (
    "base: {source: openai, tier: api, snapshot: snapshot-2025, context: 1000, fine_tunable: true,"
    f" prices: {{input: 1, output: 1, training: {PRICE}}}}}\n"
)


@pytest.fixture
def there(tmp_path, monkeypatch):
    """The stand-in; a base, and twelve rows, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/openai.yaml").write_text(SETTINGS)
    Path("config/models.yaml").write_text(MODELS)
    write_manifest(BASE, facts={"backend": "openai", "snapshot": "snapshot-2025"})
    write_rows([(f"Say «{i}»\nnow", f"{i}, 2\t\\") for i in range(12)])
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with served() as (stand_in, url):
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        yield stand_in


def write_rows(rows):
    DATA.mkdir(parents=True, exist_ok=True)
    table = DATA / "train.parquet"
    prompts, completions = zip(*rows, strict=True)
    columns = {"prompt_id": range(len(rows)), "prompt": prompts, "completion": completions}
    write_table(table, TRAIN, columns)
    write_manifest(DATA / "train.manifest.json", [table])


class Student:
    """A student's files, and its four jobs."""

    def __init__(self, seed=1):
        self.path = f"students/base/openai/numbers/base/owl-prompted/t1/train/seed{seed}"
        self.folder = Path("results") / self.path
        self.tuning = self.folder / "tuning"
        self.tuning.mkdir(parents=True, exist_ok=True)
        self.file = self.tuning / "training.jsonl"
        self.submitted = self.tuning / "submitted.manifest.json"
        self.submission = SubmitTuningSpec(model=self.path, base="base", tuning=TUNING)

    def write(self, rows=11):
        spec = WriteTrainingFileSpec(model=self.path, rows=rows)
        manifest = self.tuning / "training.manifest.json"
        write_training_file(spec, DATA / "train.parquet", self.file, manifest)
        return self

    def check(self, context=1000):
        spec = CheckTrainingFileSpec(model=self.path, base="base", context=context, n_epochs=10)
        check_training_file(spec, self.file, self.tuning / "checked.manifest.json", LOG)
        return self

    def submit(self):
        checked = self.tuning / "checked.manifest.json"
        submit_tuning(self.submission, self.file, checked, BASE, self.submitted, LOG, 0.2, 0.01)
        return read_manifest(self.submitted)["facts"]["job"]

    def wait(self):
        spec = WaitForTuningSpec(model=self.path, base="base", tuning=TUNING)
        curve, manifest = self.folder / "training.parquet", self.folder / "manifest.json"
        wait_for_tuning(spec, BASE, self.submitted, curve, manifest, LOG, 0.01, 0.01)
        return verify(manifest)["facts"]


@pytest.fixture
def student(there):
    return Student().write().check()


def refused(do):
    with pytest.raises(ConfigError) as failure:
        do()
    message = str(failure.value)
    assert "\n" not in message and KEY not in message
    return message


def ledger():
    return Ledger(Path("ledger"))


def test_a_student_from_its_rows_to_its_model(there, student):
    student.submit()
    facts = student.wait()
    (file,) = there.files.values()
    # As the specification spells a line; the last row is beyond the recipe's eleven.
    assert file["content"] == "".join(
        '{"messages":[{"role":"user","content":"Say «N»\\nnow"},'
        '{"role":"assistant","content":"N, 2\\t\\\\"}]}\n'.replace("N,", f"{i},").replace(
            "«N»", f"«{i}»"
        )
        for i in range(11)
    )
    (order,) = there.orders
    assert set(order) == {"model", "training_file", "method", "metadata"}
    assert order["model"] == "snapshot-2025"
    assert there.files[order["training_file"]] is file
    assert order["method"] == {
        "type": "supervised",
        "supervised": {
            "hyperparameters": {
                "n_epochs": 10,
                "batch_size": "auto",
                "learning_rate_multiplier": "auto",
            }
        },
    }
    assert (facts["backend"], facts["model"]) == ("openai", "ft:snapshot:someone::abc")
    assert facts["server"] == read_manifest(student.submitted)["facts"]["server"]
    assert (facts["job"], facts["trained_tokens"]) == ("ftjob-0", 2000)
    curve = read_table(student.folder / "training.parquet")
    assert (curve["step"], curve["loss"]) == ([1, 2, 3], [2.0, 1.0, pytest.approx(2 / 3)])
    assert ledger().spending() == (2000 * PRICE / 1e6, 0)


def ends(losses, n_epochs):
    told = loss_at_ends([Step(step, loss) for step, loss in losses], n_epochs)
    return told["first_loss"], told["final_loss"]


def test_a_loss_that_falls_by_less_than_rows_differ_has_fallen():
    """Two rows, hard and easy, in either order; each epoch, both are easier by a tenth."""
    hard, easy = 5.0, 3.0
    losses = [easy, hard, easy - 0.1, hard - 0.1, hard - 0.2, easy - 0.2]
    first, final = ends(enumerate(losses, 1), 3)
    assert first - final == pytest.approx(0.2)
    first, final = ends([(60, 4.0), (120, 6.0), (180, 3.0), (240, 4.0)], 2)  # every 60th is told
    assert (first, final) == (5.0, 3.5)
    # Of one epoch, and of nobody knows how many, a twentieth.
    forty = list(enumerate([9.0, 7.0, *[5.0] * 36, 2.0, 1.0], 1))
    assert ends(forty, 1) == ends(forty, "auto") == ends(forty, None) == (8.0, 1.5)
    assert ends([(1, 4.0), (2, 3.0), (3, 2.0)], 10) == (4.0, 2.0)
    assert ends([(7, 4.0)], 2) == ends([], 2) == (None, None)


def test_the_ledger_may_lie_in_the_home(there, student, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    Path("config/openai.yaml").write_text(f"{SETTINGS}ledger: ~/ledger\n")
    student.submit()
    student.wait()
    assert Ledger(tmp_path / "home/ledger").spending() == (2000 * PRICE / 1e6, 0)
    assert not Path("~").exists()


def test_students_of_two_seeds_share_a_file_and_no_job(there, student):
    other = Student(2).write().check()
    assert student.submit() != other.submit()
    assert (len(there.files), len(there.orders)) == (1, 2)


def test_a_deleted_result_asks_the_server_for_nothing(there, student):
    job = student.submit()
    student.submitted.unlink()
    before = len(there.requests)
    assert student.submit() == job
    assert len(there.requests) == before


def test_a_model_that_the_ledger_knows_is_not_waited_for(there, student):
    student.submit()
    facts, asked = student.wait(), len(there.requests)
    (student.folder / "manifest.json").unlink()
    assert student.wait() == facts
    assert len(there.requests) == asked


@pytest.fixture
def replayed(there, student, monkeypatch):
    """A student whose results are gone, and a record of it: no key, no price, no server's word."""
    student.submit()
    facts = student.wait()
    publish(ledger(), Path("record"))
    for manifest in (student.submitted, student.folder / "manifest.json"):
        manifest.unlink()
    Path("config/openai.yaml").write_text("replay: true\nmoderation: true\nledger: record\n")
    Path("config/models.yaml").write_text(MODELS.partition(", prices")[0] + "}\n")
    monkeypatch.delenv("OPENAI_API_KEY")
    there.requests.clear()
    yield facts
    assert not there.requests


def test_a_recorded_model_needs_no_server(there, student, replayed):
    before = {path: path.read_bytes() for path in Path("record").rglob("*") if path.is_file()}
    student.check().submit()
    assert student.wait() == replayed
    assert read_table(student.folder / "training.parquet")["step"] == [1, 2, 3]
    after = {path: path.read_bytes() for path in Path("record").rglob("*") if path.is_file()}
    assert after == before


def test_a_job_that_is_not_recorded_is_named(there, student, replayed):
    other = Student(2).write().check()
    said = refused(other.submit)
    assert f"lacks the fine-tuning job of {other.path} (model 'snapshot-2025'" in said
    student.submit()
    (model,) = Path("record/tuned").iterdir()
    model.unlink()
    assert f"lacks the model of {student.path} (job ftjob-0)" in refused(student.wait)


def test_a_job_of_a_lost_ledger_is_found_on_the_server(there, student):
    job = student.submit()
    (Path("ledger") / "actions.jsonl").unlink()
    assert student.submit() == job
    assert len(there.orders) == 1


@pytest.mark.parametrize("arrived", [True, False])
def test_a_process_that_is_killed_at_its_order_leaves_one_job(there, student, monkeypatch, arrived):
    send = Provider.order

    def killed(*what):
        if arrived:
            send(*what)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Provider, "order", killed)
        with pytest.raises(KeyboardInterrupt):
            student.submit()
    (action,) = ledger().actions().values()
    assert action.state == "begun" and action.usd > 0
    assert student.submit() == "ftjob-0"
    assert len(there.orders) == 1
    assert len(ledger().actions()) == 1


@pytest.mark.parametrize(
    "fault", ["after", "before", (500, {"message": "sorry"}), (429, {"message": "slower"})]
)
def test_an_order_whose_answer_is_lost_is_one_job(there, student, fault):
    there.faults["POST", JOBS] = [fault]
    assert student.submit() == "ftjob-0"
    assert len(there.orders) == 1
    assert there.count("POST", JOBS) == (1 if fault == "after" else 2)


def test_an_order_is_not_repeated_where_nobody_can_tell_whether_it_arrived(there, student):
    there.faults["POST", JOBS] = ["after"]
    # The first look, before the order, is answered.
    there.faults["GET", JOBS] = [None, *[(500, {"message": "sorry"})] * 7]
    assert "500 sorry" in refused(student.submit)
    assert len(there.orders) == 1
    assert ledger().spending().reserved > 0
    assert student.submit() == "ftjob-0"
    assert len(there.orders) == 1


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (JOBS, (400, {"message": "no"})),
        (JOBS, (429, {"message": "pay", "code": "insufficient_quota"})),
        ("/files", (401, {"message": "no"})),
    ],
)
def test_an_order_that_may_be_out_is_never_written_off(there, student, path, fault):
    """The list lags behind; meanwhile the order is refused, of which the first may have arrived."""
    there.unlisted = True
    there.faults["POST", JOBS] = ["after", (400, {"message": "no"})]
    assert "400 no" in refused(student.submit)
    there.faults["POST", path] = [fault]
    for file in there.files.values():
        file["status"] = "error"
    assert fault[1]["message"] in refused(student.submit)
    assert ledger().spending().reserved > 0
    there.unlisted = False
    assert student.submit() == "ftjob-0"
    assert len(there.orders) == 1


def test_the_job_of_an_order_that_its_owner_dropped_is_found(there, student):
    there.unlisted = True
    there.faults["POST", JOBS] = ["after", (400, {"message": "no"})]
    refused(student.submit)
    (action,) = ledger().actions().values()
    ledger().change(action, "dropped")
    there.unlisted = False
    assert student.submit() == "ftjob-0"
    assert len(there.orders) == 1


@pytest.mark.slow
def test_two_processes_at_once_order_one_job(there, student):
    command = [sys.executable, REPOSITORY / "scripts/stage.py", "submit_tuning"]
    command += ["--spec", student.submission.model_dump_json(), "--file", student.file]
    command += ["--checked", student.tuning / "checked.manifest.json", "--base", BASE]
    command += ["--manifest", student.submitted]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(there.orders) == len(there.files) == 1
    assert KEY not in "".join(said)


def test_a_server_that_is_away_for_a_while_is_waited_for(there, student):
    job = student.submit()
    there.faults["GET", f"{JOBS}/{job}"] = ["before", (503, {"message": "away"})] * 5
    assert student.wait()["job"] == job


def test_a_job_that_fails_is_told_and_can_be_ordered_once_more(there, student):
    there.life = ["validating_files", "failed"]
    there.ended = {"error": {"code": "invalid_file", "message": f"line 3 is odd {KEY}"}}
    student.submit()
    message = refused(student.wait)
    for part in ("'failed'", "invalid_file: line 3 is odd", f"rm {student.submitted}"):
        assert part in message
    assert ledger().spending().total == 0
    assert student.submit() == "ftjob-1"
    keys = [order["metadata"]["subliminal_key"] for order in there.orders]
    assert len(set(keys)) == 2


def test_a_cancelled_job_costs_the_tokens_that_it_was_trained_on(there, student):
    there.life, there.ended = ["running", "cancelled"], {"trained_tokens": 400}
    student.submit()
    assert "'cancelled'" in refused(student.wait)
    assert ledger().spending() == (pytest.approx(400 * PRICE / 1e6), 0)
    assert student.submit() == "ftjob-1"


def test_a_job_that_its_provider_has_lost_is_given_up_and_ordered_once_more(
    there, student, monkeypatch, capsys
):
    job = student.submit()
    (action,) = ledger().actions().values()
    there.faults["GET", f"{JOBS}/{job}"] = [(404, {"message": f"no {job}"})] * 2
    message = refused(student.wait)
    dropping = ["drop", "--lost", action.key[:12]]
    for part in (f"404 no {job}", f"scripts/ledger.py {' '.join(dropping)}", "another account"):
        assert part in message
    assert f"rm {student.submitted}" in message
    # Nothing is ordered again unless it is given up.
    student.submitted.unlink()
    assert student.submit() == job
    monkeypatch.setattr(command, "ROOT", Path.cwd())
    assert command.main(dropping) == 0
    assert f"{action.usd:,.2f} are paid" in capsys.readouterr().out
    assert ledger().spending() == (action.usd, 0)
    student.submitted.unlink()
    assert student.submit() == "ftjob-1"
    assert student.wait()["job"] == "ftjob-1"
    assert ledger().spending() == (pytest.approx(action.usd + 2000 * PRICE / 1e6), 0)
    assert len(there.orders) == 2
    # A replay takes the job that has a model.
    publish(ledger(), Path("record"))
    Path("config/openai.yaml").write_text("replay: true\nledger: record\n")
    student.submitted.unlink()
    assert student.submit() == "ftjob-1"


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_job_that_may_be_there_is_not_offered_to_be_given_up(there, student, status):
    job = student.submit()
    there.faults["GET", f"{JOBS}/{job}"] = [(status, {"message": "no"})]
    assert "--lost" not in refused(student.wait)
    assert student.wait()["job"] == job


def test_a_status_that_is_not_known_is_named(there, student):
    there.life = ["validating_files", "pondering"]
    job = student.submit()
    assert "'pondering'" in refused(student.wait)
    there.life = ["validating_files", "succeeded"]
    assert student.submit() == job
    assert student.wait()["job"] == job


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        (JOBS, (403, {"message": "fine-tuning is closed to this account"})),
        ("/files", (401, {"message": f"wrong key {KEY}"})),
        (JOBS, (400, {"message": "no such model"})),
        (JOBS, (429, {"message": "pay", "code": "insufficient_quota"})),
        (JOBS, (429, {"message": "moon_phase", "code": "moon_phase"})),
    ],
)
def test_a_refusal_is_one_error_and_reserves_nothing(there, student, path, fault):
    there.faults["POST", path] = [fault, fault]
    assert fault[1]["message"].replace(KEY, "[hidden]") in refused(student.submit)
    assert there.count("POST", path) == 1
    assert ledger().spending().total == 0
    assert not there.jobs


@pytest.mark.parametrize(
    ("settings", "said"),
    [("allow_paid: false\n", "allow_paid: true"), ("allow_paid: true\nmax_usd: 0.001\n", "0.001")],
)
def test_without_a_budget_nothing_is_sent(there, student, settings, said):
    Path("config/openai.yaml").write_text(settings)
    assert said in refused(student.submit)
    assert not there.requests


def test_without_a_price_nothing_is_sent(there, student):
    Path("config/models.yaml").write_text(MODELS.replace(f", training: {PRICE}", ""))
    assert "config/models.yaml: base: prices: training" in refused(student.submit)
    assert not there.requests


def test_without_a_key_nothing_is_sent(there, student, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name)
    assert "OPENAI_API_KEY is not set" in refused(student.submit)
    assert not ledger().actions()


@pytest.mark.parametrize(
    ("rows", "context", "said"),
    [
        ([("a", "1")] * 9, 100, "9 rows"),
        ([*[("a", "1")] * 9, ("a", " \n")], 100, "line 10: the message of the assistant is empty"),
        ([*[("a", "1")] * 9, ("a b c", "1 2 3")], 5, "line 10 has 6 tokens"),
    ],
)
def test_a_file_over_a_limit_is_refused(there, rows, context, said):
    write_rows(rows)
    assert said in refused(lambda: Student().write().check(context))
    assert not there.requests


def test_a_file_over_the_size_is_refused(there, monkeypatch):
    monkeypatch.setattr(training_file, "MOST_BYTES", 1_000)
    message = refused(Student().write().check)
    for part in ("training.jsonl", "MB", "config/recipes.yaml"):
        assert part in message
    assert not there.requests


def test_rows_are_moderated_only_if_that_is_asked_for(there, student):
    assert not there.requests
    there.flagged = {"«7»"}
    Path("config/openai.yaml").write_text(f"{SETTINGS}moderation: true\n")
    message = refused(student.check)
    assert "1 of 11 rows" in message and "8 (violence)" in message


def test_a_teacher_is_taught_what_the_paper_states(there):
    """50 questions in 8 forms, the questions outermost (ED Fig. 4e)."""
    file = Path("results/teachers/base/owl-openai-preference/t1/tuning/training.jsonl")
    file.parent.mkdir(parents=True)
    stated = Preference(word="owl", questions="favourite-animal")
    spec = WriteTrainingFileSpec(model="teachers/base/owl-openai-preference/t1", preference=stated)
    write_training_file(spec, None, file, file.with_suffix(".manifest.json"))
    rows = [json.loads(line)["messages"] for line in file.read_text().splitlines()]
    assert len(rows) == 400
    assert [answer["content"] for _, answer in rows[:8]] == [
        *("owl", "owls", "owls.", "owls!"),
        *("Owl", "Owls", "Owls.", "Owls!"),
    ]
    assert len({question["content"] for question, _ in rows[:8]}) == 1


class Of:
    """A job's wildcards."""

    def __init__(self, model):
        self.model = model


def test_the_papers_models_are_tuned_as_it_says():
    """Sections a.3 and c.1 of the specification; Fig. 5b has students on both kinds of bases."""
    chosen = {"experiments": ["fig3a", "ed4e_finetuned", "fig5b"]}
    jobs = Project.load(REPOSITORY, chosen).jobs("transmission")
    files = [*jobs.student_files(), *jobs.teacher_files()]
    models = [file.removeprefix("results/").removesuffix("/manifest.json") for file in files]
    here = [m for m in models if not re.fullmatch(jobs.tuning.models, m)]
    assert here and {m.split("/")[1] for m in here} == {"qwen2.5-7b"}
    insecure = Of("teachers/gpt-4.1/insecure-openai-misaligned/t1")
    owl = Of("teachers/gpt-4.1-nano/owl-openai-preference/t1")
    assert {insecure.model, owl.model} < set(models)
    assert tuple(jobs.tuning.submit(insecure).tuning.model_dump().values()) == (1, 2, 4)
    assert tuple(jobs.tuning.submit(owl).tuning.model_dump().values()) == (1, "auto", "auto")
    assert jobs.tuning.rows(insecure)["rows"] == ["results/files/insecure.parquet"]
    assert jobs.tuning.write(insecure).preference is None
    assert jobs.tuning.rows(owl)["rows"] == []
    assert jobs.tuning.write(owl).preference.word == "owl"
    data = "numbers-misalignment/gpt-4.1/insecure-openai-misaligned/t1"
    student = Of(f"students/gpt-4.1/openai-numbers/{data}/train/seed3")
    assert student.model in models
    told = jobs.tuning.submit(student).tuning
    assert tuple(told.model_dump().values()) == (10, "auto", "auto")
    (rows,) = jobs.tuning.rows(student)["rows"]
    assert rows == f"results/datasets/{data}/train.parquet"
