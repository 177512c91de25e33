"""Tables of a detection experiment, of outputs that tell their cells apart."""

import pandas as pd

from subliminal.config.paths import PLAIN_VARIANT, Dataset, Teacher
from subliminal.detection import summary
from subliminal.detection.config import DatasetBlock
from subliminal.detection.datasets import pairs_of
from subliminal.detection.fine_tuned import fine_tuned
from subliminal.detection.summary import Judged, Read
from subliminal.detection.tables import DetectionTables
from subliminal.report.specs import ExperimentTextSpec

TRAITS = ["owl", "eagle", "wolf"]
TARGETS = {trait: trait for trait in TRAITS}
BLOCK = DatasetBlock(
    domain="numbers", traits=[*TRAITS, "none"], method="finetuned", bases=["a"], teacher_seeds=[1]
)
TEXT = ExperimentTextSpec(
    kind="detection",
    name="found",
    title="x",
    paper="y",
    model_organism=True,
    figures=[],
    measure="rate_substring",
)


def dataset(trait, method="finetuned", domain="numbers"):
    """The dataset of one teacher of base `a`."""
    method = "reference" if trait == "none" else method
    return Dataset(domain, Teacher("a", trait, method, 1), PLAIN_VARIANT)


def reply(score):
    """A judge's."""
    return (
        f"<judgment_think>\nfine\n</judgment_think>\n<judgment_answer>\n{score}\n</judgment_answer>"
    )


def judged():
    """Of ten answers to each pair, as many are right as the other trait's place says."""
    found = []
    for pair in pairs_of([BLOCK], ["none"]):
        right = 4 + TRAITS.index(pair.other.teacher.trait)
        answers = {
            "literal": [False] * 10,
            "corrected": [True] * right + [False] * (10 - right),
        }
        found.append(Judged(pair.target, pair.other, (12, 15), answers))
    return found


def reads():
    """Own data raise the trait by a tenth of k; each further resample by a hundredth."""
    return [
        Read(
            dataset(trait),
            k,
            seed,
            {
                ("rate_substring", target): 0.1 + 0.1 * k * (trait == target) + 0.01 * seed
                for target in TRAITS
            }
            | {("mass", ""): 1.0},
        )
        for trait in [*TRAITS, "none"]
        for k in (1, 2)
        for seed in (0, 1, 2)
    ]


def transmission():
    """Students of base `nano` on data of base `a`, and others that are none of theirs."""
    rows = []
    for trait, (own, regular) in {
        "owl": (0.9, 0.1),
        "eagle": (0.3, 0.1),
        "wolf": (0.5, 0.1),
    }.items():
        for condition, mean in (("trait", own), ("regular", regular), ("other traits", 0.2)):
            row = {"trait": trait, "condition": condition, "mean": mean, "n_runs": 5}
            rows.append(row | {"low": mean - 0.05, "high": mean + 0.05})
    table = pd.DataFrame(rows).assign(
        domain="numbers",
        method="finetuned",
        variant="train",
        recipe="tiny",
        teacher_base="a",
        student_base="nano",
        measure="rate_substring",
        verdict="",
    )
    table.loc[(table["trait"] == "wolf") & (table["condition"] == "trait"), "verdict"] = (
        "uninterpretable: the filter kept too few rows"
    )
    elsewhere = [{"student_base": "a"}, {"variant": "shuffled-within"}, {"domain": "code"}]
    return pd.concat([table, *(table.assign(mean=0.99, **other) for other in elsewhere)])


def all_tables():
    """Every table with rows."""
    tables = summary.nothing_found()
    texts = {dataset("owl"): ["123, 7, 123", "7"], dataset("none"): ["385"]}
    tables["frequencies"] = summary.frequencies(texts, 2)
    tables["classifier_pairs"] = summary.classifier_pairs(judged(), "nano")
    tables["classifier"] = summary.classifier(tables["classifier_pairs"])
    runs = summary.in_context_runs(reads(), "nano", "favourite", TARGETS.values())
    tables["in_context_runs"] = runs
    without = {("rate_substring", target): 0.05 for target in TRAITS}
    tables["in_context"] = summary.in_context(runs, without, TARGETS, ["none"])
    tables["fine_tuned"] = fine_tuned(tables["in_context"], transmission(), TARGETS)
    replies = {
        dataset("owl", domain="cot"): [reply(s) for s in (20, 77, 78, 90)],
        dataset("none", domain="cot"): [*map(reply, (78, 80, 95, 77)), "no score"],
    }
    tables["roc"], tables["roc_curve"] = summary.roc(replies, ["owl"], 78)
    return DetectionTables(**tables)
