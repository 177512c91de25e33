"""The outputs of an experiment's jobs as data frames: students, teachers, datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.artefacts.parquet import read_table
from subliminal.artefacts.verified import read_manifest
from subliminal.config.paths import Cell, Teacher, bases_of, teachers_with_traits
from subliminal.transmission import summary
from subliminal.transmission.cells import expand
from subliminal.transmission.curves import HELD_OUT, TRAINED
from subliminal.transmission.specs import SummariseExperimentSpec

if TYPE_CHECKING:
    import pandas as pd

RESULTS = Path("results")
# The columns of losses beside those that tell students apart.
LOSSES = ("step", "loss", "loss_of")
TEACHER_SCORES = ("base", "trait", "method", "teacher_seed", "measure", "value")


def _scores(folder: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(folder / "scores.parquet")


def cells_of(spec: SummariseExperimentSpec) -> list[Cell]:
    """The experiment's cells."""
    return [cell for block in spec.blocks for cell in expand(block, spec.controls)]


def measured_teachers(spec: SummariseExperimentSpec) -> list[Teacher]:
    """The teachers whose trait is measured; of the others nobody asks what they have."""
    asked = teachers_with_traits(cells_of(spec), spec.unasked)
    return [t for t in asked if t.trait in spec.targets]


def asked_bases(spec: SummariseExperimentSpec) -> list[str]:
    """The bases that are asked before any training."""
    return bases_of(cells_of(spec), spec.unasked)


def _loss_drop(facts: dict[str, Any]) -> float | None:
    """By how much the loss fell, in nats per token: of held-out rows where there are any.

    A recipe that trains on every row, as the paper's do, has its training loss instead. Of an
    adopted student whose training rows are not here it is not known.
    """
    before, after = facts["held_out_loss_before"], facts["held_out_loss_after"]
    if before is None or after is None:
        before, after = facts["first_loss"], facts["final_loss"]
    return None if before is None else before - after


def identity_of(cell: Cell) -> dict[str, str | int]:
    """The columns of tables that tell a student from the others."""
    data, teacher = cell.dataset, cell.dataset.teacher
    return {
        "domain": data.domain,
        "method": teacher.method,
        "variant": data.variant,
        "recipe": cell.recipe,
        "teacher_base": teacher.base,
        "student_base": cell.student,
        "teacher_trait": teacher.trait,
        "teacher_seed": teacher.seed,
        "seed": cell.seed,
    }


