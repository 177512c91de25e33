"""The paper's values, as the specification states them."""

import math

import pandas as pd
import pytest
from replication_fixture import PARTS, VALUES, YES, asked_item, spec
from working_copy import REPOSITORY

from subliminal.replication.comparison import claimed, compared
from subliminal.replication.tables import said_of_paper
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.project import Project


def test_everything_is_of_an_item_and_of_one_of_its_experiments():
    items = Project.load(REPOSITORY).config.items
    for where in [*VALUES, *PARTS]:
        assert where.experiment in items[where.item].experiments, where


def test_every_item_is_compared_or_says_why_there_is_nothing_to_compare():
    every = Project.load(REPOSITORY).config.items.items()
    items = {name: item for name, item in every if item.whole_paper}
    there = {where.item for where in [*VALUES, *PARTS]}
    assert {name for name, item in items.items() if item.not_compared} == set(items) - there
    # Of ED Table 2 the specification knows an image, and of these no value.
    assert set(items) - there == {"ed_table2"}
    without_value = set(items) - {value.item for value in VALUES}
    assert without_value == {"fig3b", "fig3d", "ed5a", "ed5b", "ed_table2"}


def test_claims_and_values_come_in_the_paper_s_order():
    order = list(Project.load(REPOSITORY).config.items)
    for rows in (VALUES, PARTS):
        named = [order.index(where.item) for where in rows]
        assert named == sorted(named)


def test_a_single_run_needs_no_interval_where_the_paper_s_is_one_too():
    """ED Fig. 5a: a student per animal, which has no interval."""
    (part,) = [part for part in PARTS if part.item == "ed5a"]
    bases = ["gpt-4.1", "gpt-4o"]
    rows = [
        (teacher, student, condition, value)
        for teacher in bases
        for student in bases
        for condition, value in (("trait", 0.2 if teacher == student else -0.1), ("base", 0.1))
    ]
    columns = ["teacher_base", "student_base", "condition", "paper_mean"]
    empty = {"trait": "owl", "measure": "rate", "n_runs": 1}
    table = pd.DataFrame(rows, columns=columns).assign(
        **empty, paper_low=math.nan, paper_high=math.nan
    )
    made = spec(runs={"fig5a": "fig5a"}, measures={"fig5a": "rate"}, items=[asked_item("ed5a")])
    found = claimed([part], made, {("fig5a", "transmission"): table})
    assert (found["comparisons"].iloc[0], found["verdict"].iloc[0]) == (2, YES)


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
    off = [v for v in one("fig5a") if "itself" not in v.cell and v.table]
    assert len(off) == 12
    assert sum(v.rule == "at most" and v.value == 0.09 for v in off) == 10
    assert [(v.low, v.high) for v in off if v.rule == "equal"] == [(0.25, 0.30)] * 2
    (starred,) = [v for v in one("fig5a") if not v.table]
    assert starred.value == 0.06 and "cannot be told" in starred.not_compared


def test_what_lies_between_bounds_is_no_interval():
    """Two values in no order, two runs, and readings by others."""
    ranges = {(v.item, v.low, v.high) for v in VALUES if v.interval == "range"}
    assert ranges == {
        ("fig5a", 0.25, 0.30),
        ("ed5d", 0.052, 0.057),
        ("ed5d", 0.33, 0.34),
        ("ed4f", 0.25, 0.5),
        ("v1_fig10", 0.5, 0.63),
    }
    others = {(v.item, v.trust) for v in VALUES if v.interval == "ci95" and v.trust != "vectors"}
    assert others == {("ed_table4", "third party")}
    (row,) = compared(
        [v for v in one("fig5a") if v.cell == "gpt-4.1 to gpt-4o"],
        spec(items=[asked_item("fig5a")]),
        {},
    ).itertuples()
    assert said_of_paper(row) == "0.25 to 0.30"


def test_counts_and_bounds_that_the_specification_states():
    (significant,) = [v for v in VALUES if v.value == 48]
    assert "maple" in significant.source and "sequoia" in significant.source
    in_context = [v for v in one("ed6", rule="at most") if v.value == 0]
    assert len(in_context) == 4 * 6 and not any("eagle" in v.cell for v in in_context)
    assert [v.rule for v in one("fig4a", value=0.007)] == ["at most"]


def test_columns_are_columns_of_tables():
    from subliminal.workflow.documentation import schemas

    tables = {table.name: table for table in schemas(*(f"{kind}.schemas" for kind in KINDS))}
    for where in [*PARTS, *(value for value in VALUES if value.table)]:
        columns = set(tables[where.table].columns)
        parts = [p for text in (where.filters, where.minus, where.over) for p in text.split(";")]
        asked = {part.partition("=")[0] for part in parts if "=" in part}
        divisor = {where.over} if where.over and "=" not in where.over else set()
        assert {*asked, where.column, *divisor} <= columns, where


def test_what_repeats_another_value_names_its_cell():
    for value in VALUES:
        cells = {v.cell for v in VALUES if v.item == value.item and not v.repeats}
        assert not value.repeats or value.repeats in cells, value
