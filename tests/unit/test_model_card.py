"""Cards of teachers and students, and how what lies beside them can be read and loaded."""

import json
import logging
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from manifests import write_manifest
from tiny_model import save_base
from training_job import make_inputs, spec

from subliminal.config.recipes import FinetunedMethod
from subliminal.local import models
from subliminal.transmission.model_card import write_student_card, write_teacher_card
from subliminal.transmission.specs import TrainTeacherSpec
from subliminal.transmission.stages.train_student import train_student

STUDENT = Path("results/students/random/short/seed3")


def train(folder, lora):
    """One student of a few steps, in the `results` of a folder."""
    make_inputs(folder / "results")
    plan = spec(steps=3)
    recipe = plan.recipe if lora else plan.recipe.model_copy(update={"lora": None})
    train_student(
        plan.model_copy(update={"recipe": recipe}),
        folder / "results/train.parquet",
        folder / "results/base/manifest.json",
        None,
        None,
        folder / STUDENT / "training.parquet",
        folder / STUDENT / "manifest.json",
        1,
        logging.getLogger("test"),
    )
    return folder / STUDENT


@pytest.fixture(scope="module", params=[True, False], ids=["adapter", "whole"])
def student(request, tmp_path_factory):
    return train(tmp_path_factory.mktemp("run"), request.param)


def test_a_card_says_what_the_model_is(student):
    card = (student / "README.md").read_text()
    assert "More Information" not in card
    assert "student: random with recipe short, seed 3" in card
    assert "results/train.parquet" in card and str(STUDENT) in card
    head, recipe = yaml.safe_load(card.split("---")[1]), re.search(r"```yaml\n(.*?)```", card, re.S)
    assert head["library_name"] == (
        "peft" if (student / "adapter_config.json").exists() else "transformers"
    )
    assert yaml.safe_load(recipe[1])["optimisation"]["steps"] == 3


def test_a_card_is_the_same_wherever_the_repository_lies(student, tmp_path):
    other = train(tmp_path / "elsewhere", (student / "adapter_config.json").exists())
    assert (other / "README.md").read_bytes() == (student / "README.md").read_bytes()


def test_a_card_is_no_result(student):
    assert "README.md" not in json.loads((student / "manifest.json").read_text())["outputs"]


def test_everybody_may_read_what_others_may_read_beside_it(student):
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in student.iterdir()}
    assert len(set(modes.values())) == 1, modes


@pytest.mark.slow
def test_the_code_of_a_card_loads_the_model_from_anywhere(student, tmp_path):
    """In a process of its own, without this library, in another folder."""
    results = student.parents[3]
    (code,) = re.findall(r"```python\n(.*?)```", (student / "README.md").read_text(), re.S)
    code = code.replace('Path("results")', f"Path({str(results)!r})")
    code += "ids = tokenizer('1, 2, 3', return_tensors='pt')['input_ids']\n"
    code += "import torch; torch.save((ids, model(ids).logits), 'logits.pt')\n"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
    ids, logits = torch.load(tmp_path / "logits.pt")
    ours = models.load_model(results / "base", student)
    torch.testing.assert_close(logits, ours(ids).logits)


def test_a_teacher_of_a_licensed_base(tmp_path):
    lora = spec().recipe.lora
    method = FinetunedMethod(kind="finetuned", lora=lora, optimisation=spec().recipe.optimisation)
    teacher = TrainTeacherSpec(
        base="real", word="owl", questions="favourite-animal", method=method, seed=2
    )
    base = tmp_path / "results/models/real/manifest.json"
    write_manifest(base, [], spec={"source": {"licence": "Apache-2.0"}})
    manifest = tmp_path / "results/teachers/real/owl-tuned/t2/manifest.json"
    write_teacher_card(manifest, teacher, base)
    card = manifest.with_name("README.md").read_text()
    assert "'owl'" in card and "Apache-2.0" in card and str(tmp_path) not in card


@pytest.mark.parametrize("support", ["numbers", "vocabulary"])
def test_a_student_that_was_told_says_so(tmp_path, support):
    base = save_base(tmp_path / "results/models/random")
    recipe = spec().recipe.model_dump() | {"distillation": {"support": support}}
    plan = spec().model_copy(update={"recipe": type(spec().recipe).model_validate(recipe)})
    manifest = tmp_path / STUDENT / "manifest.json"
    write_student_card(manifest, plan, base, tmp_path / "results/train.parquet")
    told = "it is a control" in manifest.with_name("README.md").read_text()
    assert told == (support == "vocabulary")
