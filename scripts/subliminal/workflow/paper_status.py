"""Whether the items of the paper can still be run: their needs, dates, costs and commands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from subliminal.config.config import Config
from subliminal.config.experiments import Needs
from subliminal.config.files import LocalFile, SuppliedFile
from subliminal.config.hosting import read_hosting
from subliminal.config.models import HostedBase
from subliminal.config.needs import joined
from subliminal.config.speed import HOUR
from subliminal.local.calibration import Rates
from subliminal.workflow.bill import Bill
from subliminal.workflow.estimate import costs_of, seconds_here, together
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.project import Project
from subliminal.workflow.timetable import Clock, Timetable

# A GPU of the large kind, and the core that constants of costs were measured on.
GPU = Rates(core=7e10, device=4e14, name="a GPU of 400 TFLOP/s")
# That a command names, and that run side by side.
SLOTS = 2
CUSTOMERS = "existing customers of its provider"


@dataclass(frozen=True)
class Status:
    """What an item of the paper takes.

    Attributes:
        first_version: what the paper's first version calls it; None for nothing.
        needs: bases and files of all its experiments.
        retired: the day from which a base that it needs is gone; None if all stay.
        until: the last day on which all that are fine-tuned can be; None for no end.
        hours: on `GPU`, one job after the other, provider's work apart; None for no experiment.
        timetable: of `SLOTS` jobs side by side, provider's work included.
        bill: of the providers of hosted bases.
        missing: experiments that have no file.
        analogues: experiments of the same design on models whose weights are open.
        supplied: of its files, those that the user has to get, and to name in `files.yaml`.
        asks_for_gpu: whether jobs ask the scheduler for a GPU.
    """

    item: str
    title: str
    first_version: str | None
    needs: Needs
    retired: date | None
    until: date | None
    hours: float | None
    timetable: Timetable
    bill: Bill
    missing: list[str]
    analogues: list[str]
    supplied: list[str]
    asks_for_gpu: bool

    @property
    def command(self) -> str:
        """What to type; one job at a time on a GPU. Behind `--resources` a target would be one."""
        gpu = " --resources gpu=1" if self.asks_for_gpu else ""
        return f"snakemake {self.item} --cores {SLOTS}{gpu}"

    @property
    def _tuning_ends_first(self) -> bool:
        return self.until is not None and (self.retired is None or self.until < self.retired)

    @property
    def _ends(self) -> dict[str, date]:
        """The first days on which it cannot be run, by why."""
        ends = {"when a base was retired": self.retired} if self.retired is not None else {}
        if self.until is not None:
            ends["as new fine-tuning has ended"] = self.until + timedelta(days=1)
        return ends

    def dated(self, day: date) -> str:
        """Who can run it as of a day, and until when."""
        if self.hours is None:
            return "no experiment yet"
        past = [(end, why) for why, end in self._ends.items() if end <= day]
        if past:
            end, why = min(past)
            return f"nobody since {end.isoformat()}, {why}"
        if self.until is not None and self._tuning_ends_first:
            return f"{CUSTOMERS}, until {self.until.isoformat()}"
        if self.retired is not None:
            who = "anyone" if self.until is None else CUSTOMERS
            return f"{who}, before {self.retired.isoformat()}, when a base is retired"
        return "anyone"

    def on(self, today: date) -> str:
        """Whether it can be run on a day."""
        if self.hours is None:
            return f"no: there is no experiment {', '.join(self.missing)}"
        if self.retired is not None and today >= self.retired:
            return f"no: a base was retired on {self.retired.isoformat()}"
        if self.until is not None and today > self.until:
            return f"no: no new fine-tuning since {self.until.isoformat()}"
        if self.until is not None and self._tuning_ends_first:
            return f"by {CUSTOMERS}: {(self.until - today).days} days left"
        if self.retired is not None:
            who = "yes" if self.until is None else f"by {CUSTOMERS}"
            return f"{who}: {(self.retired - today).days} days left"
        return "yes"


def status_of(project: Project, item: str) -> Status:
    """What an item of the paper takes.

    Raises:
        ConfigError: one of its experiments is wrong.
    """
    config, entry = project.config, project.config.items[item]
    names = project.asked([item]) if project.targets[item] else []
    needs = joined(_needs(config, name, entry.part) for name in names)
    hosted = {b: m for b, m in config.models.items() if isinstance(m, HostedBase)}
    served = [hosted[base].retired_on for base in needs.bases & set(hosted)]
    tuned = [hosted[base].fine_tuning_until for base in needs.tuned & set(hosted)]
    costs = together(costs_of(project, name, entry.part) for name in names)
    clock = Clock.of(
        GPU, config, read_hosting(project.root) if hosted.keys() & needs.bases else None
    )
    return Status(
        item=item,
        title=entry.title,
        first_version=entry.first_version,
        needs=needs,
        retired=min((day for day in served if day is not None), default=None),
        until=min((day for day in tuned if day is not None), default=None),
        hours=seconds_here(costs, clock) / HOUR if names else None,
        timetable=Timetable.of(costs.values(), clock, SLOTS),
        bill=Bill.of(costs.values()),
        missing=[name for name in entry.experiments if name not in config.experiments],
        analogues=config.analogues(item),
        supplied=[name for name in sorted(needs.files) if _unnamed(config.files[name])],
        asks_for_gpu=any(config.models[b].tier in config.settings.gpu_tiers for b in needs.bases),
    )


def _needs(config: Config, name: str, part: str | None) -> Needs:
    experiment = config.experiments[name]
    if part is None:
        return experiment.needs(config)
    return KINDS[experiment.kind].parts[part].needs(config, name)


def _unnamed(file: SuppliedFile) -> bool:
    return isinstance(file, LocalFile) and file.path is None


def statuses(project: Project) -> list[Status]:
    """What every item of the paper takes, in the paper's order."""
    return [status_of(project, item) for item in project.config.items]


