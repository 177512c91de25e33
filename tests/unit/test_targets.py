"""Experiments and items as targets of their own names; files that nobody asks for are not read."""

import broken_configs
import pytest
from working_copy import REPOSITORY

from subliminal.config.errors import ConfigError
from subliminal.config.experiments import kinds_said
from subliminal.config.items import ITEMS
from subliminal.mnist.config import MnistExperiment
from subliminal.workflow.project import Project

BROKEN = {
    "no YAML": b"kind: transmission\ncells: [\n",
    "not UTF-8": b"kind: mnist\ntitle: \xff\n",
    "no kind": b"title: x\n",
    "another kind": b"kind: magic\n",
    "nothing": b"",
    "a key of another kind": b"kind: theorem\ncells: []\n",
}
OWN_FIGURE = broken_configs.SAMPLE_EXPERIMENT.replace("A sample", "A figure of my own")
ITEM = """\
own:
  title: Two experiments
  experiments: [sample, own_figure, not_yet]
  shown: [transmission]
not_yet:
  title: Nothing yet
  experiments: [not_yet]
  shown: [transmission]
part:
  title: What is known before students are trained
  experiments: [own_figure, sample, not_yet]
  part: gates
  shown: [gates]
sample:
  title: An item that is called as an experiment
  experiments: [sample, mnist]
  shown: [transmission]
"""


@pytest.fixture
def root(tmp_path):
    broken_configs.lay_out(tmp_path, REPOSITORY)
    (tmp_path / "config/experiments/own_figure.yaml").write_text(OWN_FIGURE)
    (tmp_path / ITEMS).write_text(ITEM)
    return tmp_path


def refused(root, *targets):
    project = Project.load(root)
    with pytest.raises(ConfigError) as failure:
        project.asked(targets)
    return str(failure.value)


def test_every_file_is_a_target_and_so_is_every_item():
    project = Project.load(REPOSITORY)
    files = {path.stem for path in (REPOSITORY / "config/experiments").glob("*.yaml")}
    items = project.config.items
    of_paper = {name for item in items.values() for name in item.experiments}
    stood_in = {
        f"miniature_{name}" for name in of_paper if name.startswith(("fig", "ed", "v1_", "theorem"))
    }
    assert set(project.targets) == files | set(items) | stood_in
    assert all(project.targets[name] == [name] for name in files - set(project.config.items))


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_breaks_nothing_until_it_is_asked_for(root, content):
    (root / "config/experiments/broken.yaml").write_bytes(content)
    project = Project.load(root)
    assert project.asked([]) == project.experiments == ["sample", "mnist", "theorem"]
    assert project.asked(["own_figure"]) == ["own_figure"]
    assert "config/experiments/broken.yaml" in refused(root, "own_figure", "broken")
    assert "broken.yaml" in refused(root, "results/tables/broken/transmission.csv")


def test_a_wrong_name_in_a_file_that_is_asked_for_is_told_with_its_line(root):
    file = root / "config/experiments/own_figure.yaml"
    file.write_text(OWN_FIGURE.replace("student_bases: [tiny-b]", "student_bases: [tiny_b]"))
    Project.load(root)
    number = file.read_text().splitlines().index("    student_bases: [tiny_b]") + 1
    place = f"config/experiments/own_figure.yaml:{number}: cell 2: student_bases"
    assert refused(root, "own_figure").startswith(place)
    assert "'tiny-b'" in refused(root, "own")


def test_an_item_is_those_of_its_experiments_that_there_are(root):
    project = Project.load(root)
    assert project.asked(["own"]) == ["sample", "own_figure"]
    assert project.asked(["sample"]) == ["sample", "mnist"]
    assert project.report_of("own") == "results/reports/sample+own_figure.html"
    assert project.asked([project.report_of("own")]) == ["sample", "own_figure"]
    assert "config/experiments/not_yet.yaml" in refused(root, "not_yet")


def test_files_of_a_target(root):
    project = Project.load(root, {"experiments": ["theorem"]})
    files = project.target_files("mnist")(None)
    assert files == [
        "results/tables/mnist/manifest.json",
        "results/figures/mnist/pairs.svg",
        "results/reports/mnist.html",
    ]


def test_a_part_of_experiments_is_a_table_of_each_and_no_report(root):
    project = Project.load(root)
    assert project.target_files("part")(None) == [
        "results/tables/own_figure/gates.manifest.json",
        "results/tables/sample/gates.manifest.json",
    ]
    assert project.report_of("part") is None
    assert "reports/own_figure+sample" not in project.reports
    assert project.asked(["part"]) == ["own_figure", "sample"]


@pytest.mark.parametrize(
    ("targets", "experiments"),
    [
        (["mnist", "own_figure"], ["mnist", "own_figure"]),
        (["results/figures/mnist/pairs.svg"], ["mnist"]),
        (["results/mnist/mnist/m3/part0/manifest.json"], ["mnist"]),
        (["results/report.html"], ["sample", "mnist", "theorem"]),
        (["students"], ["sample", "mnist", "theorem"]),
        (
            ["results/students/tiny-a/mnist/numbers/x/seed1/manifest.json"],
            ["sample", "mnist", "theorem"],
        ),
        (["results/models/tiny-a/manifest.json"], ["sample", "mnist", "theorem"]),
    ],
)
def test_targets_are_about_experiments(root, targets, experiments):
    assert Project.load(root).asked(targets) == experiments


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("kind: mnist", "mnist"),
        ("# kind: mnist\nkind:  'theorem'  # the theorem", "theorem"),
        ('title: x\nkind: "mnist"', "mnist"),
        ("cells:\n  kind: mnist", ""),
    ],
)
def test_the_kind_of_a_file_is_found_without_reading_it(tmp_path, line, kind):
    folder = tmp_path / "config/experiments"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text(f"{line}\n[")
    (folder / "No-name.yaml").write_text("kind: mnist\n")
    assert kinds_said(tmp_path) == {"one": kind}


def test_experiments_of_a_kind_are_named_without_being_read(root):
    (root / "config/experiments/broken.yaml").write_text("kind: mnist\n[")
    config = Project.load(root).config
    assert {"broken", "mnist", "mnist_v1"} <= set(config.names_of(MnistExperiment))
    assert config.chosen_of(MnistExperiment) == ["mnist"]


def test_what_is_wrong_with_stand_ins_is_told_of_the_file_behind(root):
    (root / ITEMS).write_text((REPOSITORY / ITEMS).read_text())
    stand_ins = root / "config/stand_ins.yaml"
    told = stand_ins.read_text().replace("numbers: mini-numbers\n", "numbers: mini-nombers\n", 1)
    stand_ins.write_text(told)
    message = refused(root, "miniature_fig4b")
    assert "config/experiments/fig4b.yaml" in message
    assert "as miniature_fig4b" in message and "'mini-nombers'" in message
