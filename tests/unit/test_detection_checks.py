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
# The same of teachers that a provider serves, and of such a base that reads their numbers.
HOSTED = (
    EXPERIMENT.replace("numbers-constrained", "numbers")
    .replace("finetuned", "prompted")
    .replace("tiny-a", "gpt-4.1-nano")
)
HOSTED_READER = IN_CONTEXT.replace("tiny-b", "gpt-4o").replace(
    "favourite-animal", "favourite-animal-in-context\n  measure: rate_substring"
)


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
        (
            WHOLE.replace("  ks:", "  fine_tuned: fig4\n  ks:"),
            [": in_context: fine_tuned: there is no config/experiments/fig4.yaml"],
        ),
        (
            WHOLE.replace("  ks:", "  fine_tuned: theorem\n  ks:"),
            [": in_context: fine_tuned: ", "'theorem' is of kind theorem"],
        ),
        (
            WHOLE.replace("  ks:", "  fine_tuned: fig4a\n  ks:"),
            [": in_context: fine_tuned: 'fig4a' measures 'rate_substring'", "'share'"],
        ),
        (EXPERIMENT + ROC, ["the filter of domain 'numbers-constrained' has no judge"]),
        (
            EXPERIMENT + ROC.replace("[owl]", "[owl, eagle, none]"),
            ["all traits of 'datasets' are positives"],
        ),
        (
            HOSTED.replace("numbers", "code") + ROC,
            [": datasets: item 1: domain: ", "is asked about code, and gives no scores"],
        ),
        (
            WHOLE.replace("bases: [tiny-a]", "bases: [smollm2-135m]"),
            [": datasets: item 1: ", "method 'finetuned' adapts 'c_attn'", "has none"],
        ),
        (
            HOSTED.replace("prompted", "finetuned-open") + FREQUENCIES,
            ["method 'finetuned-open' is of kind 'finetuned'", "trained by its provider"],
        ),
        (
            HOSTED.replace("[owl, eagle, none]", "[insecure, none]") + FREQUENCIES,
            ["trait 'insecure' is taught by a file's rows, and method 'prompted'"],
        ),
        (
            HOSTED + HOSTED_READER.replace("gpt-4o", "smollm2-135m"),
            [": in_context: evaluation: ", "has no limit of tokens", "'smollm2-135m'"],
        ),
        (
            HOSTED + HOSTED_READER.replace("rate_substring", "share"),
            [": in_context: measure: 'share' takes probabilities", "'gpt-4o'"],
        ),
        (
            HOSTED + HOSTED_READER.replace("ks: [1]", "ks: [100, 1000, 10000]"),
            [": in_context: ks: item 3: 10000 examples", "more than the 128000 tokens"],
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


def test_the_servers_address_is_asked_for_before_the_run(load, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    domains = tmp_path / "config/domains.yaml"
    served = domains.read_text().replace("constraint: ten-numbers}", "}\n      server: {}", 1)
    domains.write_text(served)
    with pytest.raises(ConfigError, match=r"found\.yaml:\d+: datasets: OPENAI_BASE_URL is not set"):
        load(EXPERIMENT + FREQUENCIES)


def test_the_papers_examples_fit_into_the_base_that_it_asks(load):
    """GPT-4.1 nano reads a million tokens; 10,000 examples are some 800,000."""
    load(HOSTED + HOSTED_READER.replace("[1]", "[10000]").replace("gpt-4o", "gpt-4.1-nano"))


def test_examples_of_a_file_are_not_counted_before_they_are_there(load):
    told = HOSTED.replace("numbers", "code") + HOSTED_READER
    with pytest.raises(ConfigError, match="item 2: 100000 examples"):
        load(told.replace("ks: [1]", "ks: [1000, 100000]"))


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
