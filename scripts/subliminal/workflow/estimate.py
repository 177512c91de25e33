"""The cost of experiments, before anything of them is computed.

Every kind of experiment says what its jobs take, over the rates that a short calibration found on
this machine. Good to a factor of two: it is there to tell minutes from days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tabulate import tabulate

from subliminal.config.cost import JobCost, Work
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting, read_hosting
from subliminal.config.models import HostedBase
from subliminal.config.needs import joined
from subliminal.config.text import one_line
from subliminal.local.calibration import Rates
from subliminal.workflow.bill import MILLION, Bill
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.project import Project
from subliminal.workflow.remaining import duration
from subliminal.workflow.timetable import Clock, Timetable, total

# From the manifests of the default run.
FIGURE_SECONDS = 5.0
GIGA = 1e9
COLUMNS = ["jobs", "time", "GB RAM", "GB GPU", "GB disk", "M tokens"]
COLUMNS += ["hosted time", "hosted USD"]
Costs = Mapping[str, JobCost]
"""Jobs by their manifests."""


def costs_of(project: Project, experiment: str, part: str | None = None) -> Costs:
    """Every job of an experiment, in the order of the workflow; the report is nobody's.

    Args:
        part: the table that is made of it by itself; None for all of it.
    """
    kind = KINDS[project.config.experiments[experiment].kind]
    found = kind.costs if part is None else kind.parts[part].costs
    costs = {cost.manifest: cost for cost in found(project.config, experiment)}
    if any(cost.at_provider for cost in costs.values()):
        costs = _as_asked(costs, read_hosting(project.root))
    for figure in project.figures(experiment) if part is None else []:
        manifest = f"results/figures/{experiment}/{figure}.manifest.json"
        costs[manifest] = JobCost("plot_figure", "", manifest, Work(seconds=FIGURE_SECONDS))
    return costs


def _as_asked(costs: Costs, hosting: Hosting) -> dict[str, JobCost]:
    """Jobs at the price of the way in which answers come."""
    if hosting.replay:
        return {path: cost.recorded() for path, cost in costs.items()}
    if hosting.sampling == "batch":
        return {path: cost.in_batches(hosting.share) for path, cost in costs.items()}
    return dict(costs)


def unfinished(project: Project, costs: Costs) -> Costs:
    """The jobs that have no manifest yet."""
    return {path: cost for path, cost in costs.items() if not (project.root / path).exists()}


def together(parts: Iterable[Costs]) -> Costs:
    """The jobs of several experiments: shared ones count once."""
    return {path: cost for part in parts for path, cost in part.items()}


def clock_of(project: Project, rates: Rates) -> Clock:
    """What the time of a project's jobs follows from.

    Raises:
        ConfigError: some ask hosted models, and `config/openai.yaml` cannot be read.
    """
    config = project.config
    needs = joined(config.experiments[name].needs(config) for name in project.experiments)
    hosted = any(isinstance(config.models[base], HostedBase) for base in needs.bases)
    return Clock.of(rates, config, read_hosting(project.root) if hosted else None)


def seconds_here(costs: Costs, clock: Clock) -> float:
    """The time of all jobs, one after the other, without what is done at providers."""
    return sum(map(clock.here, costs.values()))


def _row(costs: Costs, clock: Clock, price: float | None) -> list[str]:
    memory = max((cost.memory_mb for cost in costs.values()), default=0) / 1000
    gpu = max((cost.gpu_bytes for cost in costs.values()), default=0) / GIGA
    disk = sum(cost.disk_bytes for cost in costs.values()) / GIGA
    bill = Bill.of(costs.values())
    tokens = bill.tokens / MILLION
    length, elsewhere = seconds_here(costs, clock), total(map(clock.elsewhere, costs.values()))
    waits = "-" if elsewhere == 0 else "?" if elsewhere is None else duration(elsewhere)
    cells = [f"{len(costs):,}", duration(length), f"{memory:.1f}" if memory else "-"]
    cells += [f"{gpu:.0f}" if gpu else "-", f"{disk:,.2f}"]
    cells += [f"{tokens:,.1f}" if tokens else "-", waits]
    cells += [bill.said() or "-"]
    return cells if price is None else [*cells, f"{length / 3600 * price:,.2f}"]


def _head(price: float | None) -> list[str]:
    return COLUMNS if price is None else [*COLUMNS, "device USD"]


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], price: float | None) -> str:
    """A table whose first columns are texts; a last column without a heading is one, too."""
    numbers = _head(price)
    texts = len(rows[0]) - len(names) - len(numbers)
    align = ["left"] * len(names) + ["right"] * len(numbers) + ["left"] * texts
    head = [*names, *numbers, *[""] * texts]
    return tabulate(rows, head, "plain", colalign=align, disable_numparse=True)


def _told(costs: Costs, rates: Rates, price: float | None) -> list[str]:
    known = [f"Jobs run on {rates.name}, at {rates.device / GIGA:,.0f} GFLOP/s."]
    if rates.device != rates.core:
        known.append(f"Tiny models stay on a processor core, at {rates.core / GIGA:,.0f} GFLOP/s.")
    if price is not None:
        known.append(f"An hour of one job's device costs {price:g} USD.")
    bill = Bill.of(costs.values())
    if bill.tokens:
        known.append(
            "Tokens and hosted time are of hosted models; time is one job after the other."
        )
    known += bill.lines()
    if bill.tokens:
        known.append("Lengths of hosted models' answers are assumed (docs/hosted-models.md).")
    known.append("Finished jobs are left out. RAM and GPU are of one job. Good to a factor of two.")
    return known


def by_stage(
    project: Project, rates: Rates, side_by_side: int = 1, price: float | None = None
) -> str:
    """The project's experiments together: a line per rule and model.

    Args:
        price: of an hour of a device, in US dollars.
    """
    parts = [unfinished(project, costs_of(project, name)) for name in project.experiments]
    costs = together(parts)
    clock = clock_of(project, rates)
    groups: dict[tuple[str, str], dict[str, JobCost]] = {}
    for path, cost in costs.items():
        groups.setdefault((cost.rule, cost.model), {})[path] = cost
    rows = [[*names, *_row(group, clock, price)] for names, group in groups.items()]
    rows.append(["all", "", *_row(costs, clock, price)])
    timetable = Timetable.of(costs.values(), clock, side_by_side)
    lines = [_table(["rule", "model"], rows, price), ""]
    if side_by_side > 1 and not timetable.hosted and timetable.seconds is not None:
        lines.append(
            f"With {side_by_side} jobs side by side, each on its own device: about "
            f"{duration(timetable.seconds)}."
        )
    return "\n".join([*lines, *_told(costs, rates, price), *timetable.lines()])


def load_each(root: Path, names: Iterable[str]) -> dict[str, Project | ConfigError]:
    """Every experiment by itself: one whose file is wrong does not hide the others."""
    found: dict[str, Project | ConfigError] = {}
    for name in names:
        try:
            found[name] = Project.load(root, {"experiments": [name]})
        except ConfigError as error:
            found[name] = error
    return found


def by_experiment(
    projects: Mapping[str, Project | ConfigError], rates: Rates, price: float | None = None
) -> str:
    """Experiments side by side: a line each, and one for all of them together."""
    rows, left, clocks = [], [], [Clock(rates)]
    for name, project in projects.items():
        if isinstance(project, ConfigError):
            rows.append([name, "refused", *[""] * len(_head(price)), one_line(str(project), 200)])
            continue
        entry, whole = project.config.experiments[name], costs_of(project, name)
        left.append(unfinished(project, whole))
        clocks.append(clock_of(project, rates))
        done = len(whole) - len(left[-1])
        state = f"{done:,} of {len(whole):,}" if left[-1] else "finished"
        about = f"{one_line(entry.title, 60)} ({one_line(entry.paper, 40)})"
        rows.append([name, state, *_row(left[-1], clocks[-1], price), about])
    # Those without hosted models know of no limit.
    clock = max(clocks, key=lambda clock: clock.requests_per_minute or 0)
    costs = together(left)
    rows.append(["all together", "", *_row(costs, clock, price), ""])
    lines = [_table(["experiment", "computed"], rows, price), ""]
    lines.append("make estimate CONFIG=tiny shows an experiment's stages.")
    lines.append("python scripts/estimate.py --tflops 400 estimates for a GPU that is not here.")
    return "\n".join([*lines, *_told(costs, rates, price)])
