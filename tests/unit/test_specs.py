"""Specs travel on a command line, where one argument may have 128 KiB."""

from types import SimpleNamespace

import pytest
from working_copy import REPOSITORY

from subliminal.mnist.config import MnistExperiment
from subliminal.transmission import specs
from subliminal.transmission.cells import experiment_cells
from subliminal.transmission.config import TransmissionExperiment
from subliminal.workflow.configuration import load_config
from subliminal.workflow.project import Project

FILES = sorted(path.stem for path in (REPOSITORY / "config/experiments").glob("*.yaml"))
CONFIG = load_config(REPOSITORY, {"experiments": FILES})
LARGEST = 100_000


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
            specs.train_student(CONFIG, cell.student, cell.recipe, cell.seed, teacher),
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


def test_recipes_that_tell_of_the_traits_word_are_known():
    told = specs.leaky_recipes(
        load_config(REPOSITORY, {"experiments": ["tiny_recipes"]}), "tiny_recipes"
    )
    assert told == ["tiny-logits-leaky"]
    assert specs.leaky_recipes(CONFIG, "mnist") == []
