"""A detection experiment that cannot be computed is refused, and the message says why."""

from pathlib import Path

import broken_configs
import pytest

from subliminal.config.errors import ConfigError
from subliminal.workflow import estimate
from subliminal.workflow.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
FILE = "config/experiments/found.yaml"
EXPERIMENT = """\
kind: detection
title: A sample
paper: none
model_organism: true
datasets:
  - domain: numbers-constrained
    traits: [owl, eagle, none]
    method: finetuned
    bases: [tiny-a]
    teacher_seeds: [1]
"""
FREQUENCIES = "frequencies: {top: 3}\n"
IN_CONTEXT = """\
in_context:
  base: tiny-b
  evaluation: favourite-animal
  ks: [1]
  seeds: [0, 1]
"""
CLASSIFIER = "classifier: {base: smollm2-135m, seed: 0}\n"
WHOLE = EXPERIMENT + FREQUENCIES + CLASSIFIER + IN_CONTEXT
ROC = "roc: {positives: [owl], threshold: 78}\n"


@pytest.fixture
def load(tmp_path):
    broken_configs.lay_out(tmp_path, REPOSITORY)

    def project(text):
        (tmp_path / FILE).write_text(text)
        return Project.load(tmp_path, {"experiments": ["found"]})

    return project


def test_the_experiment_that_is_broken_below_is_whole(load):
    project = load(WHOLE)
    assert project.figures("found") == ["frequencies", "classifier", "in_context"]
    bases = [path.split("/")[2] for path in project.jobs("detection").base_files()]
    assert bases == ["smollm2-135m", "tiny-a", "tiny-b"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (EXPERIMENT, ["nothing is asked", "add one of frequencies, classifier, in_context, roc"]),
        (
            WHOLE.replace("owl", "owll"),
            [": datasets: item 1: traits: ", "'owll'", "did you mean 'owl'"],
        ),
        (WHOLE.replace("tiny-b", "tiny-z"), [": in_context: base: 'tiny-z' is not in"]),
        (WHOLE.replace("favourite-animal", "favourite"), [": in_context: evaluation: 'favourite'"]),
        (EXPERIMENT + ROC.replace("owl", "wolf"), [": roc: positives: ", "'wolf' is not in"]),
        (
            WHOLE.replace("bases: [tiny-a]", "bases: [qwen2.5-7b]"),
            ["'numbers-constrained' has no size for tier 'open'", "known: tiny, small"],
        ),
        (
            EXPERIMENT.replace("numbers-constrained", "tiny-code").replace("tiny-a", "smollm2-135m")
            + CLASSIFIER,
            ["domain 'tiny-code'", "is for tiny bases, found 'smollm2-135m'"],
        ),
        (
            WHOLE.replace("frequencies", EXPERIMENT.partition("datasets:\n")[2] + "frequencies"),
            ["holds numbers-constrained/tiny-a/owl-finetuned/t1, which entry 1 holds already"],
        ),
        (
            EXPERIMENT.replace("numbers-constrained", "tiny-code") + FREQUENCIES,
            ["'tiny-code' has no numbers, which 'frequencies' counts"],
        ),
        (WHOLE.replace("owl, ", ""), ["'classifier' tells two traits", "here 1 is none of"]),
        (
            WHOLE.replace("smollm2-135m", "tiny-a"),
            [": classifier: base: 'tiny-a' is a tiny base", "analyzing", "choose another base"],
        ),
        (
            WHOLE.replace("favourite-animal", "essay-topic-tree"),
            ["trait 'owl' is not measured by 'essay-topic-tree'", "tiny base 'tiny-b'"],
        ),
        (
            WHOLE.replace("  ks:", "  measure: mass\n  ks:"),
            [": in_context: measure: 'mass' is no measure of a trait", "known: share"],
        ),
        (
            WHOLE.replace("ks: [1]", "ks: [1, 100]"),
            [
                ": in_context: ks: item 2: 100 examples",
                "more than the 160 tokens that 'tiny-b' reads",
            ],
        ),
        (EXPERIMENT + ROC, ["the filter of domain 'numbers-constrained' has no judge"]),
        (
            EXPERIMENT + ROC.replace("[owl]", "[owl, eagle, none]"),
            ["all traits of 'datasets' are positives"],
        ),
        (WHOLE.replace("{top: 3}", "{top: 0}"), [": frequencies: top: "]),
    ],
)
def test_a_broken_experiment_is_explained(load, text, says):
    with pytest.raises(ConfigError) as failure:
        load(text)
    message = str(failure.value)
    assert message.startswith(FILE)
    assert [part for part in says if part not in message] == [], message


def rules(project):
    costs = estimate.costs_of(project, "found")
    found = {}
    for cost in costs.values():
        found[cost.rule] = found.get(cost.rule, 0) + 1
    return found


def test_the_estimate_counts_what_each_analysis_needs(load):
    """Three datasets, two of traits: two ordered pairs, and six contexts."""
    shared = {"pretrain_base": 1, "train_teacher": 2, "make_prompts": 1, "sample_completions": 3}
    shared |= {"summarise_detection": 1, "plot_figure": 1}
    whole = {"filter_completions": 3, "make_train_set": 3}
    assert rules(load(EXPERIMENT + FREQUENCIES)) == shared | whole
    asked = {"prepare_base": 1, "classify_pairs": 2}
    two = shared | {"sample_completions": 2, "filter_completions": 2, "train_teacher": 2}
    assert rules(load(EXPERIMENT + CLASSIFIER)) == two | asked
    examples = {"pretrain_base": 2, "evaluate_base": 1, "evaluate_in_context": 6}
    assert rules(load(EXPERIMENT + IN_CONTEXT)) == shared | whole | examples
