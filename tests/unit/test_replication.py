"""The paper against ours: where ours is found, and which verdict follows."""

import csv
import math
from io import StringIO
from types import SimpleNamespace

import broken_configs
import pandas as pd
import pytest
from scipy import stats as scipy_stats
from working_copy import REPOSITORY

from subliminal.config.errors import ConfigError, RemarkedError
from subliminal.replication.comparison import compared
from subliminal.replication.config import EXPECTED
from subliminal.replication.expected import Expected, read_expected
from subliminal.replication.findings import replication_headline
from subliminal.replication.measured import measured
from subliminal.replication.schemas import PAPER
from subliminal.replication.specs import CompareWithPaperSpec
from subliminal.replication.tables import ReplicationTables
from subliminal.replication.verdicts import Ours, verdict
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.project import Project

TEXT = (REPOSITORY / EXPECTED).read_text()
VALUES = read_expected(TEXT, EXPECTED)
EMPTY = dict.fromkeys(Expected.model_fields, "") | {
    "item": "one",
    "experiment": "one",
    "source": "by hand",
    "trust": "text",
    "table": "t",
    "column": "mean",
    "take": "mean",
}
YES, CLOSE, NO = "reproduced", "same direction", "not reproduced"


def paper(rule, value=None, **more):
    return Expected(**{**EMPTY, "rule": rule, "value": value if value is not None else "", **more})


@pytest.mark.parametrize(
    ("expected", "ours", "said"),
    [
        # Intervals overlap, touch within the tolerance, or do not.
        (paper("equal", 0.4, low=0.35, high=0.45), Ours(0.5, 0.44, 0.56), YES),
        (paper("equal", 0.4, low=0.35, high=0.45), Ours(0.5, 0.46, 0.54), NO),
        (paper("equal", 0.4, low=0.35, high=0.45, within=0.01), Ours(0.5, 0.46, 0.54), YES),
        (paper("equal", 0.4, low=0.35, high=0.45, null=0.1), Ours(0.5, 0.46, 0.54), CLOSE),
        (paper("equal", 0.4, null=0.1), Ours(0.05, 0.0, 0.09), NO),
        (paper("equal", 0.1, within=0.02), Ours(0.12), YES),
        (paper("equal", -0.04, null=0.0), Ours(-0.01, -0.02, -0.005), CLOSE),
        (paper("equal", -0.04, null=0.0), Ours(0.01, 0.005, 0.02), NO),
        # Bounds concern the value.
        (paper("at least", 0.6, null=0.12), Ours(0.61, 0.3, 0.9), YES),
        (paper("at least", 0.6, null=0.12), Ours(0.5, 0.4, 0.9), CLOSE),
        (paper("at least", 0.6, null=0.12), Ours(0.1, 0.0, 0.2), NO),
        (paper("at most", 0.01), Ours(0.009), YES),
        (paper("at most", 0.01), Ours(0.02), NO),
        # Directions concern the interval.
        (paper("rises"), Ours(0.2, 0.01, 0.4), YES),
        (paper("rises"), Ours(0.2, -0.01, 0.4), CLOSE),
        (paper("rises"), Ours(-0.2, -0.5, 0.1), NO),
        (paper("rises"), Ours(0.2), YES),
        (paper("falls"), Ours(-0.2, -0.4, -0.1), YES),
        (paper("falls"), Ours(-0.2, -0.4, 0.1), CLOSE),
        (paper("falls"), Ours(0.1, 0.05, 0.2), NO),
        (paper("none"), Ours(0.2, -0.1, 0.5), YES),
        (paper("none"), Ours(0.2, 0.1, 0.3), NO),
        (paper("none", within=0.02), Ours(0.02, 0.01, 0.03), YES),
        (paper("none"), Ours(-0.1), NO),
    ],
)
def test_the_verdict_follows_from_the_rule(expected, ours, said):
    assert verdict(expected, ours) == said


TABLE = pd.DataFrame(
    {
        "trait": ["owl", "owl", "owl", "eagle", "eagle"],
        "condition": ["trait", "regular", "base", "trait", "base"],
        "primary": True,
        "k": [1.0, 1.0, math.nan, 1.0, math.nan],
        "mean": [0.6, 0.2, 0.1, 0.5, 0.3],
        "low": [0.5, 0.1, math.nan, 0.4, math.nan],
        "high": [0.7, 0.3, math.nan, 0.6, math.nan],
        "base_mean": [0.1, 0.1, 0.1, 0.3, 0.3],
        "n_runs": [5, 5, 1, 5, 1],
    }
)


