"""Each selection of experiments has a report of its own: none is overwritten by another's."""

from pathlib import Path

import pytest
from working_copy import REPOSITORY

from subliminal.workflow.project import Project

NAMES = sorted(path.stem for path in (REPOSITORY / "config/experiments").glob("*.yaml"))
USUAL = Project.load(REPOSITORY).experiments


def report(*experiments):
    return Project.load(REPOSITORY, {"experiments": list(experiments)}).report


def test_the_experiments_of_the_file_are_the_usual_report():
    assert Project.load(REPOSITORY).report == report(*USUAL) == "results/report.html"


@pytest.mark.parametrize(
    ("experiments", "file"),
    [
        (["tiny_bases"], "results/reports/tiny_bases.html"),
        (["mnist", "theorem"], "results/reports/mnist+theorem.html"),
        ([*USUAL, "tiny_bases"], f"results/reports/{'+'.join(USUAL)}+tiny_bases.html"),
    ],
)
def test_others_are_named_in_their_report(experiments, file):
    assert report(*experiments) == file


def test_many_experiments_have_a_name_that_file_systems_take():
    several = [report(*NAMES), report(*NAMES[:-1]), report(*reversed(NAMES))]
    assert len(set(several)) == 3
    assert all(len(Path(file).with_suffix(".manifest.json").name) < 255 for file in several)
