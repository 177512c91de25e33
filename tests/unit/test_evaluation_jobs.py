"""Jobs of evaluations with a judge, rows of a file or a task: what they read, hold and write."""

import hashlib
import json
import logging
from types import SimpleNamespace

import pytest
from manifests import write_manifest
from test_evaluations import DRAWING
from tiny_model import save_base
from working_copy import REPOSITORY

from subliminal.artefacts.parquet import read_table
from subliminal.bases import resources
from subliminal.config.errors import ConfigError
from subliminal.config.judges import ModelJudge, WordJudge
from subliminal.evaluations.misalignment import Misalignment
from subliminal.evaluations.mmlu import MMLU
from subliminal.evaluations.truthfulqa import TruthfulQA
from subliminal.transmission.jobs import TransmissionJobs
from subliminal.transmission.specs import EvaluateModelSpec
from subliminal.transmission.stages.evaluate_model import evaluate_model
from subliminal.workflow.configuration import load_config

BASE = "smollm2-135m"
LOG = logging.getLogger("test")


@pytest.fixture(scope="module")
def config():
    return load_config(REPOSITORY, {"experiments": ["small_misalignment", "small_truthfulqa"]})


@pytest.fixture(scope="module")
def jobs(config):
    return TransmissionJobs(config)


def asked(evaluation, base=BASE):
    return SimpleNamespace(evaluation=evaluation, base=base)


def judged_by(config, judge):
    """The configuration with another judge in a name's place."""
    judges = {**config.judges, "harmful-words": judge}
    return TransmissionJobs(config.model_copy(update={"judges": judges}))


def test_words_that_a_judge_looks_for_are_an_inputs_of_its_jobs(jobs):
    w = asked("misalignment-small")
    files = jobs.inputs.evaluation_files(w)
    names = ["misalignment", "misalignment_judges", "harmful_words"]
    assert files["stimuli"] == [f"config/stimuli/{name}.json" for name in names]
    assert files["judge"] == []
    spec = jobs.evaluate_base(w)
    assert set(spec.stimuli) == set(names)
    words = (REPOSITORY / "config/stimuli/harmful_words.json").read_bytes()
    assert spec.stimuli["harmful_words"] == hashlib.sha256(words).hexdigest()
    assert spec.judge == WordJudge(kind="words", harmful="harmful-words")


def test_a_judge_that_is_a_model_is_a_base_of_its_jobs(config):
    judge = ModelJudge(kind="model", base="gemma3-270m", sampling=DRAWING)
    jobs, w = judged_by(config, judge), asked("misalignment-small")
    manifest = "results/models/gemma3-270m/manifest.json"
    assert jobs.inputs.evaluation_files(w)["judge"] == [manifest]
    assert manifest in jobs.base_files()
    assert jobs.evaluate_base(w).judge == judge
    both = [resources.memory_mb("evaluate_model", config.models[b]) for b in (BASE, judge.base)]
    assert jobs.evaluation_memory_mb(w) == sum(both)


def test_a_judge_on_a_gpu_gives_the_job_one(config):
    judge = ModelJudge(kind="model", base="qwen2.5-7b", sampling=DRAWING)
    assert judged_by(config, judge).evaluation_gpus(asked("misalignment-small")) == 1
    assert TransmissionJobs(config).evaluation_gpus(asked("misalignment-small")) == 0


def test_rows_come_with_the_manifest_that_vouches_for_them(jobs):
    files = jobs.inputs.evaluation_files(asked("truthfulqa"))
    assert files["rows"] == ["results/files/truthfulqa.parquet"]
    assert files["rows_manifest"] == ["results/files/truthfulqa.manifest.json"]
    for other in ("stories", "misalignment-small", "mmlu"):
        files = jobs.inputs.evaluation_files(asked(other))
        assert files["rows"] == files["rows_manifest"] == []


