"""How long jobs take, here and at providers, stage after stage.

A stage is all jobs of a rule that are about the same kind of thing: prompts, teachers, data,
students, evaluations. It begins when the one before it has ended, and takes as long as the slowest
of these: its longest job; all of its jobs, so many side by side; what is asked of one hosted base,
which jobs do one after the other; what an account's limits let through; and the fine-tuning jobs of
a base, as many at a time and in a day as its account has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heapreplace
from typing import NamedTuple

from subliminal.config.config import Config
from subliminal.config.cost import Charge, JobCost, Wait
from subliminal.config.hosting import Hosting
from subliminal.config.models import HostedBase
from subliminal.config.speed import DAY, MINUTE, Speed
from subliminal.local.calibration import Rates
from subliminal.workflow.remaining import duration

MODELS = "config/models.yaml"
SOURCE = f"speed in {MODELS}, assumed"
# Shorter stages are not listed.
LISTED_SECONDS = 60.0


class Stage(NamedTuple):
    """The jobs of a rule about one kind of thing.

    Attributes:
        about: the folder of what they make.
        seconds: None where a provider's speed is not known.
    """

    rule: str
    about: str
    seconds: float | None


@dataclass(frozen=True)
class Clock:
    """What the time of jobs follows from.

    Attributes:
        speeds: of hosted bases; those whose speed is not known are not in it.
        requests_per_minute: that a job starts at most; None for no limit of its own.
    """

    rates: Rates
    speeds: Mapping[str, Speed] = field(default_factory=dict)
    requests_per_minute: int | None = None

    @classmethod
    def of(cls, rates: Rates, config: Config, hosting: Hosting | None) -> Clock:
        """The clock of a configuration.

        Args:
            hosting: None where no hosted model is asked.
        """
        bases = {n: e for n, e in config.models.items() if isinstance(e, HostedBase)}
        speeds = {name: base.speed for name, base in bases.items() if base.speed is not None}
        return cls(rates, speeds, hosting.requests_per_minute if hosting is not None else None)

    def here(self, cost: JobCost) -> float:
        """Seconds that a job computes on this machine, or on the device."""
        rate = self.rates.device if cost.accelerated else self.rates.core
        return cost.work.seconds + cost.work.flop / rate

    def answers(self, charge: Charge) -> float | None:
        """Seconds until a provider has answered all that a job asks of it."""
        if charge.seconds is None or self.requests_per_minute is None:
            return charge.seconds
        return max(charge.seconds, MINUTE * charge.requests / self.requests_per_minute)

    def elsewhere(self, cost: JobCost) -> float | None:
        """Seconds that a job waits for providers; None where their speed is not known."""
        waits = [self.answers(charge) for charge in cost.charges]
        return total([*waits, *([cost.wait.seconds] if cost.wait is not None else [])])

    def seconds(self, cost: JobCost) -> float | None:
        """Seconds of a job that has everything for itself."""
        return total([self.here(cost), self.elsewhere(cost)])


@dataclass(frozen=True)
class Timetable:
    """The stages of a run, in the order of the workflow.

    Attributes:
        hosted: some jobs wait for providers.
        side_by_side: jobs that run here at a time.
        unknown: why the time of some stages is not known.
    """

    stages: list[Stage]
    hosted: bool
    side_by_side: int
    unknown: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, costs: Iterable[JobCost], clock: Clock, side_by_side: int) -> Timetable:
        """The timetable of jobs, each of which counts once.

        Args:
            side_by_side: jobs that run here at a time; those that wait for a fine-tuning job are
                not among them.
        """
        groups: dict[tuple[str, str], list[JobCost]] = defaultdict(list)
        for cost in costs:
            groups[cost.rule, cost.manifest.split("/")[1]].append(cost)
        stages = [
            Stage(*names, _stage_seconds(group, clock, side_by_side))
            for names, group in groups.items()
        ]
        jobs = [cost for group in groups.values() for cost in group]
        hosted = any(cost.at_provider for cost in jobs)
        return cls(stages, hosted, side_by_side, _unknown(jobs))

    @property
    def seconds(self) -> float | None:
        """From the first to the last; None where a provider's speed is not known."""
        return total(stage.seconds for stage in self.stages)

    def lines(self) -> list[str]:
        """What readers are told of a run with hosted models; nothing of one without."""
        if not self.hosted:
            return []
        head = f"Stage by stage, {self.side_by_side} side by side, with hosted models:"
        if self.seconds is None:
            known = sum(stage.seconds or 0.0 for stage in self.stages)
            return [f"{head} {duration(known)} + ? ({'; '.join(self.unknown)})."]
        listed = [
            f"  {stage.rule} of {stage.about}: {duration(stage.seconds)}"
            for stage in self.stages
            if stage.seconds is not None and stage.seconds >= LISTED_SECONDS
        ]
        return [f"{head} about {duration(self.seconds)} ({SOURCE}):", *listed]


def total(parts: Iterable[float | None]) -> float | None:
    """The sum, if all are known."""
    known = list(parts)
    return None if None in known else sum(part for part in known if part is not None)


def _unknown(costs: Iterable[JobCost]) -> list[str]:
    """Why the time of jobs is not known: they order batches, or a base has no speed."""
    charges: list[Charge] = []
    waits: list[Wait] = []
    for cost in costs:
        charges += cost.charges
        waits += [cost.wait] if cost.wait is not None else []
    silent = {charge.base for charge in charges if charge.seconds is None and charge.way != "batch"}
    silent |= {wait.base for wait in waits if wait.seconds is None}
    return [
        *(
            ["answers in batches come within a day"]
            if any(c.way == "batch" for c in charges)
            else []
        ),
        *(f"{base} has no speed in {MODELS}" for base in sorted(silent)),
    ]


def makespan(lengths: Sequence[float], side_by_side: int) -> float:
    """When the last job ends, if whoever is free takes the next one."""
    busy = [0.0] * side_by_side
    heapify(busy)
    for length in lengths:
        heapreplace(busy, busy[0] + length)
    return max(busy)


def _stage_seconds(costs: Sequence[JobCost], clock: Clock, side_by_side: int) -> float | None:
    lengths = [clock.seconds(cost) for cost in costs]
    known = [length for length in lengths if length is not None]
    if len(known) < len(lengths):
        return None
    working = [each for each, cost in zip(known, costs, strict=True) if cost.wait is None]
    waits = [cost.wait for cost in costs if cost.wait is not None]
    charges = [charge for cost in costs for charge in cost.charges if not charge.training]
    bounds = [makespan(working, side_by_side)]
    for base, speed in clock.speeds.items():
        bounds.append(_asked([charge for charge in charges if charge.base == base], speed, clock))
        bounds.append(_tuned([wait.seconds or 0.0 for wait in waits if wait.base == base], speed))
    return max(bounds)


def _asked(charges: Sequence[Charge], speed: Speed, clock: Clock) -> float:
    """Jobs that ask a base alike do so one after the other; its account's limits are shared."""
    queue = sum(clock.answers(charge) or 0.0 for charge in charges if not charge.tuned)
    requests = sum(charge.requests for charge in charges)
    return max(queue, speed.least(requests, sum(charge.tokens for charge in charges)))


def _tuned(lengths: Sequence[float], speed: Speed) -> float:
    """Fine-tuning jobs of a base."""
    if not lengths:
        return 0.0
    days = (len(lengths) - 1) // speed.tuning_jobs_per_day if speed.tuning_jobs_per_day else 0
    return max(makespan(lengths, speed.tuning_jobs), days * DAY + min(lengths))
