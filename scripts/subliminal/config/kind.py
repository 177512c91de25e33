"""What a kind of experiment is: everything that the workflow has to know of it.

A kind has a room of the library. `figures/` in it has a module per figure, with a function of the
same name; `shown.py` says how the report shows an experiment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from subliminal.config.config import Config
from subliminal.config.cost import JobCost
from subliminal.config.errors import Remark
from subliminal.config.experiments import Experiment, Needs


@dataclass(frozen=True)
class Part:
    """What can be made of an experiment without the rest of it: one table, with its manifest.

    Attributes:
        needs: the bases and files that it takes.
        costs: what its jobs take; a job may appear more than once.
    """

    needs: Callable[[Config, str], Needs]
    costs: Callable[[Config, str], Iterator[JobCost]]


@dataclass(frozen=True)
class Kind:
    """One kind of experiment.

    Attributes:
        experiment: what its file says.
        check: where an experiment does not fit the rest of the configuration.
        jobs: makes what its rules ask: specs, inputs, and what a job asks of the machine.
        costs: what an experiment's jobs take, all but figures; a job may appear more than once.
        rules: the files of `rules/` that have its rules, without `.smk`.
        tables: the names of its final tables.
        figures: the names of an experiment's figures, in order.
        warn: where an experiment can be computed, and may not tell what it is made for.
        text: what figures and report say of an experiment beside title and paper.
        parts: what can be made of an experiment by itself, by the name of its table.
    """

    experiment: type[Experiment]
    check: Callable[[Config, str], Iterable[Remark]]
    jobs: Callable[[Config], Any]
    costs: Callable[[Config, str], Iterator[JobCost]]
    rules: Sequence[str]
    tables: Sequence[str]
    figures: Callable[[Any], list[str]]
    warn: Callable[[Config, str], Iterable[Remark]] = lambda config, name: ()
    text: Callable[[Config, str], dict[str, Any]] = lambda config, name: {}
    parts: Mapping[str, Part] = field(default_factory=dict)
