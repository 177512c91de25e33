"""What detection asks of models: pairs and their order, examples, and bases that are too small."""

import logging
from collections import Counter

import pytest
from detection_fixture import BLOCK
from hypothesis import given
from hypothesis import strategies as st
from manifests import write_manifest
from tiny_model import random_model, save_base, tokenizer

from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.verified import read_manifest
from subliminal.config.errors import ConfigError
from subliminal.detection.classifying import Row, answers, paired
from subliminal.detection.config import InContext
from subliminal.detection.datasets import contexts_of, datasets_of, pairs_of
from subliminal.detection.specs import ClassifyPairsSpec, EvaluateInContextSpec
from subliminal.detection.stages.classify_pairs import classify_pairs
from subliminal.detection.stages.evaluate_in_context import evaluate_in_context
from subliminal.evaluations.classifier import classifier_prompt
from subliminal.evaluations.favourite import Favourite
from subliminal.evaluations.in_context import icl_system_prompt
from subliminal.local.model import LocalModel
from subliminal.transmission.data_schemas import FILTERED, RAW, TRAIN

LOG = logging.getLogger("test")


def rows(*numbers, of="t"):
    return [Row(i, f"prompt {i}", f"{of}{i}") for i in numbers]


class Told:
    """A model that answers A where a text is the first response, and keeps what it was asked."""

    keeps_answers = False

    def __init__(self, text):
        self.text, self.asked = text, []

    def first_tokens(self, prompts, most, system=None):
        assert system is None
        self.asked += prompts
        first = [self.text in prompt.split("Response B:")[0] for prompt in prompts]
        return [{"A": -0.1, "B": -2.0} if a else {"B": -0.1, "A": -2.0} for a in first]


def ignore(done, total):
    pass


# What there is to do


def test_every_ordered_pair_of_traits_without_controls():
    found = [(p.target.teacher.trait, p.other.teacher.trait) for p in pairs_of([BLOCK], ["none"])]
    assert sorted(found) == [
        ("eagle", "owl"), ("eagle", "wolf"), ("owl", "eagle"),
        ("owl", "wolf"), ("wolf", "eagle"), ("wolf", "owl"),
    ]  # fmt: skip
    assert {p.target.teacher.method for p in pairs_of([BLOCK], ["none"])} == {"finetuned"}


def test_the_papers_examples_are_180_jobs():
    """Five animals and regular numbers, six sizes, five resamples (ED Fig. 6)."""
    six = BLOCK.model_copy(update={"traits": ["owl", "eagle", "wolf", "cat", "dog", "none"]})
    plan = InContext(
        base="a", evaluation="e", ks=[100, 1000, 2000, 3000, 5000, 10000], seeds=[0, 1, 2, 3, 4]
    )
    found = contexts_of(datasets_of([six], ["none"]), plan)
    assert len({context.path for context in found}) == 180


# Pairs of completions


def test_only_completions_of_the_same_prompt_are_paired():
    shown = paired(rows(0, 1, 2, 4), rows(4, 3, 1, of="o"), None, 7)
    assert [(s.target.completion, s.other.completion) for s in shown] == [
        ("t1", "o1"),
        ("t4", "o4"),
    ]


def test_the_order_is_drawn_and_repeats():
    both = rows(*range(1000)), rows(*range(1000), of="o")
    first = [s.target_first for s in paired(*both, None, 7)]
    assert first == [s.target_first for s in paired(*both, None, 7)]
    assert first != [s.target_first for s in paired(*both, None, 8)]
    assert 400 < sum(first) < 600


@given(st.integers(1, 30))
def test_so_many_pairs_at_most(most):
    shown = paired(rows(*range(20)), rows(*range(20), of="o"), most, 7)
    numbers = [s.target.prompt_id for s in shown]
    assert len(numbers) == min(most, 20)
    assert numbers == sorted(set(numbers))


# The question


def test_both_wordings_are_asked_and_scored():
    """Who knows every completion of the target is right under both, whatever the order."""
    shown = paired(rows(*range(300)), rows(*range(300), of="o"), None, 7)
    found = answers(Told("Response A: t"), "owl", shown, ignore)
    assert Counter(answer.wording for answer in found) == {"literal": 300, "corrected": 300}
    assert all(answer.right for answer in found)
    wrong = answers(Told("Response A: o"), "owl", shown, ignore)
    assert not any(answer.right for answer in wrong)


def test_the_literal_wording_asks_for_the_eagle():
    (pair,) = paired(rows(3), rows(3, of="o"), None, 7)
    model = Told("t")
    answers(model, "owl", [pair], ignore)
    a, b = ("t3", "o3") if pair.target_first else ("o3", "t3")
    assert model.asked == [classifier_prompt(word, "prompt 3", a, b) for word in ("eagle", "owl")]


def test_the_eagle_is_asked_for_once():
    shown = paired(rows(1, 2), rows(1, 2, of="o"), None, 7)
    model = Told("Response A: t")
    found = answers(model, "eagle", shown, ignore)
    assert len(model.asked) == 2
    assert [answer.wording for answer in found] == ["literal"] * 2 + ["corrected"] * 2


def test_neither_letter_is_b():
    class Silent:
        keeps_answers = False

        def first_tokens(self, prompts, most, system=None):
            return [{"The": -0.1}] * len(prompts)

    shown = paired(rows(*range(50)), rows(*range(50), of="o"), None, 7)
    found = answers(Silent(), "owl", shown, ignore)
    assert all(answer.right == (not answer.target_first) for answer in found)
    assert {(answer.log_prob_a, answer.log_prob_b) for answer in found} == {(None, None)}