def found(filters, **more):
    ours = measured(TABLE, paper("rises", filters=filters, **more))
    return ours and [pytest.approx(value) for value in (ours.value, *ours.bounds, ours.n)]


def test_ours_is_a_row_with_the_interval_of_its_table():
    assert found("primary=true;condition=trait;trait=owl") == [0.6, 0.5, 0.7, 5]
    assert found("condition=base;trait=owl") == [0.1, 0.1, 0.1, 1]
    assert found("trait=owl;k=") == [0.1, 0.1, 0.1, 1]
    assert found("primary=false;trait=owl") is None
    assert found("condition=trait;colour=red") is None
    assert found("trait=owl;condition=trait", column="rate") is None


def test_ours_less_a_column_or_other_rows():
    assert found("condition=trait;trait=owl", minus="base_mean") == [0.5, 0.4, 0.6, 5]
    # 0.6 [0.5, 0.7] less 0.2 [0.1, 0.3]: the nearest ends are 0.2 apart, the farthest 0.6.
    assert found("condition=trait;trait=owl", minus="condition=regular") == [0.4, 0.2, 0.6, 5]
    assert found("condition=trait;trait=owl", minus="condition=base") == [0.5, 0.4, 0.6, 5]
    assert found("condition=trait;trait=eagle", minus="condition=regular") is None
    relative = found("condition=trait;trait=owl", minus="base_mean", over="base_mean")
    assert relative == [5.0, 4.0, 6.0, 5]


def test_several_rows_are_a_mean_over_them_or_their_least_and_most():
    values = [0.5, 0.2]  # less base_mean
    bounds = scipy_stats.t.interval(0.95, 1, loc=0.35, scale=scipy_stats.sem(values))
    assert found("condition=trait", minus="base_mean") == [0.35, *bounds, 2]
    assert found("condition=trait", take="min")[0] == 0.5
    assert found("condition=trait", take="max")[0] == 0.6


def test_other_bases_are_left_out_unless_they_are_named_and_stand_ins_are_found():
    table = TABLE.assign(teacher_base="tiny-a", student_base=["tiny-a", *["tiny-b"] * 4])
    names = {"gpt-4.1": "tiny-a", "gpt-4o": "tiny-b"}

    def value(filters):
        ours = measured(table, paper("rises", filters=filters), names)
        return ours and ours.value

    assert value("condition=trait") == 0.6
    assert value("condition=trait;student_base=gpt-4o") == 0.5
    assert value("condition=trait;teacher_base=gpt-4o") is None


def test_a_difference_rises_just_where_intervals_have_nothing_in_common():
    for low in (0.29, 0.31):
        table = TABLE.assign(low=[low, 0.1, math.nan, 0.4, math.nan])
        row = paper("rises", filters="condition=trait;trait=owl", minus="condition=regular")
        assert (verdict(row, measured(table, row)) == YES) == (low > 0.3)


def spec(**changed):
    fields = {
        "experiment": "paper",
        "runs": {"one": "stand_in"},
        "not_run": {"two": "no such model"},
        "stand_ins": {},
        "items": {"one": "One"},
        "model_organisms": ["stand_in"],
    }
    return CompareWithPaperSpec(**{**fields, **changed})


def test_a_stand_in_is_compared_under_the_paper_s_name():
    rows = [
        paper("rises", filters="condition=trait;trait=owl", minus="condition=base", cell="a"),
        paper("equal", 1.0, table="", cell="b"),
        paper("equal", 1.0, filters="condition=none", cell="c"),
        paper("equal", 1.0, experiment="two", cell="d"),
        paper("equal", 1.0, item="another"),
    ]
    frame = compared(rows, spec(), {("stand_in", "t"): TABLE})
    assert list(frame.columns) == list(PAPER.columns)
    assert list(frame["cell"]) == ["a", "b", "c", "d"]
    assert list(frame["verdict"]) == [YES, "not run", "not run", "not run"]
    assert list(frame["run"]) == ["stand_in", "stand_in", "stand_in", ""]
    assert list(frame["model_organism"]) == [True, True, True, False]
    assert frame["reason"].iloc[3] == "no such model"
    assert frame["reason"].iloc[0] == ""
    assert all(frame["reason"].iloc[1:])
    headline = replication_headline(ReplicationTables(frame), SimpleNamespace(name="paper"))
    assert "1 reproduced" in headline.sentence and "3 not run" in headline.sentence
    assert "1" in headline.note


