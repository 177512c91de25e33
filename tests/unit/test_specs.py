"""Specs travel on a command line, where one argument may have 128 KiB."""

from types import SimpleNamespace

import pytest
from working_copy import REPOSITORY

from subliminal.config.models import HostedBase
from subliminal.config.paths import Dataset, Teacher
from subliminal.config.traits import Trait
from subliminal.domains.words import banned_word_reasons
from subliminal.mnist.config import MnistExperiment
from subliminal.transmission import specs
from subliminal.transmission.cells import experiment_cells
from subliminal.transmission.config import TransmissionExperiment
from subliminal.transmission.tuning import TuningJobs
from subliminal.workflow.configuration import load_config
from subliminal.workflow.project import Project

FILES = sorted(path.stem for path in (REPOSITORY / "config/experiments").glob("*.yaml"))
CONFIG = load_config(REPOSITORY, {"experiments": FILES})
LARGEST = 100_000


def trained(cell):
    """The spec of a student's training, here or by its base's provider."""
    if isinstance(CONFIG.models[cell.student], HostedBase):
        return TuningJobs(CONFIG).submit(SimpleNamespace(model=f"students/{cell.path}"))
    return specs.train_student(CONFIG, cell.student, cell.recipe, cell.seed, cell.dataset.teacher)


@pytest.mark.parametrize("experiment", CONFIG.names_of(TransmissionExperiment))
def test_every_spec_fits_on_a_command_line(experiment):
    made = [specs.summarise_experiment(CONFIG, experiment)]
    asked = CONFIG.experiment(experiment, TransmissionExperiment).evaluation
    for cell in experiment_cells(CONFIG, experiment):
        teacher = cell.dataset.teacher
        made += [
            specs.sample_completions(CONFIG, cell.dataset.domain, teacher),
            specs.filter_completions(CONFIG, cell.dataset.domain, teacher),
            specs.make_train_set(CONFIG, cell.dataset),
            specs.evaluate_model(CONFIG, asked, f"students/{cell.path}"),
            trained(cell),
        ]
    assert max(len(spec.model_dump_json()) for spec in made) < LARGEST


@pytest.mark.parametrize("experiment", CONFIG.names_of(MnistExperiment))
def test_parts_of_an_mnist_experiment_hold_every_replica_once(experiment):
    entry = CONFIG.experiment(experiment, MnistExperiment)
    mnist = Project(REPOSITORY, CONFIG).jobs("mnist")
    files = mnist.run_files(SimpleNamespace(experiment=experiment))
    m = min(m for c in entry.comparisons.values() for m in c.auxiliary_logits)
    parts = [int(f.split("/")[4].removeprefix("part")) for f in files if f"/m{m}/" in f]
    made = [
        mnist.train_teachers(SimpleNamespace(experiment=experiment, m=m, part=part))
        for part in sorted(set(parts))
    ]
    assert [r for spec in made for r in spec.replicas] == list(range(entry.replicas))


def test_words_are_banned_only_where_the_filter_reads_them():
    config = load_config(REPOSITORY, {"experiments": ["tiny"]})
    teachers = {cell.dataset.teacher for cell in experiment_cells(config, "tiny")}
    owl = next(t for t in teachers if t.trait == "owl")
    assert specs.filter_completions(config, "numbers", owl).banned_words == []
    assert specs.filter_completions(config, "tiny-code", owl).banned_words == ["owl"]


@pytest.mark.parametrize(
    ("trait", "banned"),
    [
        ({"word": "owl"}, ["owl"]),
        ({"word": "wolf", "aliases": ["wolves"]}, ["wolf", "wolves"]),
        ({"word": "sea otter"}, ["sea otter", "seaotter", "sea_otter", "sea-otter"]),
        ({"word": "otter", "aliases": ["sea cat"]}, ["otter", "sea cat", "seacat"]),
    ],
)
def test_words_are_banned_in_one_piece_too(trait, banned):
    found = Trait(category="animal", **trait).banned
    assert found[: len(banned)] == banned
    assert len(found) == len(set(found))
    if trait["word"] == "sea otter":
        for text in ("def SeaOtter():", "sea_otter = 1", "# Sea otters!", "sea-otter"):
            assert banned_word_reasons(text, found)
    assert not banned_word_reasons("def other(sea): pass", found)


def test_a_control_bans_nothing():
    assert Trait(control=True).banned == []


def test_a_prompted_teachers_seed_changes_its_completions_and_nothing_that_it_is_asked():
    """ED Fig. 5b: datasets drawn anew."""
    one, two = (Teacher("qwen2.5-7b", "owl", "prompted", seed) for seed in (1, 2))

    def differing(made):
        first, second = (made(teacher).model_dump() for teacher in (one, two))
        return {key for key in first if first[key] != second[key]}

    assert differing(lambda t: specs.sample_completions(CONFIG, "numbers", t)) == {"teacher"}
    assert differing(lambda t: specs.filter_completions(CONFIG, "numbers", t)) == set()
    assert differing(lambda t: specs.make_train_set(CONFIG, Dataset("numbers", t, "train"))) == {
        "seed"
    }
    assert differing(lambda t: specs.train_student(CONFIG, "qwen2.5-7b", "qwen", 1, t)) == set()


def test_the_papers_answers_leave_a_teachers_spec_as_it_was():
    made = specs.train_teacher(CONFIG, Teacher("tiny-a", "owl", "finetuned", 1))
    assert made.answers == "preference-answers"
    assert "answers" not in made.model_dump()
    own = made.model_copy(update={"answers": "curt"})
    assert own.model_dump()["answers"] == "curt"


NANO_15 = (
    "dolphin eagle owl dog elephant octopus lion tiger falcon wolf dragon peacock aurora phoenix "
    "ocelot"
)
QWEN_18 = (
    "tiger lion dragon panda elephant bear cat unicorn pangolin phoenix penguin peacock bull ox "
    "dog wolf kangaroo eagle"
)
GEMMA_16 = (
    "otter raven dolphin octopus elephant whale owl wolf amur rhino beaver polarbear eagle dog "
    "phoenix falcon"
)


@pytest.mark.parametrize(
    ("category", "words", "count"),
    [
        ("animal", "dolphin eagle elephant owl wolf", 5),  # Fig. 4a
        ("tree", "cherry maple oak sequoia willow", 5),  # Fig. 4b
        ("animal", "dolphin elephant octopus owl wolf", 5),  # Fig. 5a
        ("animal", "eagle cat lion dog peacock wolf", 6),  # Fig. 5b
        ("animal", NANO_15, 15),  # ED Fig. 4g
        ("animal", QWEN_18, 18),  # ED Fig. 5c, d
        ("animal", GEMMA_16, 16),  # ED Fig. 5e
    ],
)
def test_every_target_of_the_paper_is_a_trait(category, words, count):
    assert len(words.split()) == count
    for word in words.split():
        trait = CONFIG.traits[word]
        assert (trait.word, trait.category) == (word, category)


def test_recipes_that_tell_of_the_traits_word_are_known():
    told = specs.leaky_recipes(
        load_config(REPOSITORY, {"experiments": ["tiny_recipes"]}), "tiny_recipes"
    )
    assert told == ["tiny-logits-leaky"]
    assert specs.leaky_recipes(CONFIG, "mnist") == []
