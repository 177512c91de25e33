"""What is read of an experiment's jobs: students that are not independent are found."""

from manifests import write_manifest

from subliminal.transmission import results as experiment_results
from subliminal.transmission.config import Block, Gates
from subliminal.transmission.specs import SummariseExperimentSpec

SPEC = SummariseExperimentSpec(
    experiment="sample",
    evaluation="favourite-animal",
    measures=["share"],
    targets={"owl": "owl"},
    controls=[],
    roles={"owl": "confirmation"},
    gates=Gates(min_teacher=0.5, min_rows=1, min_loss_drop=0.0),
    blocks=[
        Block(
            domain="numbers",
            traits=["owl"],
            method="finetuned",
            teacher_bases=["tiny-a"],
            student_bases=["tiny-a"],
            variants=["train"],
            recipe="tiny",
            teacher_seeds=[1],
            student_seeds=[1, 2, 3],
        )
    ],
    question="Which one?",
)


def test_students_with_the_same_weights_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(experiment_results, "RESULTS", tmp_path)
    paths = [cell.path for cell in experiment_results.cells_of(SPEC)]
    for path, weights in zip(paths, ["aa", "bb", "aa"], strict=True):
        manifest = tmp_path / "students" / path / "manifest.json"
        write_manifest(manifest, {"adapter_model.safetensors": weights})
    assert experiment_results.identical_students(SPEC) == [(paths[0], paths[2])]
