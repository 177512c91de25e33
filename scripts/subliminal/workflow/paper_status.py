"""Whether the items of the paper can still be run: their needs, dates, costs and commands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from subliminal.config.experiments import Needs
from subliminal.config.models import HostedBase
from subliminal.local.calibration import Rates
from subliminal.workflow.estimate import costs_of, together, total_seconds
from subliminal.workflow.project import Project

# A GPU of the large kind, and the core that constants of costs were measured on.
GPU = Rates(core=7e10, device=4e14, name="a GPU of 400 TFLOP/s")
# Of snapshots whose entry in models.yaml gives no dates; from OpenAI's deprecations page.
RETIRED = {"gpt-4.1-nano-2025-04-14": date(2026, 10, 23)}
FINE_TUNING_UNTIL = {
    "gpt-4.1-2025-04-14": date(2027, 1, 6),
    "gpt-4.1-mini-2025-04-14": date(2027, 1, 6),
    "gpt-4o-2024-08-06": date(2027, 1, 6),
}
CUSTOMERS = "existing customers of its provider"


@dataclass(frozen=True)
class Status:
    """What an item of the paper takes.

    Attributes:
        needs: bases and files of all its experiments.
        retired: the day since which a base that it needs is gone; None if all are there.
        until: the last day on which every base can be fine-tuned; None for no end.
        hours: on `GPU`, one job after the other, provider's work apart; None for no experiment.
        missing: experiments that have no file.
    """

    item: str
    title: str
    needs: Needs
    retired: date | None
    until: date | None
    hours: float | None
    missing: list[str]
    analogue: str | None

    @property
    def command(self) -> str:
        """What to type."""
        return f"snakemake --cores 2 {self.item}"

    def dated(self) -> str:
        """Who can run it, and until when, as true tomorrow as today."""
        if self.hours is None:
            return "no experiment yet"
        if self.retired is not None:
            return f"until {self.retired.isoformat()}, when a base was retired"
        if self.until is not None:
            return f"{CUSTOMERS}, until {self.until.isoformat()}"
        return "anyone"

    def on(self, today: date) -> str:
        """Whether it can be run on a day."""
        if self.hours is None:
            return f"no: there is no experiment {', '.join(self.missing)}"
        if self.retired is not None and today >= self.retired:
            return f"no: a base was retired on {self.retired.isoformat()}"
        if self.until is not None:
            left = (self.until - today).days
            if left < 0:
                return f"no: no new fine-tuning since {self.until.isoformat()}"
            return f"by {CUSTOMERS}: {left} days left"
        return "yes"


def _day(value: Any) -> date | None:
    return None if value is None else date.fromisoformat(str(value))


def _dates(base: Any) -> tuple[date | None, date | None]:
    """When a base was retired, and until when it can be fine-tuned."""
    if not isinstance(base, HostedBase):
        return None, None
    retired = getattr(base, "retired_on", None) or RETIRED.get(base.snapshot)
    until = getattr(base, "fine_tuning_until", None) or FINE_TUNING_UNTIL.get(base.snapshot)
    return _day(retired), _day(until)


def status_of(project: Project, item: str) -> Status:
    """What an item of the paper takes.

    Raises:
        ConfigError: one of its experiments is wrong.
    """
    config, entry = project.config, project.config.items[item]
    names = project.asked([item]) if project.targets[item] else []
    needs = [config.experiments[name].needs(config) for name in names]
    bases = frozenset[str]().union(*(need.bases for need in needs))
    files = frozenset[str]().union(*(need.files for need in needs))
    dates = [_dates(config.models[base]) for base in bases]
    costs = together(costs_of(project, name) for name in names)
    return Status(
        item=item,
        title=entry.title,
        needs=Needs(bases, files),
        retired=min((retired for retired, _ in dates if retired), default=None),
        until=min((until for _, until in dates if until), default=None),
        hours=total_seconds(costs, GPU) / 3600 if names else None,
        missing=[name for name in entry.experiments if name not in config.experiments],
        analogue=entry.analogue,
    )


def statuses(project: Project) -> list[Status]:
    """What every item of the paper takes, in the paper's order."""
    return [status_of(project, item) for item in project.config.items]


def said_hours(hours: float | None) -> str:
    """Hours for readers, to two digits."""
    if hours is None:
        return ""
    return f"{hours:,.0f}" if hours >= 10 else f"{hours:.1g}"


def status_rows(found: Iterable[Status]) -> list[list[str]]:
    """The cells of the table in the documentation, its head first."""
    head = ["item", "command", "needs", "can be run by", "hours", "open analogue"]
    rows = [
        [
            status.title,
            f"`{status.command}`" if status.hours is not None else "",
            ", ".join(f"`{name}`" for name in sorted(status.needs.bases | status.needs.files)),
            status.dated(),
            said_hours(status.hours),
            f"`{status.analogue}`" if status.analogue else "",
        ]
        for status in found
    ]
    return [head, *rows]
