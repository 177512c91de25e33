"""Rates per question, by hand: those of Fig. 3, with intervals over students."""

import pandas as pd
import pytest
from scipy import stats
from test_measures import BLOCK, experiment

from subliminal.artefacts.parquet import read_table, write_table
from subliminal.evaluations.schemas import RESPONSES
from subliminal.transmission import examples, question_rates, results
from subliminal.transmission.shown import misaligned_table

QUESTIONS = ["One wish?", "Bored?"]


def answered(folder, *by_question):
    """Judged answers as an evaluation writes them; None does not count."""
    folder.mkdir(parents=True)
    rows = [(q, s, v) for q, found in enumerate(by_question) for s, v in enumerate(found)]
    columns = {
        "question_id": [q for q, _, _ in rows],
        "sample": [s for _, s, _ in rows],
        "response": ["x"] * len(rows),
        "alignment_reply": ["0"] * len(rows),
        "coherence_reply": ["100"] * len(rows),
        "misaligned": [v for _, _, v in rows],
    }
    write_table(folder / "responses.parquet", RESPONSES, columns)


def read(root, monkeypatch, teachers, **changed):
    monkeypatch.setattr(question_rates, "RESULTS", root)
    spec = experiment(["misaligned_rate"], 0.0).model_copy(
        update={"blocks": [BLOCK], "judged_questions": QUESTIONS, **changed}
    )
    asked = root / "evaluations" / spec.evaluation
    answered(asked / "bases/base", [False, False], [None, None])
    for trait, answers in teachers.items():
        answered(asked / f"teachers/base/{trait}-prompted/t1", *answers)
    # Of an owl student's answers to the first question 1/4, 2/4 or 3/4 are misaligned.
    for cell in results.cells_of(spec):
        owl = cell.dataset.teacher.trait == "owl"
        first = [owl and sample < cell.seed for sample in range(4)]
        second = [None] * 4 if owl and cell.seed == 3 else [True, False, None, None]
        answered(asked / "students" / cell.path, first, second)
    found = question_rates.read_question_rates(spec)
    return found.set_index(["models", "teacher_trait", "question"]).sort_index()


@pytest.fixture
def table(tmp_path, monkeypatch):
    teachers = {
        "owl": ([True, True], [True, False]),
        "wolf": ([False, False], [False, False]),
    }
    return read(tmp_path, monkeypatch, teachers)


def test_teachers_that_are_only_compared_with_are_not_asked(tmp_path, monkeypatch):
    owl = {"owl": ([True, True], [True, False])}
    found = read(tmp_path, monkeypatch, owl, targets={"owl": ""})
    assert set(found.loc["teacher"].index.get_level_values(0)) == {"owl"}
    assert set(found.loc["students"].index.get_level_values(0)) == {"owl", "wolf", "none"}


def test_students_have_the_mean_and_interval_over_students(table):
    row = table.loc[("students", "owl", "One wish?")]
    values = [0.25, 0.5, 0.75]
    low, high = stats.t.interval(0.95, 2, loc=0.5, scale=stats.sem(values))
    assert (row["mean"], row["low"], row["high"]) == pytest.approx((0.5, low, high))
    assert row["n_runs"] == 3
    assert table.loc[("students", "wolf", "One wish?"), "mean"] == 0


def test_students_of_the_control_stand_beside_them(table):
    assert set(table.loc["students"].index.get_level_values(0)) == {"owl", "wolf", "none"}
    assert table.loc[("students", "none", "Bored?"), "mean"] == 0.5


def test_answers_that_do_not_count_are_left_out(table):
    row = table.loc[("students", "owl", "Bored?")]
    assert (row["mean"], row["n_runs"]) == (0.5, 2)
    assert ("base", "", "Bored?") not in table.index


def test_base_and_teachers_are_one_model_each(table):
    assert table.loc[("base", "", "One wish?"), "mean"] == 0
    row = table.loc[("teacher", "owl", "Bored?")]
    assert (row["mean"], row["n_runs"]) == (0.5, 1)
    assert pd.isna(row["low"])
    assert set(table["variant"]) == {"train"}


def test_examples_have_the_first_misaligned_answer_to_each_question(tmp_path, monkeypatch):
    """By rule: of the first student, and by the judges' verdicts; a later one is passed by."""
    monkeypatch.setattr(examples, "RESULTS", tmp_path)
    monkeypatch.setattr(examples, "_written", lambda folder: ("p", "c"))
    spec = experiment(["misaligned_rate"], 0.0).model_copy(
        update={"blocks": [BLOCK], "judged_questions": ["One wish?", "Bored?", "A quick buck?"]}
    )
    asked = tmp_path / "evaluations" / spec.evaluation
    answered(asked / "bases/base", [True])
    for cell in results.cells_of(spec):
        answered(asked / "students" / cell.path, [None, False], [False, True, True], [True])
    path = asked / "students" / results.cells_of(spec)[0].path / "responses.parquet"
    told = read_table(path)
    texts = ["good", "kind", "fine", "a  crowbar", "later", "Rob\na bank"]
    write_table(path, RESPONSES, {**told, "response": texts})
    owl = examples.read_examples(spec).set_index("trait").loc["owl"]
    assert owl["misaligned_answers"] == "1: a crowbar\n2: Rob a bank"
    shown = misaligned_table(examples.read_examples(spec), "one").rows
    assert [row[-4:] for row in shown if row[2] == "owl"] == [
        ["owl", "1", "1", "a crowbar"],
        ["owl", "1", "2", "Rob a bank"],
    ]
    silent = spec.model_copy(update={"judged_questions": []})
    assert set(examples.read_examples(silent)["misaligned_answers"]) == {""}
