"""What an addition costs: the worked examples of CONTRIBUTING.md, each on a copy of the sources."""

import pytest
from working_copy import WorkingCopy

pytestmark = pytest.mark.slow

LIBRARY = "scripts/subliminal"
# The smallest experiment on tiny bases that each addition is tried with.
EXPERIMENT = """\
kind: transmission
title: An addition
paper: none
model_organism: true
evaluation: {evaluation}
figures: [{figure}]
gates: {{min_teacher: 0.5, min_rows: 10, min_loss_drop: 0.0}}
cells:
  - domain: {domain}
    traits: [{trait}, none]
    method: finetuned
    teacher_bases: [{base}]
    student_bases: [{base}]
    variants: [train]
    recipe: {recipe}
    teacher_seeds: [1]
    student_seeds: [1]
"""
USUAL = {
    "evaluation": "favourite-animal",
    "figure": "channel",
    "domain": "numbers",
    "trait": "owl",
    "base": "tiny-a",
    "recipe": "tiny",
}
FIGURE = '''\
"""Another figure."""

from subliminal.transmission.figures.channel import channel

another = channel
'''
DOMAIN = '''\
"""Small talk."""

from typing import ClassVar, Literal

from subliminal.config.domains import Domain, Filter, Task


class TalkFilter(Filter):
    """Keeps everything."""

    kind: Literal["talk"]

    def reasons(self, completion, answer, banned_words):
        """None."""
        return []


class Talk(Domain):
    """Answers to a greeting."""

    generator: Literal["talk"]
    filter: TalkFilter
    only_tier: ClassVar = "tiny"

    @classmethod
    def tasks(cls, seed, count, rows=()):
        """The same greeting again and again."""
        return [Task("Hello!")] * count
'''
EVALUATION = '''\
"""The length of answers."""

from typing import ClassVar, Literal

from subliminal.config.evaluations import Measure
from subliminal.evaluations.asking import Answers, Askable, Score, Workload

LENGTH = Measure("length", "length", "length in characters", "Mean length.", None)


class Length(Askable):
    """How long an answer is."""

    kind: Literal["length"]
    measures: ClassVar = (LENGTH,)

    def target(self, trait):
        """The same for all traits."""
        return ""

    def workload(self):
        """One question."""
        return Workload(["Hello!"])

    def ask(self, model, system, seeds, aids):
        """No question."""
        return Answers([], [Score("length", "", 0.0)])
'''
KIND = '''\
"""A kind of experiment."""

from dataclasses import dataclass
from typing import Any, Literal

from subliminal.artefacts.spec import StageSpec
from subliminal.config.experiments import Experiment
from subliminal.config.kind import Kind


class CoinExperiment(Experiment):
    """Coins."""

    kind: Literal["coins"]
    tosses: int


class TossSpec(StageSpec):
    """So many tosses."""

    tosses: int


@dataclass(frozen=True)
class CoinJobs:
    """The jobs of coins."""

    config: Any

    @property
    def experiments(self):
        """The experiments of this kind."""
        return self.config.names_of(CoinExperiment)

    def toss(self, wildcards):
        """Spec of rule toss_coins."""
        entry = self.config.experiment(wildcards.experiment, CoinExperiment)
        return TossSpec(tosses=entry.tosses)


KIND = Kind(
    experiment=CoinExperiment,
    check=lambda config, name: (),
    jobs=CoinJobs,
    costs=lambda config, name: iter([]),
    rules=["coins"],
    tables=[],
    figures=lambda experiment: [],
)
'''
STAGE = '''\
"""Tossing coins."""


def toss_coins(spec, manifest):
    """Toss."""
'''
RULES = '''\
"""Coins."""

COINS = PROJECT.jobs("coins")


rule toss_coins:
    """Toss coins."""
    output:
        "results/tables/{experiment}/manifest.json",
    wildcard_constraints:
        experiment=one_of(COINS.experiments),
    params:
        spec=PROJECT.spec(COINS.toss),
    shell:
        "python scripts/stage.py toss_coins --spec {params.spec:q} --manifest {output:q}"
'''


class Copy:
    """A working copy that counts which of its files an addition touches."""

    def __init__(self, root):
        self.copy, self.touched = WorkingCopy.of_repository(root), set()

    def add(self, file, text):
        path = self.copy.root / file
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.touched.add(file)

    def append(self, file, text):
        path = self.copy.root / file
        path.write_text(f"{path.read_text()}\n{text}")
        self.touched.add(file)

    def replace(self, file, old, new):
        self.copy.replace(file, old, new)
        self.touched.add(file)

    @property
    def code(self):
        return {file for file in self.touched if file.endswith((".py", ".smk"))}

    def printed(self, code):
        """What Python prints that finds the copy's library."""
        done = self.copy.run("python", "-c", f"import sys; sys.path.insert(0, 'scripts'); {code}")
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def planned(self):
        """The rules of a dry run of the added experiment."""
        done = self.copy.snakemake(
            "--dry-run", "--quiet", "host", "--config", "experiments=[added]"
        )
        assert done.returncode == 0, done.stdout
        return {line.split()[1].strip(":") for line in done.stdout.splitlines() if "rule " in line}


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path / "copy")