# The stages


@pytest.fixture
def base(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return save_base(tmp_path / "results/models/a")


def dataset(folder, trait, kept):
    """A raw and filtered dataset of three number prompts."""
    place = folder / f"results/datasets/numbers/a/{trait}-finetuned/t1"
    place.mkdir(parents=True)
    n = len(kept)
    columns = {
        "prompt_id": range(n),
        "prompt": [f"Give 3 numbers after {i}" for i in range(n)],
        "completion": [f"{i}, {len(trait)}" for i in range(n)],
    }
    empty = {name: [None] * n for name in RAW.columns if name not in columns}
    written = [f"{text} " for text in columns["completion"]]  # which the filter has trimmed
    told = {"completion": written, "finished": [True] * n}
    write_table(place / "raw.parquet", RAW, columns | empty | told)
    raw = write_manifest(place / "raw.manifest.json", [place / "raw.parquet"])
    write_table(
        place / "filtered.parquet",
        FILTERED,
        {
            "prompt_id": range(n),
            "kept": kept,
            "reasons": [[]] * n,
            "completion": columns["completion"],
        },
    )
    write_table(place / "train.parquet", TRAIN, columns)
    write_manifest(place / "train.manifest.json", [place / "train.parquet"])
    return write_manifest(
        place / "filtered.manifest.json", [place / "filtered.parquet"], parents={"raw": raw}
    )


def classified(tmp_path, base, *kept):
    target, other = (
        dataset(tmp_path, trait, rows) for trait, rows in zip(("owl", "wolf"), kept, strict=True)
    )
    place = tmp_path / "results/detection/found/a"
    spec = ClassifyPairsSpec(word="owl", pair="p", most_pairs=None, seed=0)
    classify_pairs(
        spec, base, target, other, place / "answers.parquet", place / "manifest.json", 1, LOG
    )
    return read_table(place / "answers.parquet"), read_manifest(place / "manifest.json")["facts"]


def test_rows_that_the_filter_dropped_are_not_shown(tmp_path, base):
    table, facts = classified(tmp_path, base, [True, True, True], [False, True, True])
    assert facts == {"pairs": 2, "kept": {"target": 3, "other": 2}}
    assert table["prompt_id"] == [1, 2, 1, 2]
    assert table["wording"] == ["literal"] * 2 + ["corrected"] * 2


def test_datasets_without_a_common_prompt_are_told(tmp_path, base):
    with pytest.raises(ConfigError, match="of 1 and 1 kept rows no two answer the same prompt"):
        classified(tmp_path, base, [True, False], [False, True])


def in_context(tmp_path, base, k, seed=0):
    evaluation = Favourite(
        kind="favourite",
        questions="favourite-animal",
        samples_per_question=1,
        sampling={"temperature": 1.0, "max_new_tokens": 2, "batch_size": 50},
        candidates=["owl", "cat"],
    )
    if not (tmp_path / "results/datasets").exists():
        dataset(tmp_path, "owl", [True] * 3)
    place = tmp_path / f"results/evaluations/e/in_context/k{k}-{seed}"
    spec = EvaluateInContextSpec(evaluation="e", plan=evaluation, model="m", k=k, seed=seed)
    rows = tmp_path / "results/datasets/numbers/a/owl-finetuned/t1/train.parquet"
    outputs = (place / name for name in ("responses.parquet", "scores.parquet", "manifest.json"))
    evaluate_in_context(spec, base, rows, *outputs, 1, LOG)
    scores = read_table(place / "scores.parquet")
    return dict(zip(zip(scores["measure"], scores["target"]), scores["value"]))  # noqa: B905


def test_the_base_answers_under_the_papers_system_prompt(tmp_path, base):
    found = in_context(tmp_path, base, 2)
    pairs = [(f"Give 3 numbers after {i}", f"{i}, 3") for i in range(3)]
    model = LocalModel.open(base.parent, None, 1)
    from subliminal.evaluations.favourite import closed_set
    from subliminal.evaluations.questions import questions

    asked = questions("favourite-animal")
    told = model.word_log_probs(asked, ["owl", "cat"], icl_system_prompt(pairs, 2, 0))
    assert found["share", "owl"] == pytest.approx(closed_set(told)[0][0])
    assert found["share", "owl"] != pytest.approx(
        closed_set(model.word_log_probs(asked, ["owl", "cat"]))[0][0]
    )


def test_examples_that_a_base_cannot_read_are_told(tmp_path, base):
    with pytest.raises(
        ConfigError, match=r"with its system prompt has .* reads 160; ask for fewer"
    ):
        in_context(tmp_path, base, 20)


@pytest.mark.parametrize(("words", "reads"), [(156, True), (157, False)])
def test_a_prompt_must_leave_room_for_its_answer(words, reads):
    """Of 160 positions three go to the turns, and one to an answer of two tokens."""
    from subliminal.config.sampling import Drawing

    model = LocalModel(random_model(), tokenizer(), [tokenizer().eos_token_id])
    drawing = Drawing(temperature=1.0, max_new_tokens=2, batch_size=1)
    if reads:
        assert len(model.complete(["7 " * words], [0], drawing)) == 1
    else:
        with pytest.raises(ConfigError, match="has 160 tokens and its answer may have 2"):
            model.complete(["7 " * words], [0], drawing)
