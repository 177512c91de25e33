"""What the paper says, against the tables that the experiments will have."""

import csv
from io import StringIO
from types import SimpleNamespace

import pytest
from planned_tables import planned_tables
from replication_fixture import NO, PARTS, TEXT, VALUES, whole
from working_copy import REPOSITORY

from subliminal.config.errors import RemarkedError
from subliminal.replication.claims import by_claim
from subliminal.replication.comparison import claimed, compared
from subliminal.replication.config import EXPECTED
from subliminal.replication.counterparts import read_rows
from subliminal.replication.expected import Expected
from subliminal.replication.figures.claims import claims as claims_figure
from subliminal.replication.figures.verdicts import verdicts
from subliminal.workflow.project import Project


@pytest.fixture(scope="module")
def planned():
    """The spec of the comparison with the whole paper, and the rows that its tables will have."""
    project = Project.load(REPOSITORY)
    made = project.jobs("replication").compare(SimpleNamespace(experiment="paper"))
    found = {
        (run, name): table
        for run in made.runs.values()
        for name, table in planned_tables(project.config, run).items()
    }
    return made, found


def test_other_versions_of_an_item_are_compared_only_if_they_are_named():
    """The first version's figures; its MNIST has claims of its own and stays."""
    config = Project.load(REPOSITORY).config
    whole = config.experiments["paper"]
    left_out = set(config.items) - set(whole.compared(config))
    assert left_out == {f"v1_fig{number}" for number in (3, 4, 5, 7, 8, 9)}
    assert not [name for name in whole.named(config) if name.startswith("v1_")]
    named = whole.model_copy(update={"items": ["v1_fig8"]})
    assert named.named(config) == ["fig5a", "v1_fig8_qwen"]


def test_every_value_has_its_counterpart(planned):
    """But for those of tables of frequent numbers, which only data can tell."""
    made, tables = planned
    assert made.not_run == {}
    frame = compared([v for v in VALUES if v.table], made, tables)
    lost = frame[frame["ours"].isna()]
    assert set(lost["item"]) <= {"ed_table1"}, lost
    assert set(lost["verdict"]) <= {NO}, lost


def test_every_claim_has_its_counterpart(planned):
    frame = claimed(PARTS, *planned)
    assert len(frame) == len(by_claim(PARTS))
    assert not frame.loc[frame["verdict"] == "not run", ["item", "claim", "why"]].values.tolist()


def test_stand_ins_can_be_asked_for_every_claim():
    """But for those about experiments that others stand in for as a whole."""
    project = Project.load(REPOSITORY)
    made = project.jobs("replication").compare(SimpleNamespace(experiment="miniature"))
    whole = project.config.stand_ins["miniature"].experiments
    asked = [part for part in PARTS if part.experiment not in whole]
    tables = {
        (run, name): table
        for run in {made.runs[part.experiment] for part in asked}
        for name, table in planned_tables(project.config, run).items()
    }
    frame = claimed(asked, made, tables)
    assert not frame.loc[frame["verdict"] == "not run", ["item", "claim", "why"]].values.tolist()
    assert frame["model_organism"].all()


def _misspelt(filters, column):
    parts = filters.split(";")
    return ";".join(f"{part}x" if part.startswith(f"{column}=") else part for part in parts)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("transmission", "trait"),
        ("transmission", "condition"),
        ("transmission", "measure"),
        ("increases", "teacher_base"),
        ("increases", "student_base"),
        ("increases", "variant"),
        ("runs", "teacher_trait"),
        ("question_rates", "models"),
        ("channel", "trait"),
        ("classifier", "wording"),
        ("in_context", "target"),
        ("accuracy", "model"),
        ("theorem_summary", "init"),
    ],
)
def test_a_misspelt_name_has_no_counterpart(planned, table, column):
    made, tables = planned
    first = next(v for v in VALUES if v.table == table and f"{column}=" in v.filters)
    wrong = [
        first.model_copy(update={"filters": _misspelt(first.filters, column)}),
        first.model_copy(update={"column": f"{first.column}x"}),
        first.model_copy(update={"minus": "nothing"}),
        first.model_copy(update={"filters": f"{first.filters};colour=red"}),
    ]
    frame = compared([first, *wrong], made, tables)
    assert list(frame["ours"].isna()) == [False, True, True, True, True]
    assert "no such rows" in frame["why"].iloc[1]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"rule": "eqal"}, "'equal'"),
        ({"value": "many"}, "'many'"),
        ({"value": ""}, "do not go together"),
        ({"rule": "rises"}, "do not go together"),
        ({"rule": "none", "value": "", "within": ""}, "needs 'within'"),
        ({"null": "0"}, "leave it empty"),
        ({"low": "0"}, "go together"),
        ({"interval": "ci95"}, "go together"),
        ({"low": "0", "high": "0.1", "interval": "ci"}, "'ci95'"),
        ({"table": ""}, "'not_compared'"),
        ({"not_compared": "by eye"}, "'not_compared'"),
        ({"trust": "hearsay"}, "'third party'"),
        ({"experiment": "Fig. 3"}, "a file's name"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(changed, says):
    head, first, *_ = TEXT.splitlines()
    row = next(csv.DictReader([head, first]))
    assert row["rule"] == "equal"
    with StringIO() as file:
        writer = csv.DictWriter(file, list(row))
        writer.writeheader()
        writer.writerows([row, row | changed])
        text = file.getvalue()
    with pytest.raises(RemarkedError) as failure:
        read_rows(Expected, text, EXPECTED)
    assert says in str(failure.value)
    assert {remark.line for remark in failure.value.remarks} == {3}


def test_another_head_is_refused():
    with pytest.raises(RemarkedError, match="experiment is missing, and experimant is too much"):
        read_rows(Expected, TEXT.replace("experiment", "experimant", 1), EXPECTED)


def test_the_figures_of_a_comparison_draw_every_claim_and_value(planned):
    made, tables = planned
    found = whole(made, claimed(PARTS, made, tables), compared(VALUES[:60], made, tables))
    told = SimpleNamespace(model_organism=False)
    drawn = claims_figure(found, told).to_dict()["datasets"]
    (rows,) = drawn.values()
    assert [row["verdict"] for row in rows] == found.claims["verdict"].tolist()
    (rows,) = verdicts(found, told).to_dict()["datasets"].values()
    assert len(rows) == sum(not value.repeats for value in VALUES[:60])
