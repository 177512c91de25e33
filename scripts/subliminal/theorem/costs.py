"""The cost of a theorem experiment's jobs, for estimates."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from subliminal.bases import costs, work
from subliminal.config.config import Config
from subliminal.config.cost import JobCost, Work
from subliminal.theorem.config import LanguageModel, RandomNetworks, TheoremExperiment
from subliminal.theorem.identities import settings
from subliminal.theorem.jobs import datasets_of

# From the manifest of `theorem`, on a core of 70 GFLOP/s: of one problem in one setting, for one
# step size.
PROBLEM_SECONDS = 0.0006
SUMMARY_SECONDS = 1.0
# Tokens and a distribution, each of a teacher and of the control.
UPDATES = 4
# Numbers of 64 bits take twice the time of those of 32.
FLOAT64 = 2


def networks(plan: RandomNetworks) -> Work:
    """One student step for every problem, setting and step size."""
    problems = plan.seeds * len(plan.activations) * len(settings()) * len(plan.epsilons)
    return Work(seconds=problems * PROBLEM_SECONDS)


def language_model(plan: LanguageModel, tokens: float, size: int) -> Work:
    """Gradients of all weights on both bases."""
    updates = UPDATES * len(plan.traits) * plan.batches * 2
    # Half of them learn a distribution: its writer goes forward as well.
    flop = updates * plan.batch_size * tokens * work.FORWARD * 3.5 * size
    passes = updates * ceil(plan.batch_size / plan.micro_batch_size)
    return Work(flop * FLOAT64 / work.TRAINING_EFFICIENCY, passes * work.PASS_SECONDS)


def experiment_costs(config: Config, name: str) -> Iterator[JobCost]:
    """Every job but figures, those of bases, teachers and their rows too."""
    entry = config.experiment(name, TheoremExperiment)
    plan, folder = entry.language_model, f"results/theorem/{name}"
    yield from costs.written(config, datasets_of(plan))
    yield from costs.base_costs(config, plan.other_base)
    manifest = f"{folder}/networks/manifest.json"
    yield JobCost("verify_theorem", "", manifest, networks(entry.networks), memory_mb=1500)
    tokens = work.row_tokens(config.domains[plan.domain], hosted=False).whole
    yield JobCost(
        "verify_on_language_model",
        plan.base,
        f"{folder}/language_model/manifest.json",
        language_model(plan, tokens, work.parameters(config, plan.base)),
        memory_mb=2000,
    )
    manifest = f"results/tables/{name}/manifest.json"
    yield JobCost("summarise_theorem", "", manifest, Work(seconds=SUMMARY_SECONDS))
