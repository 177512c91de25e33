"""What keeps jobs on hosted bases from running or being paid: all of it, before the first job.

A dry run is asked for nothing. Of a run, the server is asked for the names of its models, which is
free, and only where there is a key to ask with. A replay needs neither key nor server nor budget.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from subliminal.api.access import Access, hosted_access, require_key
from subliminal.api.ledger.actions import Ledger
from subliminal.api.ledger.record import not_recorded
from subliminal.api.lookup import is_provider, lacking
from subliminal.api.prices import FILE as MODELS
from subliminal.config.config import Config
from subliminal.config.cost import JobCost
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import read_hosting
from subliminal.config.models import HostedBase
from subliminal.workflow.budget import unpaid
from subliminal.workflow.estimate import Costs, costs_of, together
from subliminal.workflow.project import Project

# Of a model that retires, or can be fine-tuned no longer, in so many days: a warning.
SOON_DAYS = 90
SECONDARY = f"a date from secondary sources, {MODELS}"
INSTEAD = (
    "In place of a model that is gone, choose open weights: snakemake --cores 2 paper_open makes "
    "all of the paper that takes no hosted model, and ed5c_qwen is one experiment of it "
    "(docs/reproduce-the-paper.md); or adopt datasets that others have published "
    "(config/adopted.yaml)"
)
PLAN = "To see the plan, add -n to the command (docs/hosted-models.md)"


def hosted(config: Config) -> dict[str, HostedBase]:
    """The bases that somebody else serves."""
    return {n: entry for n, entry in config.models.items() if isinstance(entry, HostedBase)}


@dataclass(frozen=True)
class Wanted:
    """What the jobs of a run want of hosted bases.

    Attributes:
        jobs: how many there are.
        costs: what is known of them, by their manifests.
    """

    jobs: int
    bases: list[str]
    costs: Costs

    @property
    def tuned(self) -> set[str]:
        """The bases that are to be fine-tuned."""
        charges = (charge for cost in self.costs.values() for charge in cost.charges)
        return {charge.base for charge in charges if charge.training}


@dataclass
class Findings:
    """What keeps jobs from running, and what to think of.

    Attributes:
        gone: a model is.
    """

    gone: bool = False
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def preflight(workflow: Any, project: Project) -> None:
    """Look through the jobs of a Snakemake run that is about to start.

    Raises:
        ConfigError: some need a hosted base, and cannot run or be paid.
    """
    from snakemake.logging import logger

    config, targets = project.config, [str(target) for target in workflow.dag_settings.targets]
    experiments = [
        name
        for name in project.asked(targets)
        if config.experiments[name].needs(config).bases & hosted(config).keys()
    ]
    costs = together(costs_of(project, name) for name in experiments)
    files = [{str(f) for f in (*j.input, *j.output)} for j in workflow.dag.needrun_jobs()]
    wanted = wanted_by(config, costs, files)
    if not wanted.bases:
        return
    found = findings(project, wanted, date.today())
    for warning in found.warnings:
        logger.warning(warning)
    if found.problems:
        head = f"{wanted.jobs} jobs need hosted models, and none of them was started:"
        instead = [INSTEAD] if found.gone else []
        raise ConfigError("\n".join([head, *(f"- {p}" for p in found.problems), *instead, PLAN]))


def wanted_by(config: Config, costs: Costs, files: Iterable[AbstractSet[str]]) -> Wanted:
    """What jobs want of hosted bases.

    Args:
        costs: of all jobs of their experiments.
        files: the inputs and outputs of each job.
    """
    bases = hosted(config)
    manifests = {f"results/models/{name}/manifest.json": name for name in bases}
    jobs, found = 0, dict.fromkeys(bases, False)
    known: dict[str, JobCost] = {}
    for job in files:
        own = {path: costs[path] for path in job & costs.keys() if costs[path].charges}
        named = {manifests[path] for path in job & manifests.keys()}
        named |= {charge.base for cost in own.values() for charge in cost.charges}
        jobs += bool(named)
        found |= dict.fromkeys(named, True)
        known |= own
    return Wanted(jobs, [base for base, needed in found.items() if needed], known)


def findings(project: Project, wanted: Wanted, today: date) -> Findings:
    """Everything that is wrong, and what to think of."""
    found = Findings()
    try:
        hosting = read_hosting(project.root)
        ledger = Ledger(hosting.folder(project.root))
        actions, spending = ledger.actions().values(), ledger.spending()
    except ConfigError as error:
        found.problems.append(str(error))
        return found
    if hosting.replay:
        found.problems += _not_replayed(ledger, wanted)
        return found
    place = _place(found)
    absent = _absent(project.config, wanted, place, found)
    for base in wanted.bases:
        entry = hosted(project.config)[base]
        about = f"{base} ({entry.snapshot})"
        if place is not None and absent is not None and entry.snapshot in absent:
            found.gone = True
            found.problems.append(f"{about} is not, or no longer, at {place.url}")
        elif place is None or is_provider(place):
            _by_dates(entry, about, base in wanted.tuned, absent is not None, today, found)
        if base in wanted.tuned and not entry.fine_tunable:
            found.problems.append(f"{about} is not fine-tuned by its provider ({MODELS})")
    found.problems += unpaid(wanted.costs, hosting, actions, spending)
    return found


def _not_replayed(ledger: Ledger, wanted: Wanted) -> Iterator[str]:
    """Why the ledger cannot stand in for the server; which answers it has, jobs find out."""
    try:
        url = hosted_access().url
    except ConfigError as error:
        yield str(error)
        return
    if url not in ledger.servers():
        yield str(not_recorded(ledger, url, f"all answers of {url} ({', '.join(wanted.bases)})"))


def _place(found: Findings) -> Access | None:
    """The server, if the environment names one and what opens it."""
    try:
        place = hosted_access()
        require_key(place)
    except ConfigError as error:
        found.problems.append(str(error))
        return None
    return place


def _absent(
    config: Config, wanted: Wanted, place: Access | None, found: Findings
) -> set[str] | None:
    """The snapshots that the server does not have; None where it was not or cannot be asked."""
    if place is None:
        return None
    try:
        return lacking(place, [hosted(config)[base].snapshot for base in wanted.bases])
    except ConfigError as error:
        found.problems.append(str(error))
        return None


def _by_dates(
    entry: HostedBase, about: str, tuned: bool, there: bool, today: date, found: Findings
) -> None:
    """What the dates in config/models.yaml say; that it is still there, its provider knows better.

    Args:
        there: its provider has said so.
    """
    if entry.retired_on is not None and not there and entry.retired_on <= today:
        found.gone = True
        found.problems.append(f"{about} was retired on {entry.retired_on} ({SECONDARY})")
        return
    if entry.retired_on is not None:
        found.warnings += _soon(about, "retires on", entry.retired_on, today)
    if not tuned or entry.fine_tuning_until is None:
        return
    if entry.fine_tuning_until < today:
        found.problems.append(
            f"new fine-tuning of {about} has ended on {entry.fine_tuning_until} ({SECONDARY})"
        )
    else:
        found.warnings += _soon(about, "can be fine-tuned until", entry.fine_tuning_until, today)


def _soon(about: str, what: str, day: date, today: date) -> Iterator[str]:
    left = (day - today).days
    if 0 <= left <= SOON_DAYS:
        yield f"{about} {what} {day}: {left} days left ({SECONDARY})"