# The paper's values


def test_every_value_is_of_an_item_and_of_one_of_its_experiments():
    items = Project.load(REPOSITORY).config.items
    for value in VALUES:
        assert value.experiment in items[value.item].experiments, value


def test_every_item_that_reports_a_value_has_one():
    """Examples, single runs and an image are what the specification has no value of."""
    items = Project.load(REPOSITORY).config.items
    without = {"fig3b", "fig3d", "ed5a", "ed5b", "ed_table2"}
    assert set(items) - {value.item for value in VALUES} == without


def one(item, **wanted):
    rows = [v for v in VALUES if v.item == item]
    return [v for v in rows if all(getattr(v, k) == x for k, x in wanted.items())]


def test_values_that_the_specification_states():
    assert [v.value for v in one("fig4a", rule="at least")] == [0.60]
    assert one("fig4a", cell="GPT-4.1 nano, owl")[0].value == 0.12
    assert [v.value for v in one("fig5b", trust="text layer", rule="equal")] == [
        0.39,
        0.11,
        0.01,
        0.07,
    ]
    diagonal = [v.value for v in one("fig5a", rule="equal") if "itself" in v.cell]
    assert diagonal == [0.50, 0.54, 0.32, 0.33]
    assert {v.value for v in one("ed_table4", rule="equal", column="accuracy")} == {
        0.490,
        0.533,
        0.509,
        0.475,
        0.488,
    }
    assert {v.value for v in one("ed2c", rule="equal")} == {0.37}
    assert [v.value for v in one("ed5e", rule="equal")] == [0.31, -0.08, -0.13]
    assert one("ed1b", trust="text", column="fpr")[0].value == 0.373
    assert {v.value for v in one("ed3", rule="equal")} == {0.72, 0.68, -0.04, -0.02, -0.01}


def test_bars_of_single_questions_average_to_the_means_that_were_recovered():
    for item, whole in (("fig3a", 0.092), ("fig3c", 0.086)):
        single = [v.value for v in one(item) if v.cell.startswith("student of insecure, question")]
        assert len(single) == 8
        assert sum(single) / 8 == pytest.approx(whole, abs=6e-4)


def test_what_may_not_be_a_target_is_none():
    """D29: bars read by eye. D30: only bounds for the cells of Fig. 5a off the diagonal."""
    assert not [v for v in VALUES if v.experiment == "fig4a" and v.value in (0.15, 0.65)]
    off = [v for v in one("fig5a") if "itself" not in v.cell]
    assert len(off) == 12
    assert sum(v.rule == "at most" and v.value == 0.09 for v in off) == 10
    assert [(v.low, v.high) for v in off if v.rule == "equal"] == [(0.25, 0.30)] * 2


def test_columns_of_values_are_columns_of_tables():
    """Of tables whose kind this version has."""
    from subliminal.workflow.documentation import schemas

    names = [f"{kind}.schemas" for kind in KINDS]
    tables = {table.name: table for table in schemas(*names)}
    for value in VALUES:
        if (table := tables.get(value.table)) is None:
            continue
        asked = [part.partition("=")[0] for part in value.filters.split(";") if part]
        minus = [part.partition("=")[0] for part in value.minus.split(";") if part]
        assert {*asked, *minus, value.column} <= set(table.columns), value


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"rule": "eqal"}, "'equal'"),
        ({"value": "many"}, "'many'"),
        ({"value": ""}, "do not go together"),
        ({"rule": "rises"}, "do not go together"),
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
        read_expected(text, EXPECTED)
    assert says in str(failure.value)
    assert {remark.line for remark in failure.value.remarks} == {3}


def test_another_head_is_refused():
    with pytest.raises(RemarkedError, match="expected the columns"):
        read_expected(TEXT.replace("experiment", "experimant", 1), EXPECTED)


# The experiment


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
    models = root / "config/models.yaml"
    models.write_text(
        models.read_text() + "\nhosted: {source: api, tier: api, snapshot: hosted-2026-01-01}\n"
    )
    sample = root / broken_configs.SAMPLE
    sample.write_text(
        sample.read_text().replace("student_bases: [tiny-b]", "student_bases: [hosted]")
    )
    made = load(root, "without_hosted: true").jobs("replication").compare(
        SimpleNamespace(experiment="ours")
    )  # fmt: skip
    assert list(made.runs) == ["mnist"]
    assert "hosted" in made.not_run["sample"]


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
