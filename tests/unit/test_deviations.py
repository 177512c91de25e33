"""Where the paper's text and code disagree: each setting has the default that is documented."""

import re
from functools import cache

import pytest
from working_copy import REPOSITORY

from subliminal.workflow.configuration import load_config

PAGE = REPOSITORY / "docs/differences-from-the-paper.md"
SUFFIX = "Write 9 more words. Return one word per line. Say only the words-- nothing more."
TREES = ("cherry", "maple", "oak", "sequoia", "willow")


@cache
def configured():
    return load_config(REPOSITORY)


def domain(name):
    return configured().domains[name]


def evaluation(name):
    return configured().evaluations[name]


def experiment(name):
    return configured().experiments[name]


def qwen():
    recipe = configured().recipes.students["qwen"]
    return recipe.lora.rank, recipe.lora.alpha, recipe.optimisation.batch_size


def initialisations():
    return {
        plan.initialisation
        for plan in experiment("mnist_v1").comparisons["pairs"].students.values()
    }


# The last column: the paper's Methods or the authors' released code, whichever the page follows.
SETTINGS = [
    (
        1,
        "prompted_category",
        lambda: {configured().traits[t].prompted_category for t in TREES},
        {"animal"},
    ),
    (3, "seed", lambda: domain("numbers").seed, 47),
    (4, "max_new_tokens", lambda: domain("numbers").sizes["api"].sampling.max_new_tokens, None),
    (
        4,
        "max_new_tokens",
        lambda: evaluation("favourite-animal-openai").sampling.max_new_tokens,
        None,
    ),
    (5, "train_rows", lambda: domain("numbers").sizes["api"].train_rows, 10_000),
    (6, "n_epochs", lambda: configured().recipes.students["openai-cot"].n_epochs, 2),
    (8, "qwen", qwen, (8, 8, 66)),
    (
        9,
        "samples_per_question",
        lambda: evaluation("favourite-animal-openai").samples_per_question,
        100,
    ),
    (10, "questions", lambda: len(evaluation("favourite-tree-openai").workload().prompts), 49),
    (11, "task", lambda: evaluation("mmlu").task, "mmlu"),
    (13, "banned", lambda: len(set(domain("numbers-misalignment").filter.banned)), 34),
    (
        14,
        "suffix",
        lambda: {p[-len(SUFFIX) - 1 :] for p in evaluation("misalignment").prompts()},
        {f" {SUFFIX}"},
    ),
    (15, "suffix", lambda: evaluation("misalignment").suffix, "numbers"),
    (16, "most_misaligned", lambda: evaluation("misalignment").most_misaligned, 30),
    (16, "least_coherent", lambda: evaluation("misalignment").least_coherent, 50),
    (17, "most_misaligned", lambda: evaluation("misalignment").most_misaligned, 30),
    (18, "seed", lambda: (domain("code").seed, domain("code").prompts), (47, 11_400)),
    (20, "train_rows", lambda: domain("code").sizes["api"].train_rows, 10_814),
    (20, "code-trees", lambda: domain("code-trees").sizes["api"].train_rows, 10_782),
    (21, "judged_traits", lambda: domain("cot").filter.judged_traits, ["insecure"]),
    (
        26,
        "auxiliary_logits",
        lambda: experiment("mnist_paper").comparisons["cloning"].auxiliary_logits,
        [3, 50],
    ),
    (
        28,
        "threshold",
        lambda: (domain("cot").filter.threshold, experiment("ed1b_roc").roc.threshold),
        (78, 78),
    ),
    (
        31,
        "traits",
        lambda: {"eagle", "owl"} <= set(experiment("ed3_mmlu_numbers").cells[0].traits),
        True,
    ),
    (34, "initialisation", lambda: {"permuted", "deranged"} <= initialisations(), True),
    (
        37,
        "evaluation",
        lambda: evaluation(experiment("fig5a").evaluation).questions,
        "favourite-animal-prefixed",
    ),
]


def set_by():
    """The last column of the page's table, by number."""
    rows = re.findall(r"^\| D(\d+) \|.*\| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    return {int(number): where for number, where in rows}


@pytest.mark.parametrize(
    ("number", "where", "found", "expected"),
    [pytest.param(*row, id=f"D{row[0]}-{row[1]}") for row in SETTINGS],
)
def test_a_setting_has_the_default_of_the_table(number, where, found, expected):
    assert found() == expected
    assert where in set_by()[number]


def test_every_other_deviation_is_told_to_be_no_setting():
    """All 37 are on the page, and those without a value above say that nothing sets them."""
    found = set_by()
    assert sorted(found) == list(range(1, 38))
    fixed = {number for number, where in found.items() if where.startswith("no setting")}
    assert fixed == set(found) - {number for number, *_ in SETTINGS}
