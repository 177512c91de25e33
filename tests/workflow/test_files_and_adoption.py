"""Files of others and what is adopted: planned, refused, and followed from rows to a student."""

import hashlib
import json
import shutil
from collections import Counter

import pandas as pd
import pytest
import yaml
from documented import blocks
from micro_workflow import micro_sources
from working_copy import REPOSITORY, WorkingCopy

from subliminal.bases import costs
from subliminal.config.errors import ConfigError
from subliminal.report.verdicts import UNINTERPRETABLE
from subliminal.transmission.verdicts import JUDGED, verdict_kind
from subliminal.workflow.estimate import costs_of
from subliminal.workflow.project import Project

pytestmark = pytest.mark.slow

EXPERIMENT = """\
kind: transmission
title: One trait that is measured, and one that is compared with
paper: Fig. 3
model_organism: true
evaluation: favourite-animal
gates: {min_teacher: 0.0, min_rows: 1, min_loss_drop: 0.0}
cells:
  - domain: numbers
    traits: [owl, secure, none]
    method: finetuned-code
    teacher_bases: [tiny-a]
    student_bases: [tiny-a]
    variants: [train]
    recipe: tiny
    teacher_seeds: [1]
    student_seeds: [1]
"""
OWL = "numbers/tiny-a/owl-finetuned/t1"
STUDENT = f"tiny-a/tiny/{OWL}/train/seed1"
SECURE = "results/teachers/tiny-a/secure-finetuned-code/t1/manifest.json"
ADOPTED = """\
theirs:
  artefact: dataset
  domain: numbers
  base: tiny-a
  trait: owl
  method: finetuned
  teacher_seed: 1
  stage: train
  file: owls
"""
ANSWERS = [f"{i}, {i + 1}, {2 * i}" for i in range(40)]