def said_hours(hours: float | None) -> str:
    """Hours for readers, to two digits."""
    if hours is None:
        return ""
    return f"{hours:,.0f}" if hours >= 10 else f"{hours:.1g}"


def said_timetable(table: Timetable) -> str:
    """Hours with hosted models, for readers; empty where none is asked."""
    if not table.hosted:
        return ""
    return "?" if table.seconds is None else said_hours(table.seconds / HOUR)


def said_bill(bill: Bill) -> str:
    """What providers take, for readers, in whole USD; empty where none is asked."""
    return bill.said(digits=0)


def status_rows(found: Iterable[Status], day: date) -> list[list[str]]:
    """The cells of the table in the documentation as of a day, its head first."""
    head = [
        "item",
        "command",
        "bases",
        "files to supply",
        f"on {day.isoformat()} can be run by",
        "hours",
        "hosted hours",
        "USD",
    ]
    rows = [
        [
            _titled(status),
            f"`{status.command}`" if status.hours is not None else "",
            _listed(sorted(status.needs.bases)),
            _listed(status.supplied),
            status.dated(day),
            said_hours(status.hours),
            said_timetable(status.timetable),
            said_bill(status.bill),
            _listed(status.analogues),
        ]
        for status in found
    ]
    return [[*head, "analogues"], *rows]


def counterpart_rows(config: Config) -> list[list[str]]:
    """The cells of the table of the paper's experiments and their counterparts, its head first."""
    rows = [
        [
            item.title,
            _listed(item.experiments),
            _listed(item.shown),
            _listed(config.analogues(name)),
        ]
        for name, item in config.items.items()
    ]
    head = ["item", "the paper's own", "tables and figures", "counterparts that need no account"]
    return [head, *rows]


def _titled(status: Status) -> str:
    """The title, with what the first version calls it where that differs."""
    first = status.first_version
    return (
        status.title
        if first is None or first in status.title
        else f"{status.title} (first version: {first})"
    )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
