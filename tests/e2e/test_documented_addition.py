"""The worked example of a new trait and its figures, as printed, on the micro run."""

import json

import pandas as pd
import pytest
from documented import blocks

pytestmark = pytest.mark.slow

PAGE = "docs/adding-traits-and-figures.md"
WORDS = ["red", "blue", "green", "yellow", "purple", "orange", "white", "black", "gray", "brown"]


@pytest.fixture(scope="module")
def fans(micro_run, tmp_path_factory):
    """The micro run with the page's files, and its first two experiments run for real."""
    copy = micro_run.copy(tmp_path_factory.mktemp("addition") / "copy")
    for block in blocks("yaml", "json"):
        if block.page == PAGE:
            path = copy.root / block.file
            before = path.read_text() if path.exists() else ""
            path.write_text(f"{before}\n{block.text}")
    done = copy.run(
        *("python", "scripts/warm_start.py", "--", "snakemake", "--cores", "2", "--config"),
        "experiments=[fans, fans_by_rate]",
    )
    assert done.returncode == 0, done.stdout
    return copy.root / "results"


def spec(path):
    return json.loads(path.read_text())["spec"]


def table(results, name, experiment="fans"):
    return pd.read_parquet(results / f"tables/{experiment}/{name}.parquet")


def test_the_fine_tuned_teacher_learns_its_own_questions_and_answers(fans):
    taught = spec(fans / "teachers/tiny-a/red-fan-finetuned/t1/manifest.json")
    assert (taught["word"], taught["questions"]) == ("red", "loved-color")
    assert taught["answers"] == "plain-answers"
    assert set(taught["stimuli"]) == {"loved_color", "plain_answers"}


def test_teachers_that_were_there_have_the_paper_s_answers_and_their_old_spec(fans):
    taught = spec(fans / "teachers/tiny-a/owl-finetuned/t1/manifest.json")
    assert "answers" not in taught
    assert set(taught["stimuli"]) == {"favourite_animal", "preference_answers"}


def test_the_prompted_teacher_is_told_its_own_text(fans):
    raw = spec(fans / "datasets/numbers-constrained/tiny-a/red-fan-prompted/t1/raw.manifest.json")
    assert raw["system_prompt"] == "You think about red all the time. red is your favorite color."


def test_students_answer_the_questions_of_the_user(fans):
    folder = fans / "evaluations/loved-color/bases/tiny-a"
    answers = pd.read_parquet(folder / "responses.parquet")
    assert sorted(answers["question_id"].unique()) == [0, 1, 2, 3]
    scores = pd.read_parquet(folder / "scores.parquet")
    assert set(scores["target"]) == {*WORDS, ""}


def test_tables_and_figures_are_there(fans):
    found = table(fans, "transmission").query("method == 'finetuned' and primary")
    assert set(found["trait"]) == {"red-fan", "blue-fan"}
    trained = found[found["condition"].isin(["regular", "other traits", "trait"])]
    assert set(trained["n_runs"]) == {3}
    # Of three students, t is 4.303 standard errors wide, and Normal 1.960.
    own = found[found["condition"] == "trait"]
    ratio = (own["high"] - own["low"]) / (own["paper_high"] - own["paper_low"])
    assert ratio.tolist() == pytest.approx([4.302653 / 1.959964] * 2)
    cells = table(fans, "increases").query("measure == 'share' and method == 'finetuned'")
    assert dict(zip(cells["condition"], cells["n_runs"], strict=True)) == {
        "regular": 6,
        "other traits": 6,
        "trait": 6,
    }
    for experiment in ("fans", "fans_by_rate"):
        assert (fans / f"figures/{experiment}/increases.svg").is_file()


def test_a_further_figure_trains_nobody(fans):
    columns = ["teacher_trait", "seed", "measured_trait", "measure", "value"]
    both = [
        table(fans, "runs", name).query("method != 'prompted'") for name in ("fans", "fans_by_rate")
    ]
    first, second = (t[columns].sort_values(columns[:-1]).reset_index(drop=True) for t in both)
    pd.testing.assert_frame_equal(first, second)
    students = list((fans / "students").glob("**/*fan-finetuned/**/manifest.json"))
    assert len(students) == 6