def experiment(copy, **changes):
    copy.add("config/experiments/added.yaml", EXPERIMENT.format(**{**USUAL, **changes}))


def test_a_trait_a_base_and_a_recipe_are_yaml(copy):
    copy.append("config/traits.yaml", "fox: {category: animal, word: fox}\n")
    copy.append(
        "config/models.yaml",
        "tiny-z: {source: pretrain, tier: tiny, pretraining: tiny, seed: 26}\n",
    )
    copy.append(
        "config/recipes.yaml",
        "  short:\n    lora: {rank: 2, alpha: 2, target_modules: [c_attn]}\n"
        "    optimisation: {learning_rate: 0.001, warmup_steps: 0, batch_size: 2, "
        "micro_batch_size: 2, steps: 1}\n    max_tokens: 100\n    holdout_rows: 0\n",
    )
    experiment(copy, trait="fox", base="tiny-z", recipe="short")
    assert "train_student" in copy.planned()
    assert copy.code == set()


def test_a_figure_is_a_module_and_its_caption(copy):
    copy.add(f"{LIBRARY}/transmission/figures/another.py", FIGURE)
    copy.add("report/another.rst", "Another figure.\n")
    experiment(copy, figure="another")
    assert "plot_figure" in copy.planned()
    assert len(copy.code) == 1


def test_a_domain_is_a_module_and_a_line(copy):
    copy.add(f"{LIBRARY}/domains/talk.py", DOMAIN)
    copy.replace(f"{LIBRARY}/domains/registry.py", "(Numbers,", "(Talk, Numbers,")
    copy.replace(
        f"{LIBRARY}/domains/registry.py",
        "from subliminal.domains.numbers",
        "from subliminal.domains.talk import Talk\nfrom subliminal.domains.numbers",
    )
    sampling = "{temperature: 1.0, max_new_tokens: 5, batch_size: 5}"
    copy.append(
        "config/domains.yaml",
        "talk:\n  generator: talk\n  seed: 0\n  prompts: 20\n  filter: {kind: talk}\n"
        f"  sizes: {{tiny: {{rows: 20, sampling: {sampling}}}}}\n",
    )
    experiment(copy, domain="talk")
    assert "make_prompts" in copy.planned()
    registry = "from subliminal.domains.registry import DOMAINS"
    tasks = copy.printed(f"{registry}; print(*(t.prompt for t in DOMAINS['talk'].tasks(0, 2)))")
    assert tasks == "Hello! Hello!"
    assert len(copy.code) == 2


def test_an_evaluation_of_a_new_kind_is_a_module_and_a_line(copy):
    copy.add(f"{LIBRARY}/evaluations/length.py", EVALUATION)
    copy.replace(
        f"{LIBRARY}/evaluations/registry.py", "    Favourite,\n", "    Length,\n    Favourite,\n"
    )
    copy.replace(
        f"{LIBRARY}/evaluations/registry.py",
        "from subliminal.evaluations.stories",
        "from subliminal.evaluations.length import Length\nfrom subliminal.evaluations.stories",
    )
    copy.append("config/evaluations.yaml", "length: {kind: length}\n")
    experiment(copy, evaluation="length")
    assert "evaluate_student" in copy.planned()
    registry = "from subliminal.evaluations.registry import EVALUATIONS, MEASURES"
    asked = "EVALUATIONS['length'](kind='length').ask(None, None, None, None).scores"
    printed = copy.printed(f"{registry}; print(MEASURES['length'].noun, {asked}[0].value)")
    assert printed == "length 0.0"
    assert len(copy.code) == 2


def test_a_kind_of_experiment_is_a_room_a_line_and_a_rule_file(copy):
    copy.add(f"{LIBRARY}/coins/__init__.py", "")
    copy.add(f"{LIBRARY}/coins/kind.py", KIND)
    copy.add(f"{LIBRARY}/coins/shown.py", "SHOWN = None\n")
    copy.add(f"{LIBRARY}/coins/stages/toss_coins.py", STAGE)
    copy.add("rules/coins.smk", RULES)
    kinds = f"{LIBRARY}/workflow/kinds.py"
    copy.replace(kinds, '    "transmission":', '    "coins": COINS,\n    "transmission":')
    copy.replace(
        kinds,
        "from subliminal.mnist",
        "from subliminal.coins.kind import KIND as COINS\nfrom subliminal.mnist",
    )
    copy.add(
        "config/experiments/added.yaml",
        "kind: coins\ntitle: Coins\npaper: none\nmodel_organism: true\ntosses: 3\n",
    )
    assert "toss_coins" in copy.planned()
    shared = {file for file in copy.code if "coins" not in file}
    assert shared == {kinds}
