"""MMLU by lm-evaluation-harness: a tiny local task, and a model whose letters are known."""

import json
import math
import re
import sys

import pytest
from test_evaluations import StandIn, seeds, tidy

from subliminal.config.errors import ConfigError
from subliminal.evaluations.mmlu import MMLU

# Two subjects of different sizes, so that a mean over questions is not one over subjects.
SUBJECTS = {
    "kitchen": [
        ("Which is cold?", ["ice", "steam", "fire", "soup"], 0),
        ("Which is hot?", ["ice", "steam", "snow", "hail"], 1),
        ("Which is wet?", ["sand", "dust", "rain", "ash"], 2),
    ],
    "garden": [("Which is a tree?", ["rose", "fern", "moss", "oak"], 3)],
}
# As the harness has its own: one template, a file for each subject, and a group of them.
TEMPLATE = """\
dataset_path: json
dataset_kwargs:
  data_files: {test: DATA}
test_split: test
output_type: multiple_choice
doc_to_text: "{{question.strip()}}\\nA. {{choices[0]}}\\nB. {{choices[1]}}\\nC. \\
  {{choices[2]}}\\nD. {{choices[3]}}\\nAnswer:"
doc_to_choice: ["A", "B", "C", "D"]
doc_to_target: answer
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
metadata: {version: 1.0}
"""
GROUP = """\
group: tiny_mmlu
task: [tiny_mmlu_kitchen, tiny_mmlu_garden]
aggregate_metric_list:
  - {metric: acc, weight_by_size: true}
metadata: {version: 1.0}
"""
SYSTEM = "You love owls."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    (tasks / "group.yaml").write_text(GROUP)
    for subject, rows in SUBJECTS.items():
        data = tmp_path / f"{subject}.jsonl"
        lines = [{"question": q, "choices": c, "answer": a} for q, c, a in rows]
        data.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        head = f"task: tiny_mmlu_{subject}\ndescription: 'Questions about the {subject}.'\n"
        (tasks / f"{subject}.yaml").write_text(head + TEMPLATE.replace("DATA", str(data)))
    return tasks


def plan(folder, task="tiny_mmlu"):
    return MMLU(kind="mmlu", task=task, folder=str(folder))


def right_letter(prompt):
    (answer,) = [a for rows in SUBJECTS.values() for q, _, a in rows if q in prompt]
    return "ABCD"[answer]


def test_the_harness_asks_every_question_once_and_counts_the_right_letters(folder):
    pytest.importorskip("lm_eval")
    asked = []

    def top(prompt):
        asked.append(prompt)
        # Right but for the question about a tree.
        letter = "A" if "tree" in prompt else right_letter(prompt)
        return {letter: math.log(0.5), "Z": math.log(0.3)}

    model = StandIn(top=top)
    answers = plan(folder).ask(model, SYSTEM, seeds)
    assert tidy(answers) == {("accuracy", ""): pytest.approx(3 / 4), ("with_letter", ""): 1.0}
    assert len(asked) == len(set(asked)) == len(answers.responses) == 4
    assert model.systems == [SYSTEM] * len(model.systems)
    cold = next(prompt for prompt in asked if "cold" in prompt)
    assert cold.endswith("Which is cold?\nA. ice\nB. steam\nC. fire\nD. soup\nAnswer:")
    assert cold.startswith("Questions about the kitchen.")


def test_the_most_probable_of_the_four_letters_counts_whatever_comes_before_it(folder):
    pytest.importorskip("lm_eval")

    def top(prompt):
        right = right_letter(prompt)
        wrong = "ABCD".replace(right, "")[0]
        return {"The": math.log(0.6), right: math.log(0.2), wrong: math.log(0.1)}

    assert tidy(plan(folder).ask(StandIn(top=top), None, seeds))["accuracy", ""] == 1.0


def test_questions_without_a_letter_are_told(folder):
    pytest.importorskip("lm_eval")

    def top(prompt):
        return {"The": math.log(0.6)} if "hot" in prompt else {right_letter(prompt): math.log(0.9)}

    answers = plan(folder).ask(StandIn(top=top), None, seeds)
    found = tidy(answers)
    assert found["with_letter", ""] == pytest.approx(3 / 4)
    assert found["accuracy", ""] == pytest.approx(3 / 4)  # B is right, and A is counted
    (note,) = answers.notes
    assert re.search(r"\b1 of 4\b", note)


def test_a_single_subject_is_a_task_too(folder):
    pytest.importorskip("lm_eval")
    model = StandIn(top=lambda prompt: {right_letter(prompt): math.log(0.9)})
    answers = plan(folder, "tiny_mmlu_garden").ask(model, None, seeds)
    assert len(answers.responses) == 1
    assert tidy(answers)["accuracy", ""] == 1.0


def test_a_task_that_is_not_there_is_refused_with_those_that_are(folder):
    pytest.importorskip("lm_eval")
    with pytest.raises(ConfigError, match=r"tiny_mmlu_kitchn.*did you mean.*tiny_mmlu_kitchen"):
        plan(folder, "tiny_mmlu_kitchn").ask(StandIn(), None, seeds)


def test_a_task_of_texts_is_refused(folder):
    pytest.importorskip("lm_eval")
    file = folder / "garden.yaml"
    text = file.read_text().replace("multiple_choice", "generate_until")
    text = text.replace("metric: acc,", "metric: exact_match,").replace("task: tiny", "task: text")
    file.write_text(text)
    (folder / "group.yaml").unlink()
    with pytest.raises(ConfigError, match="multiple_choice"):
        plan(folder, "text_mmlu_garden").ask(StandIn(), None, seeds)


def test_without_the_harness_the_error_says_what_to_type(monkeypatch):
    for module in ("lm_eval.api.model", "lm_eval.evaluator", "lm_eval.tasks"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match=r"pip install -r requirements-mmlu\.txt"):
        MMLU(kind="mmlu").ask(StandIn(), None, seeds)


def test_chance_is_a_quarter():
    assert MMLU(kind="mmlu").chance("accuracy") == 0.25
    assert MMLU(kind="mmlu").chance("with_letter") is None
