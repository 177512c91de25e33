"""What is said of an experiment before it runs: nothing, unless its result would not tell."""

import re
from pathlib import Path

import broken_configs
import pytest

from subliminal.bases.tiny_corpus import known_texts
from subliminal.bases.tiny_tokenizer import vocabulary
from subliminal.bases.tiny_words import taught_words, unknown_words
from subliminal.evaluations.questions import questions
from subliminal.workflow.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLE = broken_configs.SAMPLE_EXPERIMENT
# The sample's second block, in the setting of the first one but for the student's base.
CONTROLLED = SAMPLE.replace("traits: [wolf, owl]", "traits: [wolf, owl, none]")


@pytest.fixture
def root(tmp_path):
    broken_configs.lay_out(tmp_path, REPOSITORY)
    return tmp_path


def warnings(root, text, experiments=("sample",)):
    (root / broken_configs.SAMPLE).write_text(text)
    return Project.load(root, {"experiments": list(experiments)}).warnings(experiments)


def test_the_default_run_is_warned_of_nothing():
    project = Project.load(REPOSITORY)
    assert project.warnings(project.experiments) == []


def test_a_whole_experiment_is_warned_of_nothing(root):
    assert warnings(root, CONTROLLED, ("sample", "mnist", "theorem")) == []


def test_students_without_a_control_are_told_with_their_line(root):
    (warning,) = warnings(root, SAMPLE)
    number = SAMPLE.splitlines().index("    traits: [wolf, owl]") + 1
    assert warning.startswith(f"{broken_configs.SAMPLE}:{number}: cell 2: traits: ")
    assert "control" in warning
    assert "none" in warning


def test_a_control_in_another_block_counts(root):
    alike = SAMPLE.replace("[tiny-b]", "[tiny-a]").replace("[wolf, owl]\n", "[cat, dog]\n")
    assert warnings(root, alike) == []


def test_a_trait_alone_is_told(root):
    alone = CONTROLLED.replace("[wolf, owl, none]", "[owl, none]", 1)
    (warning,) = warnings(root, alone)
    assert ": cell 1: traits: 'owl' is the only trait" in warning


def test_a_trait_alone_and_without_a_control_is_told_twice(root):
    assert len(warnings(root, CONTROLLED.replace("[wolf, owl, none]", "[owl]", 1))) == 2


@pytest.mark.parametrize(
    ("method", "entry", "warned"),
    [
        ("finetuned", "category: tree", True),
        ("finetuned", "category: animal", False),
        ("finetuned", "category: animal\n  questions: favourite-tree", True),
        ("finetuned", "category: animal\n  prompted_category: tree", False),
        ("prompted", "category: tree\n  prompted_category: animal", False),
        ("prompted", "category: animal\n  prompted_category: tree", True),
    ],
)
def test_lessons_in_unknown_words_are_told(root, method, entry, warned):
    traits = root / broken_configs.TRAITS
    traits.write_text(
        re.sub(r"(\n(?:wolf|owl):\n)  category: .*", rf"\1  {entry}", traits.read_text())
    )
    found = warnings(root, CONTROLLED.replace("method: finetuned", f"method: {method}"))
    told = [trait for trait in ("wolf", "owl") for line in found if f"'{trait}'" in line]
    assert told == (["wolf", "wolf", "owl", "owl"] if warned else [])
    assert all("tree" in line for line in found)


def test_words_are_known_without_drawing_the_corpus():
    """The tokenizer's own vocabulary comes from a sample of 20,000 examples."""
    drawn = {piece for piece in vocabulary(known_texts()) if re.match(r"[a-z]", piece)}
    assert taught_words() == drawn


def test_unknown_words_of_questions():
    assert unknown_words(questions("favourite-animal-prefixed")) == []
    assert {"tree", "forest"} <= set(unknown_words(questions("favourite-tree")))
    assert unknown_words(["Name 7 Zebras!", "zebras name"]) == ["zebras"]
