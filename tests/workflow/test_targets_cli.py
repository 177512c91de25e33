"""What `snakemake NAME` plans, for the name of an experiment, of an item and of one's own file."""

import broken_configs
import pytest
from working_copy import REPOSITORY, WorkingCopy

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    copy = WorkingCopy.of_repository(tmp_path_factory.mktemp("targets") / "copy")
    broken_configs.lay_out(copy.root, REPOSITORY)
    file = copy.root / "config/experiments/own_figure.yaml"
    file.write_text(broken_configs.SAMPLE_EXPERIMENT.replace("[tiny-b]", "[tiny-c]"))
    return copy


def test_ones_own_file_is_planned_whatever_the_settings_name(sources):
    planned = sources.planned("own_figure")
    assert ("build_report", "results/reports/own_figure.html") in planned
    assert {path for rule, path in planned if rule == "pretrain_base"} == {
        "results/models/tiny-a/manifest.json",
        "results/models/tiny-c/manifest.json",
    }
    assert not [path for _, path in planned if "/mnist/" in path or "/theorem/" in path]


def test_an_item_is_planned_with_all_that_it_takes(sources):
    planned = sources.planned("ed2c")
    assert ("build_report", "results/reports/mnist_paper.html") in planned
    assert planned == sources.planned("mnist_paper")


def test_a_broken_file_is_one_error_before_anything_is_planned(sources, tmp_path):
    copy = sources.copy(tmp_path / "copy")
    copy.replace("config/experiments/own_figure.yaml", "[tiny-c]", "[tiny-x]")
    assert copy.planned("mnist")
    done = copy.snakemake("own_figure", "--dry-run")
    assert done.returncode != 0
    assert done.stdout.count("own_figure.yaml:") == done.stdout.count("'tiny-x'") == 1
    assert "Traceback" not in done.stdout
    assert "Building DAG" not in done.stdout
