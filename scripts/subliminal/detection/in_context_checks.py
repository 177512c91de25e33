"""Checks of examples in a base's system prompt against the rest of the configuration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from math import floor
from statistics import fmean
from typing import NamedTuple

from subliminal.api.tokens import least_tokens
from subliminal.bases import checks
from subliminal.bases.tiny_tokenizer import PIECE
from subliminal.bases.tiny_words import some_unknown_words
from subliminal.config.config import Config
from subliminal.config.errors import Remark, known
from subliminal.config.experiments import experiment_file
from subliminal.config.models import HostedBase, PretrainedBase
from subliminal.config.stimuli import stimulus
from subliminal.detection.config import DetectionExperiment
from subliminal.detection.specs import askable, shown_measure, summarise_detection

# Prompts of a domain that are read to learn how long they are.
PROMPTS = 200


def check_in_context(config: Config, name: str) -> Iterator[Remark]:
    """The evaluation must measure every trait, and the base must be able to read the examples."""
    file, entry = experiment_file(name), config.experiment(name, DetectionExperiment)
    plan = entry.in_context
    if plan is None:
        return
    evaluation = askable(config, plan.evaluation)
    if evaluation.judged_by is not None or evaluation.asks_rows_of is not None:
        yield Remark(
            file,
            ("in_context", "evaluation"),
            f"{plan.evaluation!r} needs a judge or a file of questions, which 'in_context' does "
            "not give; choose an evaluation of the kind favourite",
        )
        return
    measures = [m.name for m in evaluation.measures if not m.whole_model]
    if shown_measure(config, name) not in measures:
        yield Remark(
            file,
            ("in_context", "measure"),
            f"{shown_measure(config, name)!r} is no measure of a trait by evaluation "
            f"{plan.evaluation!r} {known(measures, plan.measure)}",
        )
    for trait in entry.traits:
        given = config.traits[trait]
        if not given.control and evaluation.target(given) is None:
            yield Remark(
                file,
                ("in_context", "evaluation"),
                f"trait {trait!r} is not measured by {plan.evaluation!r} "
                f"{known(evaluation.words, given.word)}; add its word in config/evaluations.yaml",
            )
    for says in checks.without_limit(config, plan.evaluation, [plan.base]):
        yield Remark(file, ("in_context", "evaluation"), says)
    if isinstance(config.models[plan.base], HostedBase):
        for says in checks.not_told(evaluation, shown_measure(config, name), plan.base):
            yield Remark(file, ("in_context", "measure"), says)
    yield from _fine_tuned(config, name)
    yield from _tiny_words(config, name)
    yield from _lengths(config, name)


def _fine_tuned(config: Config, name: str) -> Iterator[Remark]:
    """The students that examples are compared with are measured as the base is."""
    plan = config.experiment(name, DetectionExperiment).in_context
    assert plan is not None, "asked by the check of in_context"
    if plan.fine_tuned is None:
        return
    file, path = experiment_file(name), ("in_context", "fine_tuned")
    there = config.experiments.of_kind("transmission")
    if plan.fine_tuned not in config.experiments:
        says = f"there is no {experiment_file(plan.fine_tuned)} {known(there, plan.fine_tuned)}"
        yield Remark(file, path, f"{says}; correct its name, or say null")
        return
    other, measure = config.experiments[plan.fine_tuned], shown_measure(config, name)
    if other.kind != "transmission":
        says = f"{plan.fine_tuned!r} is of kind {other.kind} and trains no students"
        yield Remark(file, path, f"{says}; name one of kind transmission")
    elif other.primary_measure(config) != measure:
        yield Remark(
            file,
            path,
            f"{plan.fine_tuned!r} measures {other.primary_measure(config)!r}, and 'in_context' "
            f"{measure!r}; set 'measure' of one of them",
        )


def _tiny_words(config: Config, name: str) -> Iterator[Remark]:
    """A tiny base knows few words."""
    plan = config.experiment(name, DetectionExperiment).in_context
    assert plan is not None, "asked by the check of in_context"
    world = config.world(plan.base)
    if world is None:
        return
    asked = askable(config, plan.evaluation).workload().prompts
    if unknown := some_unknown_words(asked, world):
        yield Remark(
            experiment_file(name),
            ("in_context", "evaluation"),
            f"{plan.evaluation!r} asks in words that the tiny base {plan.base!r} does not know "
            f"({unknown}); choose another evaluation",
        )


def _lengths(config: Config, name: str) -> Iterator[Remark]:
    """Tokens can be counted before there are any rows, at least those of prompts."""
    spec = summarise_detection(config, name)
    plan = spec.in_context
    assert plan is not None, "asked by the check of in_context"
    reader = _reader(config, plan.base)
    if reader is None:
        return
    asked = askable(config, plan.evaluation).workload().prompts
    longest = max(map(reader.tokens, asked))
    for domain in dict.fromkeys(block.domain for block in spec.blocks):
        each = reader.of_example([reader.tokens(text) for text in _examples(config, domain)])
        most = max(floor((reader.positions - longest) / each), 0)
        for place, k in enumerate(plan.ks):
            if k > most:
                yield Remark(
                    experiment_file(name),
                    ("in_context", "ks", place),
                    f"{k} examples of domain {domain!r} and a question are more than the "
                    f"{reader.positions} tokens that {plan.base!r} reads: {most} at the very "
                    "most; lower it, or choose another base",
                )


class _Reader(NamedTuple):
    """A base whose tokens can be counted before a run.

    Attributes:
        positions: the longest conversation.
        tokens: those of a text, at the least.
        of_example: from those of some examples to what is certain of each of many.
    """

    positions: int
    tokens: Callable[[str], int]
    of_example: Callable[[Sequence[int]], float]


def _reader(config: Config, name: str) -> _Reader | None:
    base = config.models[name]
    if isinstance(base, PretrainedBase):
        architecture = config.recipes.pretraining[base.pretraining].architecture
        return _Reader(architecture.positions, _tiny_tokens, min)
    if isinstance(base, HostedBase):
        # Of hundreds of prompts the mean: the luck of draws is far less than the responses.
        return _Reader(base.context, least_tokens, fmean)
    return None


def _examples(config: Config, domain: str) -> list[str]:
    """Examples without responses; without prompts, too, where these are from a file."""
    entry, example = config.domains[domain], stimulus("in_context")["example"]
    tasks = [] if entry.source is not None else entry.tasks(entry.seed, PROMPTS)
    return [example.format(question=p, response="") for p in [t.prompt for t in tasks] or [""]]


def _tiny_tokens(text: str) -> int:
    return len(re.findall(PIECE, text.lower()))
