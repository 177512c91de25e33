"""A file that a manifest lists and that is gone is one clear error, in whatever job needs it."""

import logging
import shutil

import pytest
from tiny_model import save_base
from training_job import make_inputs, spec

from subliminal.artefacts.verified import verify
from subliminal.config.errors import ConfigError
from subliminal.config.recipes import FinetunedMethod, Lora, Optimisation
from subliminal.theorem.config import LanguageModel
from subliminal.theorem.specs import VerifyLanguageModelSpec
from subliminal.theorem.stages.verify_on_language_model import verify_on_language_model
from subliminal.transmission.specs import TrainTeacherSpec
from subliminal.transmission.stages.train_student import train_student
from subliminal.transmission.stages.train_teacher import train_teacher

LOG = logging.getLogger("test")
WEIGHTS = "model.safetensors"


def student(folder):
    inputs = folder / "train.parquet", folder / "base/manifest.json", None, None
    train_student(spec(steps=1), *inputs, folder / "t.parquet", folder / "m.json", 1, LOG)


def student_of_logits(folder):
    inputs = [folder / "train.parquet", *[folder / f"{n}/manifest.json" for n in ROLES]]
    train_student(spec(steps=1), *inputs, folder / "t.parquet", folder / "m.json", 1, LOG)


def teacher(folder):
    plan = Optimisation(
        learning_rate=1e-2, warmup_steps=0, batch_size=4, micro_batch_size=4, steps=1
    )
    lora = Lora(rank=2, alpha=2, target_modules=["c_attn"])
    method = FinetunedMethod(kind="finetuned", lora=lora, optimisation=plan)
    told = TrainTeacherSpec(
        base="random", word="owl", questions="favourite-animal", method=method, seed=1
    )
    train_teacher(told, folder / "base/manifest.json", None, None, folder / "m.json", 1, LOG)


def theorem(folder):
    told = LanguageModel(
        base="base",
        other_base="other",
        traits=["owl"],
        control="none",
        method="finetuned",
        teacher_seed=1,
        domain="numbers",
        batches=2,
        batch_size=1,
        micro_batch_size=1,
        max_tokens=160,
        seed=1,
    )
    base, trained, other = (folder / f"{name}/manifest.json" for name in ROLES)
    outputs = (folder / name for name in ("t.parquet", "s.parquet", "m.json"))
    told = VerifyLanguageModelSpec(language_model=told)
    datasets = [folder / "train.manifest.json"] * 2
    verify_on_language_model(told, [base, other], [trained], datasets, *outputs, 1, LOG)


ROLES = ("base", "trained", "other")
JOBS = {
    student: ("base",),
    student_of_logits: ROLES,
    teacher: ("base",),
    theorem: ROLES,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    make_inputs(folder)
    for name in ROLES[1:]:
        save_base(folder / name, identity=name)
    return folder


def test_nothing_is_said_where_everything_is_there(models):
    for name in ROLES:
        verify(models / name / "manifest.json")


@pytest.mark.parametrize(
    ("job", "role"),
    [(job, role) for job, roles in JOBS.items() for role in roles],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_a_job_names_the_lost_file_and_what_to_type(models, tmp_path, job, role):
    folder = tmp_path / "copy"
    shutil.copytree(models, folder)
    lost = folder / role / WEIGHTS
    lost.unlink()
    with pytest.raises(ConfigError) as told:
        job(folder)
    message = str(told.value)
    assert "\n" not in message
    assert message.startswith(str(lost))
    assert f"rm {lost.with_name('manifest.json')}" in message
    assert not (folder / "m.json").exists()
