"""Memory, time and GPUs of a job, by the base that it loads.

Every number is for the scheduler alone: results do not depend on it.
"""

from __future__ import annotations

from collections.abc import Collection

from subliminal.config.models import Base, ReadyBase, Tier
from subliminal.config.recipes import Recipe, StudentRecipe

# Peak memory in MB of each stage on a tiny base, rounded up from measured manifests.
TINY_MB = {
    "pretrain_base": 2000,
    "train_teacher": 2000,
    "sample_completions": 2500,
    "train_student": 2000,
    "evaluate_model": 1500,
    "prepare_base": 2000,
}
# Bytes of main memory per parameter, above that: float32 weights and, on the CPU, activations. On
# a GPU only the weights pass through main memory, in 16 bits.
BYTES_PER_PARAMETER = {
    "train_teacher": 24,
    "sample_completions": 16,
    "train_student": 24,
    "evaluate_model": 12,
    "prepare_base": 16,
}
BYTES_PER_PARAMETER_ON_GPU = 3
# And what students ask beside it: gradients, moments and a checkpoint of all weights; a teacher.
BYTES_FOR_ALL_WEIGHTS = 40
BYTES_FOR_TEACHER = 6
BYTES_IN_FLOAT32 = 4
# Minutes of a job on a tiny base, and on a hosted one.
TINY_MINUTES, HOSTED_MINUTES = 30, 24 * 60
# And on a base with weights: of each job, and per billion parameters. `make estimate` has a
# fifth of it or less on a GPU of 200 TFLOP/s; a job that is out of time goes on where it was.
READY_MINUTES = 120
MINUTES_PER_BILLION = {
    "train_teacher": 60,
    "sample_completions": 40,
    "train_student": 60,
    "evaluate_model": 10,
    "prepare_base": 10,
}
BILLION = 1_000_000_000
# Main memory in MB of jobs that read a dataset's rows and no model: of each, and per 1,000 rows.
ROWS_MB = 750
MB_PER_1000_ROWS = 8


def memory_mb(stage: str, base: Base) -> int:
    """Main memory of a stage's job, in MB."""
    floor = TINY_MB[stage]
    if not isinstance(base, ReadyBase):
        return floor
    each = BYTES_PER_PARAMETER_ON_GPU if base.tier == "open" else BYTES_PER_PARAMETER[stage]
    return floor + each * base.parameters // 1_000_000


def student_memory_mb(base: Base, recipe: StudentRecipe) -> int:
    """Main memory of a student's training, in MB."""
    floor = memory_mb("train_student", base)
    if not isinstance(base, ReadyBase) or not isinstance(recipe, Recipe):
        return floor
    more = (recipe.lora is None) * BYTES_FOR_ALL_WEIGHTS
    more += (recipe.distillation is not None) * BYTES_FOR_TEACHER
    return floor + more * base.parameters // 1_000_000


def evaluation_memory_mb(base: Base, recipe: StudentRecipe) -> int:
    """Main memory of a student's evaluation, in MB."""
    floor = memory_mb("evaluate_model", base)
    whole = isinstance(recipe, Recipe) and recipe.lora is None
    if not isinstance(base, ReadyBase) or not whole:
        return floor
    # Students of all weights are saved in float32.
    return floor + BYTES_IN_FLOAT32 * base.parameters // 1_000_000


def runtime(stage: str, base: Base) -> int:
    """The time limit of a stage's job, in minutes."""
    if isinstance(base, ReadyBase):
        each = MINUTES_PER_BILLION[stage] * base.parameters
        return READY_MINUTES + each // BILLION
    return HOSTED_MINUTES if base.tier == "api" else TINY_MINUTES


def rows_memory_mb(rows: int) -> int:
    """Main memory of a job that reads so many rows, in MB."""
    return ROWS_MB + MB_PER_1000_ROWS * rows // 1000


def gpus(base: Base, gpu_tiers: Collection[Tier]) -> int:
    """The number of GPUs that a job asks for."""
    return int(base.tier in gpu_tiers)
