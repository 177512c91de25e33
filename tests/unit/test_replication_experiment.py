"""The comparison as an experiment."""

from types import SimpleNamespace

import broken_configs
import pytest
from working_copy import REPOSITORY

from subliminal.config.errors import ConfigError
from subliminal.workflow.project import Project

PAPER_FILE = """\
kind: replication
title: Ours
paper: some
model_organism: false
items: [one, two]
{more}
"""


ITEMS = """\
one: {title: One, experiments: [sample, absent], shown: [transmission]}
two: {title: Two, experiments: [mnist], shown: [accuracy]}
"""


@pytest.fixture
def root(tmp_path):
    broken_configs.lay_out(tmp_path, REPOSITORY)
    (tmp_path / "config/paper/items.yaml").write_text(ITEMS)
    return tmp_path


def load(root, more=""):
    (root / "config/experiments/ours.yaml").write_text(PAPER_FILE.format(more=more))
    return Project.load(root, {"experiments": ["theorem"]})


def test_what_is_compared_is_computed_with_it(root):
    project = load(root)
    assert project.asked(["ours"]) == ["ours", "sample", "mnist"]
    assert project.report_of("ours") == "results/reports/ours.html"
    jobs, w = project.jobs("replication"), SimpleNamespace(experiment="ours")
    assert jobs.tables(w) == [f"results/tables/{n}/manifest.json" for n in ("sample", "mnist")]
    made = jobs.compare(w)
    assert made.runs == {"sample": "sample", "mnist": "mnist"}
    assert list(made.not_run) == ["absent"] and "absent.yaml" in made.not_run["absent"]
    assert made.model_organisms == ["sample"]
    assert [text.name for text in project.build_report(
        SimpleNamespace(report="reports/ours")
    ).experiments] == ["ours", "sample", "mnist"]  # fmt: skip


def test_another_experiment_can_be_run_in_the_place_of_one(root):
    project = load(root, "runs: {absent: theorem}")
    made = project.jobs("replication").compare(SimpleNamespace(experiment="ours"))
    assert made.runs["absent"] == "theorem" and made.not_run == {}
    assert "theorem" in project.asked(["ours"])


def test_hosted_bases_are_left_out_on_demand(root):
    sample = root / broken_configs.SAMPLE
    sample.write_text(
        sample.read_text().replace("student_bases: [tiny-b]", "student_bases: [gpt-4.1-nano]")
    )
    made = load(root, "without_hosted: true").jobs("replication").compare(
        SimpleNamespace(experiment="ours")
    )  # fmt: skip
    assert list(made.runs) == ["mnist"]
    assert "gpt-4.1-nano" in made.not_run["sample"]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("runs: {sampel: mnist}", "'sample'"),
        ("runs: {sample: mnits}", "'mnist'"),
        ("runs: {sample: ours}", "compares experiments itself"),
    ],
)
def test_names_that_do_not_exist_are_refused(root, more, says):
    project = load(root, more)
    with pytest.raises(ConfigError, match=r"config/experiments/ours\.yaml") as failure:
        project.asked(["ours"])
    assert says in str(failure.value)
