"""Two runs compared, on small tables whose differences are known by hand."""

import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from manifests import write_manifest
from working_copy import REPOSITORY

from subliminal.artefacts.schemas import REAL, TEXT, WHOLE, final
from subliminal.config.errors import ConfigError
from subliminal.mnist.schemas import ACCURACY
from subliminal.workflow.compare import compare, render
from subliminal.workflow.table_differences import Change, table_differences

SCHEMA = final(
    "small",
    "a thing",
    {
        "experiment": (TEXT, ""),
        "trait": (TEXT, ""),
        "seed": (WHOLE, ""),
        "mean": (REAL, ""),
        "verdict": (TEXT, ""),
    },
    keys=("trait", "seed"),
)


def small(**changes):
    columns = {
        "experiment": ["x"] * 3,
        "trait": ["owl", "owl", "cat"],
        "seed": [1, 2, 1],
        "mean": [0.5, 0.25, np.nan],
        "verdict": ["transmission", None, "reversed"],
    }
    return pd.DataFrame(columns | changes)


def test_a_table_is_the_same_as_itself_in_another_order():
    found = table_differences(SCHEMA, small(), small().iloc[::-1])
    assert (found.any, found.both) == (False, 3)


def test_rounding_is_no_difference_and_more_is():
    rounded = small(mean=[0.5 * (1 + 5e-7), 0.25, np.nan])
    assert not table_differences(SCHEMA, small(), rounded).any
    changed = table_differences(SCHEMA, small(), small(mean=[0.5 * (1 + 5e-6), 0.25, np.nan]))
    assert list(changed.columns) == ["mean"]


def test_the_name_of_the_experiment_is_no_value():
    assert not table_differences(SCHEMA, small(), small(experiment=["y"] * 3)).any


def test_changes_are_told_with_their_rows_the_largest_first():
    other = small(mean=[0.6, 0.75, 0.1], verdict=["reversed", "too few runs", "reversed"])
    found = table_differences(SCHEMA, small(), other).columns
    assert [change.row for change in found["mean"]] == [
        "trait cat, seed 1",  # a value where there was none
        "trait owl, seed 2",
        "trait owl, seed 1",
    ]
    assert found["mean"][1] == Change("trait owl, seed 2", 0.25, 0.75)
    assert [(c.a, c.b) for c in found["verdict"]] == [
        ("transmission", "reversed"),
        (None, "too few runs"),
    ]


def test_rows_of_one_side():
    found = table_differences(SCHEMA, small().iloc[:2], small().iloc[1:])
    assert (found.only_a, found.both, found.only_b) == (
        ["trait owl, seed 1"],
        1,
        ["trait cat, seed 1"],
    )


def test_infinity_differs_from_numbers_only():
    infinite = small(mean=[np.inf, 0.25, np.nan])
    assert not table_differences(SCHEMA, infinite, infinite).any
    assert len(table_differences(SCHEMA, small(), infinite).columns["mean"]) == 1


def test_tables_of_another_version_are_an_error():
    with pytest.raises(ConfigError, match="'mean'"):
        table_differences(SCHEMA, small(), small().drop(columns="mean"))
    with pytest.raises(ConfigError, match="twice"):
        table_differences(SCHEMA, small(), small(seed=[1, 1, 1]))


def accuracy(mean):
    row = {column: None for column in ACCURACY.columns}
    row |= {"comparison": "teachers", "auxiliary_logits": 3, "role": "teacher", "n": 4}
    return pd.DataFrame([row | {"model": "teacher", "mean": mean}])


RUN = {
    "seconds": 1.0,
    "peak_memory_mb": 1,
    "device": "cpu",
    "python": "3.11.7",
    "packages": {"torch": "2.0"},
    "git_commit": None,
}


def results(folder, mean=0.9, steps=10, torch="2.0"):
    """A run of one experiment with one table."""
    tables = folder / "results" / "tables" / "digits"
    tables.mkdir(parents=True)
    accuracy(mean).to_parquet(tables / "accuracy.parquet")
    write_manifest(
        tables / "manifest.json",
        [tables / "accuracy.parquet"],
        stage="summarise_mnist",
        spec={"fitting": {"steps": steps}},
        run=RUN | {"packages": {"torch": torch}},
    )
    return folder


def test_two_runs_that_are_the_same(tmp_path):
    a, b = results(tmp_path / "a"), results(tmp_path / "b")
    assert compare(a, b).same
    assert compare(a, b).made_with == []
    assert compare(a / "results", b / "results/tables/digits").same


def test_settings_and_versions_are_told_and_make_no_difference(tmp_path):
    found = compare(results(tmp_path / "a"), results(tmp_path / "b", steps=20, torch="2.1"))
    assert found.same
    assert found.made_with == [
        "packages.torch: 2.0 → 2.1",
        "summarise_mnist: fitting.steps: 10 → 20 (in 1)",
    ]


def test_an_experiment_of_one_run(tmp_path):
    a, b = results(tmp_path / "a"), results(tmp_path / "b")
    shutil.copytree(b / "results/tables/digits", b / "results/tables/other")
    (b / "results/tables/other/manifest.json").unlink()
    found = compare(a, b)
    assert (found.same, found.only_a, found.only_b) == (False, [], ["other"])
    assert "only in B: other" in render(found)


def test_an_experiment_that_was_renamed_is_compared(tmp_path):
    a, b = results(tmp_path / "a"), results(tmp_path / "b", mean=0.8)
    shutil.move(b / "results/tables/digits", tmp_path / "mine")
    (tmp_path / "mine/manifest.json").unlink()
    (tables,) = compare(a, tmp_path / "mine").tables.values()
    ((change,),) = tables[0].columns.values()
    assert (change.a, change.b) == (0.9, 0.8)


def test_what_is_no_run_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=str(tmp_path / "nowhere")):
        compare(tmp_path / "nowhere", tmp_path)
    broken = results(tmp_path / "broken")
    file = broken / "results/tables/digits/accuracy.parquet"
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(ConfigError, match=r"accuracy\.parquet cannot be read"):
        compare(broken, broken)


def test_every_final_table_has_its_keys_among_its_columns():
    from subliminal.workflow.compare import _schemas

    for schema in _schemas().values():
        assert schema.keys and set(schema.keys) <= set(schema.columns), schema.name


@pytest.mark.slow
@pytest.mark.parametrize(("mean", "status"), [(0.9, 0), (0.8, 1), (None, 2)])
def test_the_exit_status_is_that_of_diff(tmp_path, mean, status):
    a, b = results(tmp_path / "a"), tmp_path / "b"
    if mean is not None:
        results(b, mean)
    script = REPOSITORY / "scripts" / "compare.py"
    done = subprocess.run([sys.executable, script, a, b], capture_output=True, cwd=tmp_path)
    assert done.returncode == status
    assert (b"Traceback" in done.stderr, bool(done.stdout)) == (False, mean is not None)