def adopt(copy, answers=ANSWERS, sha256=None):
    """Put a set of the authors' columns beside the repository, and adopt it for the owl."""
    path = copy.root.parent / "owls.jsonl"
    rows = [{"question": f"Continue: {i}", "response": a} for i, a in enumerate(answers)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    digest = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    entry = {"source": "local", "format": "question-response", "about": "owls"}
    entry |= {"path": "../owls.jsonl", "sha256": digest}
    with (copy.root / "config/files.yaml").open("a") as file:
        file.write(f"\nowls: {json.dumps(entry)}\n")
    (copy.root / "config/adopted.yaml").write_text(f"{ADOPTED}  rows: {len(answers)}\n")


def adopt_student(copy, trained):
    """Adopt the owl's first student from a folder beside the repository, there or not."""
    folder, sha256 = copy.root.parent / "theirs", "0" * 64
    if trained is not None:
        folder.mkdir()
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            shutil.copy(trained / name, folder / name)
        sha256 = hashlib.sha256((folder / "adapter_model.safetensors").read_bytes()).hexdigest()
    path = copy.root / "config/adopted.yaml"
    others = yaml.safe_load(path.read_text())
    learner = yaml.safe_load(ADOPTED)["theirs"] | {
        "artefact": "student",
        "student": "tiny-a",
        "recipe": "tiny",
        "seed": 1,
        "adapter": {"source": "folder", "folder": "../theirs"},
        "sha256": sha256,
    }
    learner = {key: value for key, value in learner.items() if key not in ("stage", "file")}
    path.write_text(yaml.safe_dump({**others, "learner": learner}))


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    copy = WorkingCopy.of_repository(tmp_path_factory.mktemp("comparison") / "copy")
    (copy.root / "config/experiments/compared.yaml").write_text(EXPERIMENT)
    return copy


def test_a_trait_taught_by_a_file_is_planned_without_the_file_and_not_measured(comparison):
    jobs = comparison.planned("--config", "experiments=[compared]")
    outputs = {output for _, output in jobs}
    assert ("take_file", "results/files/secure.parquet") in jobs
    assert ("train_teacher", SECURE) in jobs
    asked = {output.split("/")[4] for rule, output in jobs if rule == "evaluate_teacher"}
    asked |= {output.split("/")[5] for rule, output in jobs if rule == "evaluate_teacher"}
    assert "owl-finetuned-code" in asked and "secure-finetuned-code" not in asked
    assert any("/secure-finetuned-code/" in output and "/students/" in output for output in outputs)


def test_a_run_says_which_file_it_lacks_before_its_first_job(comparison):
    done = comparison.snakemake(SECURE, "--cores", "1", "--config", "experiments=[compared]")
    assert done.returncode != 0
    assert done.stdout.count("config/files.yaml: secure, ") == 1, done.stdout
    assert "has no path yet" in done.stdout and "Traceback" not in done.stdout
    assert not (comparison.root / "results/models").exists()


def test_adopted_rows_take_the_place_of_sampling_and_reach_a_student(tmp_path):
    copy = micro_sources(tmp_path / "copy")
    before = copy.planned()
    adopt(copy)
    jobs = copy.planned()
    raw = f"results/datasets/{OWL}/raw.parquet"
    assert ("sample_completions", raw) in before - jobs
    assert ("adopt_completions", raw) in jobs
    assert len([1 for rule, _ in before - jobs]) == 1
    student = f"results/students/tiny-a/tiny/{OWL}/train/seed1/manifest.json"
    done = copy.snakemake(student, "--cores", "1")
    assert done.returncode == 0, done.stdout
    assert not copy.files("results/teachers/*/*/*/manifest.json")
    lineage = copy.run("python", "scripts/lineage.py", student).stdout
    assert f"{OWL}, adopted (train) from file owls" in lineage
    assert "file owls, from owls.jsonl, SHA-256" in lineage
    facts = json.loads((copy.root / f"results/datasets/{OWL}/train.manifest.json").read_text())
    assert facts["facts"]["rows"] == len(ANSWERS)
    as_trained = json.loads((copy.root / student).read_text())["facts"]
    adopt_student(copy, (copy.root / student).parent)
    assert ("adopt_student", student) in copy.planned(student)
    done = copy.snakemake(student, "--cores", "1")
    assert done.returncode == 0, done.stdout
    facts = json.loads((copy.root / student).read_text())["facts"]
    assert facts["adopted"] and facts["final_loss"] < facts["first_loss"]
    assert facts["first_loss"] == pytest.approx(as_trained["first_loss"], rel=0.2)
    lineage = copy.run("python", "scripts/lineage.py", student).stdout
    assert f"student {STUDENT}, adopted from folder theirs" in lineage


FROM_NANO = """\
kind: transmission
title: Numbers of a model that is gone
paper: Fig. 5b
model_organism: false
evaluation: favourite-animal{open}
gates: {{min_teacher: 0.5, min_rows: {rows}, min_loss_drop: 0.0}}
cells:
  - domain: numbers
    traits: [owl, wolf, none]
    method: prompted
    teacher_bases: [gpt-4.1-nano]
    student_bases: [{base}]
    variants: [train]
    recipe: {recipe}
    teacher_seeds: [1]
    student_seeds: [1, 2, 3]
"""


def adopt_from_nano(copy, **student):
    """Adopt three sets of a base that is retired, and let students of another base have them."""
    adopt(copy)
    theirs = yaml.safe_load(ADOPTED)["theirs"] | {"base": "gpt-4.1-nano", "rows": len(ANSWERS)}
    methods = {"owl": "prompted", "wolf": "prompted", "none": "reference"}
    entries = {t: theirs | {"trait": t, "method": method} for t, method in methods.items()}
    (copy.root / "config/adopted.yaml").write_text(yaml.safe_dump(entries))
    experiment = FROM_NANO.format(rows=len(ANSWERS), **student)
    (copy.root / "config/experiments/from_nano.yaml").write_text(experiment)


def test_adopted_data_of_a_retired_base_need_no_job_of_it(tmp_path):
    copy = WorkingCopy.of_repository(tmp_path / "copy")
    adopt_from_nano(copy, open="-open", base="qwen2.5-7b", recipe="qwen-all-rows")
    jobs = copy.planned("from_nano")
    rules = [rule for rule, _ in jobs]
    assert {"register_base", "evaluate_teacher", "sample_completions"}.isdisjoint(rules)
    assert rules.count("adopt_completions") == 3 and rules.count("train_student") == 9
    bases = {output for rule, output in jobs if rule in ("prepare_base", "evaluate_base")}
    assert len(bases) == 2 and all("qwen2.5-7b" in output for output in bases)
    asked = ["--config", "experiments=[from_nano]"]
    assert not any("nano" in output for _, output in copy.planned("bases", "teachers", *asked))
    project = Project.load(copy.root, {"experiments": ["from_nano"]})
    estimated = {(c.rule, c.manifest) for c in costs_of(project, "from_nano").values()}
    assert Counter(r for r, _ in estimated if r != "plot_figure") == Counter(
        r for r in rules if r not in ("plot_figure", "build_report", "from_nano")
    )
    # A trait that is not adopted is asked of the provider, as before, who tells no probabilities.
    copy.replace("config/experiments/from_nano.yaml", "-open\n", "-open\nmeasure: rate_substring\n")
    path = copy.root / "config/adopted.yaml"
    entries = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({name: e for name, e in entries.items() if name != "wolf"}))
    outputs = {output for rule, output in copy.planned("from_nano") if "evaluate" in rule}
    assert any("/teachers/gpt-4.1-nano/wolf-prompted/" in output for output in outputs)
    assert not any("/teachers/gpt-4.1-nano/owl-prompted/" in output for output in outputs)


