"""What a job asks of the machine, by the base that it loads.

Every number is for the scheduler alone: results do not depend on it.
"""

from __future__ import annotations

from subliminal.config import Base, PretrainedBase, Tier

# Peak memory in MB of each stage on a tiny base, rounded up from measured manifests.
TINY_MB = {
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
RUNTIME: dict[Tier, str] = {"tiny": "30m", "small": "8h", "open": "24h"}


def memory_mb(stage: str, base: Base) -> int:
    """Main memory of a stage's job, in MB."""
    floor = TINY_MB[stage]
    if isinstance(base, PretrainedBase):
        return floor
    each = BYTES_PER_PARAMETER_ON_GPU if base.tier == "open" else BYTES_PER_PARAMETER[stage]
    return floor + each * base.parameters // 1_000_000


def gpus(base: Base) -> int:
    """How many GPUs a job needs: one for bases that are too large for a CPU."""
    return int(base.tier == "open")