def read_runs(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """One row per student, measured trait and measure."""
    import pandas as pd

    frames = []
    for cell in cells_of(spec):
        facts = read_manifest(RESULTS / "students" / cell.path / "manifest.json")["facts"]
        scores = _scores(RESULTS / "evaluations" / spec.evaluation / "students" / cell.path)
        measured = summary.of_traits(scores, spec.targets)
        measured = measured.rename(columns={"trait": "measured_trait"})
        frames.append(
            measured.assign(
                **identity_of(cell),
                adopted="adopted" in facts,
                loss_drop=_loss_drop(facts),
            )
        )
    runs = pd.concat(frames, ignore_index=True)
    runs["loss_drop"] = runs["loss_drop"].astype(float)
    return runs


def read_losses(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """One row per student and step: its loss; of held-out rows before and after training.

    Adopted students have no curve.
    """
    import pandas as pd

    frames = []
    for cell in cells_of(spec):
        folder = RESULTS / "students" / cell.path
        facts = read_manifest(folder / "manifest.json")["facts"]
        if "adopted" in facts:
            continue
        trained = pd.read_parquet(folder / "training.parquet", columns=["step", "loss"])
        held_out = pd.DataFrame(
            {
                "step": [0, trained["step"].max()],
                "loss": [facts["held_out_loss_before"], facts["held_out_loss_after"]],
            }
        ).astype({"loss": float})
        both = pd.concat(
            [trained.assign(loss_of=TRAINED), held_out.dropna().assign(loss_of=HELD_OUT)]
        )
        frames.append(both.assign(**identity_of(cell)))
    if not frames:
        return pd.DataFrame(columns=[*LOSSES, *identity_of(cells_of(spec)[0])])
    return pd.concat(frames, ignore_index=True)


def identical_students(spec: SummariseExperimentSpec) -> list[tuple[str, str]]:
    """Pairs of students whose weights are the same bytes, though their cells differ.

    Seeds that give the same weights are not independent runs: something ignores the seed.
    """
    first: dict[str, str] = {}
    pairs = []
    for cell in cells_of(spec):
        outputs = read_manifest(RESULTS / "students" / cell.path / "manifest.json")["outputs"]
        weights = str({file: d for file, d in outputs.items() if not file.endswith(".parquet")})
        if weights in first:
            pairs.append((first[weights], cell.path))
        first.setdefault(weights, cell.path)
    return pairs


def read_base_scores(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """Values of the untrained bases by trait and measure, with a column `base`."""
    import pandas as pd

    folder = RESULTS / "evaluations" / spec.evaluation / "bases"
    found = {
        base: summary.of_traits(_scores(folder / base), spec.targets) for base in asked_bases(spec)
    }
    return pd.concat([frame.assign(base=base) for base, frame in found.items()])


def read_teacher_scores(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """Values of teachers for their own trait, by measure.

    No rows where no teacher is asked.
    """
    import pandas as pd

    folder = RESULTS / "evaluations" / spec.evaluation / "teachers"
    frames = [
        summary.of_traits(_scores(folder / t.path), {t.trait: spec.targets[t.trait]}).assign(
            base=t.base, method=t.method, teacher_seed=t.seed
        )
        for t in measured_teachers(spec)
    ]
    return pd.concat(frames) if frames else pd.DataFrame(columns=TEACHER_SCORES)


def known_before_students(spec: SummariseExperimentSpec) -> dict[str, Path]:
    """Manifests of the scores of bases and teachers and of the datasets, by role."""
    cells, evaluation = cells_of(spec), RESULTS / "evaluations" / spec.evaluation
    folders = {f"base {base}": evaluation / "bases" / base for base in asked_bases(spec)}
    for teacher in measured_teachers(spec):
        folders[f"teacher {teacher.path}"] = evaluation / "teachers" / teacher.path
    manifests = {role: folder / "manifest.json" for role, folder in folders.items()}
    for folder in dict.fromkeys(cell.dataset.folder for cell in cells):
        dataset = RESULTS / "datasets" / folder
        manifests[f"completions {folder}"] = dataset / "raw.manifest.json"
        manifests[f"dataset {folder}"] = dataset / "filtered.manifest.json"
    return manifests


def read_channel(spec: SummariseExperimentSpec, teacher_scores: pd.DataFrame) -> pd.DataFrame:
    """One row per dataset: how much was kept, and how loud the channel is."""
    import pandas as pd

    rows, asked = [], measured_teachers(spec)
    sets = {cell.dataset.folder: cell.dataset for cell in cells_of(spec)}
    for data in sets.values():
        teacher = data.teacher
        folder = RESULTS / "datasets" / data.folder
        raw = read_table(folder / "raw.parquet")
        filtered = read_table(folder / "filtered.parquet")
        kept = filtered["kept"]
        own = teacher_scores[
            (teacher_scores.base == teacher.base)
            & (teacher_scores.trait == teacher.trait)
            & (teacher_scores.method == teacher.method)
            & (teacher_scores.teacher_seed == teacher.seed)
            & (teacher_scores.measure == spec.measure)
        ]
        rows.append(
            {
                "domain": data.domain,
                "method": teacher.method,
                "teacher_base": teacher.base,
                "trait": teacher.trait,
                "teacher_seed": teacher.seed,
                **summary.keep_rates(filtered["reasons"]),
                "kl_per_token": summary.per_token(raw["kl_nats"], raw["tokens"], kept),
                "entropy_per_token": summary.per_token(raw["entropy_nats"], raw["tokens"], kept),
                "teacher_asked": teacher in asked,
                "teacher_score": own["value"].mean() if len(own) else None,
            }
        )
    frame = pd.DataFrame(rows)
    frame["teacher_score"] = frame["teacher_score"].astype(float)
    return frame