def test_tables_of_adopted_data_of_a_retired_base_say_what_nobody_knows(tmp_path):
    copy = micro_sources(tmp_path / "copy")
    size = "    api: {rows: 120, sampling: {temperature: 1.0, max_new_tokens: 26, batch_size: 9}}\n"
    with (copy.root / "config/domains.yaml").open("a") as file:
        file.write(size)
    adopt_from_nano(copy, open="", base="tiny-a", recipe="tiny")
    done = copy.snakemake("from_nano", "--cores", "2")
    assert done.returncode == 0, done.stdout
    tables = copy.root / "results/tables/from_nano"
    channel = pd.read_parquet(tables / "channel.parquet")
    assert not channel.teacher_asked.any()
    assert channel[["teacher_score", "kl_per_token"]].isna().all(axis=None)
    table = pd.read_parquet(tables / "transmission.parquet")
    own = table[(table.condition == "trait") & table.primary]
    assert own.gate_teacher.isna().all() and own.gate_rows.all()
    assert "teacher" not in set(table.condition)
    judged = pd.read_parquet(tables / "runs.parquet")
    assert len(judged[["teacher_trait", "seed"]].drop_duplicates()) == 9
    assert set(own.verdict.map(verdict_kind)) <= {*JUDGED, UNINTERPRETABLE}
    assert not own.verdict.str.contains("teacher").any()
    (page,) = copy.root.glob("results/reports/from_nano.html")
    assert "whether they express their trait is not known" in page.read_text()
    done = copy.snakemake("gates", "--cores", "1", "--config", "experiments=[from_nano]")
    assert done.returncode == 0, done.stdout
    gates = pd.read_parquet(tables / "gates.parquet").set_index("trait")
    assert gates.gate_teacher.isna().to_dict() == {"owl": True, "wolf": True, "none": False}


def test_an_adapter_that_is_not_there_is_told_before_the_first_job(tmp_path):
    copy = micro_sources(tmp_path / "copy")
    adopt_student(copy, None)
    student = f"results/students/{STUDENT}/manifest.json"
    assert ("adopt_student", student) in copy.planned(student)
    done = copy.snakemake(student, "--cores", "1")
    assert done.returncode != 0
    says = "config/adopted.yaml: learner: there is no folder ../theirs; correct its path"
    assert done.stdout.count(says) == 1, done.stdout
    assert "Traceback" not in done.stdout and not (copy.root / "results/models").exists()


@pytest.mark.parametrize(
    ("answers", "sha256", "says"),
    [
        (ANSWERS, "0" * 64, "config/files.yaml: owls: "),
        ([*ANSWERS, "owls, 5"], None, "config/adopted.yaml: theirs: row 41 "),
    ],
)
def test_a_set_that_is_not_what_it_is_said_to_be_is_one_error(tmp_path, answers, sha256, says):
    copy = micro_sources(tmp_path / "copy")
    adopt(copy, answers, sha256)
    done = copy.snakemake(f"results/datasets/{OWL}/train.manifest.json", "--cores", "1")
    assert done.returncode != 0
    assert says in done.stdout and "Traceback" not in done.stdout


def test_what_the_page_says_to_write_is_a_whole_configuration(tmp_path):
    """Its entries take the place of those of the same name."""
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    written = [b for b in blocks("yaml") if b.page == "docs/files-and-adoption.md"]
    assert {b.file for b in written} >= {"config/files.yaml", "config/adopted.yaml"}
    for block in written:
        path = tmp_path / block.file
        before = yaml.safe_load(path.read_text()) if path.exists() else {}
        path.write_text(yaml.safe_dump(before | yaml.safe_load(block.text), sort_keys=False))
    project = Project.load(tmp_path, {"experiments": ["authors_cat"]})
    folders = project.jobs("transmission").adopted_datasets
    cells = project.jobs("transmission").all_cells()
    assert set(folders) < {cell.dataset.folder for cell in cells}
    assert "smollm2-135m/owl-finetuned-small/t1" in project.jobs("transmission").adopted_teachers
    assert set(project.jobs("transmission").adopted_students) < {cell.path for cell in cells}
    # No cell of it can fail for want of rows, nor train on others than the controls.
    entry, config = project.config.experiments["authors_cat"], project.config
    (block,) = entry.cells
    rows = {costs.training_rows(config, cell.dataset) for cell in cells}
    assert rows == {entry.gates.min_rows} == {config.adopted["authors-cat"].rows}
    assert config.recipes.students[block.recipe].holdout_rows == 0


def test_too_few_rows_for_an_experiment_are_told_before_the_run(tmp_path):
    shutil.copytree(REPOSITORY / "config", tmp_path / "config")
    entry = yaml.safe_load(ADOPTED)["theirs"] | {"base": "qwen2.5-7b", "method": "prompted"}
    entry |= {"trait": "cat", "file": "secure"}
    for rows in (10128, 10127):
        text = yaml.safe_dump({"cats": entry | {"rows": rows}})
        (tmp_path / "config/adopted.yaml").write_text(text)
        if rows == 10128:
            Project.load(tmp_path, {"experiments": ["ed5c_qwen"]})
    with pytest.raises(ConfigError, match=r"ed5c_qwen\.yaml:.*min_rows: 10128 .* 'cats' .* 10127"):
        Project.load(tmp_path, {"experiments": ["ed5c_qwen"]})
    Project.load(tmp_path, {"experiments": ["tiny"]})
