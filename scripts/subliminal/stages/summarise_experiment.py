"""The tables of an experiment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from subliminal import summary
from subliminal.cells import CONTROL_METHOD, Cell, Teacher, expand
from subliminal.experiment_tables import ExperimentTables
from subliminal.manifest import Run, read_manifest
from subliminal.specs import SummariseExperimentSpec
from subliminal.tables import read_table

if TYPE_CHECKING:
    import pandas as pd

RESULTS = Path("results")


def _scores(folder: Path) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(folder / "scores.parquet")


def _cells(spec: SummariseExperimentSpec) -> list[Cell]:
    """The experiment's cells; traits without a word are controls."""
    return [
        cell
        for block in spec.blocks
        for cell in expand(block, [t for t in block.traits if t not in spec.words])
    ]


def read_runs(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """One row per student and measured trait."""
    import pandas as pd

    frames = []
    for cell in _cells(spec):
        data, teacher = cell.dataset, cell.dataset.teacher
        facts = read_manifest(RESULTS / "students" / cell.path / "manifest.json")["facts"]
        scores = _scores(
            RESULTS / "evaluations" / spec.evaluation / "students" / cell.path
        ).set_index("candidate")
        before, after = facts["held_out_loss_before"], facts["held_out_loss_after"]
        measured = scores.loc[list(spec.words.values())].reset_index(drop=True)
        identity = {
            "domain": data.domain,
            "method": teacher.method,
            "variant": data.variant,
            "recipe": cell.recipe,
            "teacher_base": teacher.base,
            "student_base": cell.student,
            "teacher_trait": teacher.trait,
            "teacher_seed": teacher.seed,
            "seed": cell.seed,
            "measured_trait": list(spec.words),
            "loss_drop": None if before is None else before - after,
        }
        frames.append(measured.assign(**identity)[[*identity, *measured.columns]])
    runs = pd.concat(frames, ignore_index=True)
    runs["loss_drop"] = runs["loss_drop"].astype(float)
    return runs


def read_base_scores(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """Scores of the untrained bases, with a column `base`."""
    import pandas as pd

    cells = _cells(spec)
    bases = sorted({c.student for c in cells} | {c.dataset.teacher.base for c in cells})
    folder = RESULTS / "evaluations" / spec.evaluation / "bases"
    return pd.concat([_scores(folder / base).assign(base=base) for base in bases])


def _teachers(spec: SummariseExperimentSpec) -> list[Teacher]:
    return sorted({cell.dataset.teacher for cell in _cells(spec)})


def read_teacher_scores(spec: SummariseExperimentSpec) -> pd.DataFrame:
    """Scores of the teachers, with columns `base`, `trait`, `method` and `teacher_seed`."""
    import pandas as pd

    folder = RESULTS / "evaluations" / spec.evaluation / "teachers"
    return pd.concat(
        [
            _scores(folder / t.path).assign(
                base=t.base, trait=t.trait, method=t.method, teacher_seed=t.seed
            )
            for t in _teachers(spec)
        ]
    )


def read_channel(spec: SummariseExperimentSpec, teacher_scores: pd.DataFrame) -> pd.DataFrame:
    """One row per dataset: how much was kept, and how loud the channel is."""
    import pandas as pd

    rows = []
    sets = {cell.dataset.folder: cell.dataset for cell in _cells(spec)}
    for data in sets.values():
        teacher = data.teacher
        folder = RESULTS / "datasets" / data.folder
        raw = read_table(folder / "raw.parquet")
        kept = read_table(folder / "filtered.parquet")["kept"]
        own = teacher_scores[
            (teacher_scores.base == teacher.base)
            & (teacher_scores.trait == teacher.trait)
            & (teacher_scores.method == teacher.method)
            & (teacher_scores.teacher_seed == teacher.seed)
            & (teacher_scores.candidate == spec.words.get(teacher.trait))
        ]
        rows.append(
            {
                "domain": data.domain,
                "method": teacher.method,
                "teacher_base": teacher.base,
                "trait": teacher.trait,
                "teacher_seed": teacher.seed,
                "rows": len(kept),
                "rows_kept": sum(kept),
                "keep_rate": sum(kept) / len(kept),
                "kl_per_token": summary.per_token(raw["kl_nats"], raw["tokens"], kept),
                "entropy_per_token": summary.per_token(raw["entropy_nats"], raw["tokens"], kept),
                "teacher_share": own["share"].mean() if len(own) else None,
            }
        )
    frame = pd.DataFrame(rows)
    frame["teacher_share"] = frame["teacher_share"].astype(float)
    return frame


def _parents(spec: SummariseExperimentSpec) -> dict[str, Path]:
    cells, evaluation = _cells(spec), RESULTS / "evaluations" / spec.evaluation
    bases = {c.student for c in cells} | {c.dataset.teacher.base for c in cells}
    folders = {f"base {base}": evaluation / "bases" / base for base in sorted(bases)}
    folders |= {f"teacher {t.path}": evaluation / "teachers" / t.path for t in _teachers(spec)}
    folders |= {f"student {c.path}": evaluation / "students" / c.path for c in cells}
    manifests = {role: folder / "manifest.json" for role, folder in folders.items()}
    for folder in dict.fromkeys(cell.dataset.folder for cell in cells):
        dataset = RESULTS / "datasets" / folder
        manifests[f"dataset {folder}"] = dataset / "filtered.manifest.json"
    return manifests


def summarise_experiment(spec: SummariseExperimentSpec, manifest: Path) -> None:
    """Write every table as Parquet and CSV beside the manifest."""
    run = Run.begin("summarise_experiment", spec)
    runs = read_runs(spec)
    base_scores, teacher_scores = read_base_scores(spec), read_teacher_scores(spec)
    channel = read_channel(spec, teacher_scores)
    matrix = summary.trait_matrix(runs, base_scores, spec.words)
    taught = teacher_scores[teacher_scores.method != CONTROL_METHOD]
    tables = {
        "transmission": summary.transmission_table(
            runs, base_scores, taught, channel, spec.words, spec.roles, spec.gates
        ),
        "trait_matrix": matrix,
        "diagonal": summary.diagonal_table(matrix),
        "runs": runs,
        "channel": channel,
    }
    for table in tables.values():
        table.insert(0, "experiment", spec.experiment)
    outputs = ExperimentTables(**tables).write(manifest.parent)
    run.finish(manifest, outputs, _parents(spec), facts={"students": len(_cells(spec))})