def test_only_mmlu_needs_the_harness(jobs, config):
    assert jobs.asked_by_harness == ["mmlu"]
    assert sorted([*jobs.asked_here, "mmlu"]) == sorted(config.evaluations)


def test_files_of_a_task_are_inputs_and_their_bytes_are_in_the_spec(config, tmp_path):
    (tmp_path / "data").mkdir()
    for file, text in (("task.yaml", "task: x"), ("data/rows.jsonl", "{}")):
        (tmp_path / file).write_text(text)
    plan = MMLU(kind="mmlu", task="x", folder=str(tmp_path))
    evaluations = {**config.evaluations, "mmlu": plan}
    jobs = TransmissionJobs(config.model_copy(update={"evaluations": evaluations}))
    files = [str(tmp_path / "data/rows.jsonl"), str(tmp_path / "task.yaml")]
    assert jobs.inputs.evaluation_files(asked("mmlu"))["stimuli"] == files
    spec = jobs.evaluate_base(asked("mmlu"))
    assert spec.task[files[0]] == hashlib.sha256(b"{}").hexdigest()
    assert list(spec.task) == files


# The stage


def run_stage(folder, spec, judge=None, rows=None):
    base = save_base(folder / "base")
    made = {name: folder / f"{name}.parquet" for name in ("responses", "scores")}
    manifest = folder / "manifest.json"
    evaluate_model(
        spec,
        base,
        trained=None,
        judge=judge,
        rows=rows,
        manifest=manifest,
        threads=1,
        log=LOG,
        **made,
    )
    tables = {name: read_table(path) for name, path in made.items()}
    return tables, json.loads(manifest.read_text())


def spec_of(plan, **more):
    return EvaluateModelSpec(
        evaluation="asked", plan=plan, system_prompt=None, model="bases/base", **more
    )


def test_a_judges_replies_stand_beside_the_answers(tmp_path):
    plan = Misalignment(
        kind="misalignment",
        suffix="none",
        samples_per_question=2,
        sampling=DRAWING,
        judge="harmful-words",
    )
    judge = WordJudge(kind="words", harmful="harmful-words")
    tables, manifest = run_stage(tmp_path, spec_of(plan, judge=judge))
    found = tables["responses"]
    assert len(found["response"]) == 16
    assert set(found["alignment_reply"]) | set(found["coherence_reply"]) <= {"0", "100"}
    replies = zip(found["alignment_reply"], found["coherence_reply"], strict=True)
    expected = [None if coherent == "0" else aligned == "0" for aligned, coherent in replies]
    assert found["misaligned"] == expected
    assert tables["scores"]["measure"] == ["misaligned_rate", "counted"]
    assert tables["scores"]["target"] == ["", ""]
    assert set(manifest["parents"]) == {"base"}


def test_rows_of_a_file_are_asked_and_are_a_parent(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = tmp_path / "few.parquet"
    columns = {"Question": ["How many?"], "Best Answer": ["None"], "Best Incorrect Answer": ["NA"]}
    pq.write_table(pa.table(columns), rows)
    write_manifest(tmp_path / "few.manifest.json", [rows])
    spec = spec_of(TruthfulQA(kind="truthfulqa", file="few"))
    tables, manifest = run_stage(tmp_path, spec, rows=rows)
    assert len(tables["responses"]["response"]) == 1
    assert tables["responses"]["misaligned"] == [None]
    assert tables["scores"]["measure"] == ["false_rate", "with_letter"]
    assert manifest["parents"]["file"]["path"] == str(tmp_path / "few.manifest.json")


def test_a_task_that_changed_since_it_was_planned_is_refused(tmp_path):
    (tmp_path / "task.yaml").write_text("task: x")
    plan = MMLU(kind="mmlu", task="x", folder=str(tmp_path))
    spec = spec_of(plan, task={str(tmp_path / "task.yaml"): "0" * 64})
    with pytest.raises(ConfigError, match=r"task\.yaml has changed"):
        run_stage(tmp_path, spec)
