"""The cost of experiments, before anything of them is computed.

Every kind of experiment says what its jobs take, over the rates that a short calibration found on
this machine. Good to a factor of two: it is there to tell minutes from days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tabulate import tabulate

from subliminal.config.cost import JobCost, Work
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting, read_hosting
from subliminal.config.text import one_line
from subliminal.local.calibration import Rates
from subliminal.workflow.bill import MILLION, Bill, said_usd
from subliminal.workflow.kinds import KINDS
from subliminal.workflow.project import Project
from subliminal.workflow.remaining import duration

# From the manifests of the default run.
FIGURE_SECONDS = 5.0
GIGA = 1e9
COLUMNS = ["jobs", "time", "GB RAM", "GB GPU", "GB disk", "M tokens", "hosted USD"]
Costs = Mapping[str, JobCost]
"""Jobs by their manifests."""


def costs_of(project: Project, experiment: str) -> Costs:
    """Every job of an experiment, in the order of the workflow; the report is nobody's."""
    kind = KINDS[project.config.experiments[experiment].kind]
    costs = {cost.manifest: cost for cost in kind.costs(project.config, experiment)}
    if any(cost.charges for cost in costs.values()):
        costs = _as_asked(costs, read_hosting(project.root))
    for figure in project.figures(experiment):
        manifest = f"results/figures/{experiment}/{figure}.manifest.json"
        costs[manifest] = JobCost("plot_figure", "", manifest, Work(seconds=FIGURE_SECONDS))
    return costs


def _as_asked(costs: Costs, hosting: Hosting) -> dict[str, JobCost]:
    """Jobs at the price of the way in which answers come."""
    if hosting.sampling != "batch":
        return dict(costs)
    return {
        path: replace(cost, charges=tuple(c.in_batches(hosting.share) for c in cost.charges))
        for path, cost in costs.items()
    }


def unfinished(project: Project, costs: Costs) -> Costs:
    """The jobs that have no manifest yet."""
    return {path: cost for path, cost in costs.items() if not (project.root / path).exists()}


def together(parts: Iterable[Costs]) -> Costs:
    """The jobs of several experiments: shared ones count once."""
    return {path: cost for part in parts for path, cost in part.items()}


def seconds(cost: JobCost, rates: Rates) -> float:
    """The time of one job."""
    return cost.work.seconds + cost.work.flop / (rates.device if cost.accelerated else rates.core)


def total_seconds(costs: Costs, rates: Rates) -> float:
    """The time of all jobs, one after the other."""
    return sum(seconds(cost, rates) for cost in costs.values())


def least_seconds(parts: Sequence[Costs], rates: Rates, side_by_side: int) -> float:
    """The time below which no run can come that runs so many jobs side by side.

    Within an experiment, rules come one after the other: each at least as long as its longest job.
    """
    chains = [0.0]
    for costs in parts:
        longest: dict[str, float] = {}
        for cost in costs.values():
            longest[cost.rule] = max(longest.get(cost.rule, 0.0), seconds(cost, rates))
        chains.append(sum(longest.values()))
    return max(*chains, total_seconds(together(parts), rates) / side_by_side)


def _row(costs: Costs, rates: Rates, price: float | None) -> list[str]:
    memory = max((cost.memory_mb for cost in costs.values()), default=0) / 1000
    gpu = max((cost.gpu_bytes for cost in costs.values()), default=0) / GIGA
    disk = sum(cost.disk_bytes for cost in costs.values()) / GIGA
    bill = Bill.of(costs.values())
    tokens = bill.tokens / MILLION
    length = total_seconds(costs, rates)
    # What is done elsewhere takes nobody knows how long.
    told = duration(length) if not tokens else f"{duration(length)} + ?"
    cells = [f"{len(costs):,}", told, f"{memory:.1f}" if memory else "-"]
    cells += [f"{gpu:.0f}" if gpu else "-", f"{disk:,.2f}"]
    cells += [f"{tokens:,.1f}", said_usd(bill.usd, bool(bill.unpriced))] if tokens else ["-", "-"]
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
    if bill.items:
        known.append("Tokens are those of hosted models; how long they take (?) is not known.")
        known += bill.lines()
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
    groups: dict[tuple[str, str], dict[str, JobCost]] = {}
    for path, cost in costs.items():
        groups.setdefault((cost.rule, cost.model), {})[path] = cost
    rows = [[*names, *_row(group, rates, price)] for names, group in groups.items()]
    rows.append(["all", "", *_row(costs, rates, price)])
    least = duration(least_seconds(parts, rates, side_by_side))
    lines = [_table(["rule", "model"], rows, price), ""]
    if side_by_side > 1:
        lines.append(
            f"With {side_by_side} jobs side by side, each on its own device: {least} or more."
        )
    return "\n".join([*lines, *_told(costs, rates, price)])


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
    rows, left = [], []
    for name, project in projects.items():
        if isinstance(project, ConfigError):
            rows.append([name, "refused", *[""] * len(_head(price)), one_line(str(project), 200)])
            continue
        entry, whole = project.config.experiments[name], costs_of(project, name)
        left.append(unfinished(project, whole))
        done = len(whole) - len(left[-1])
        state = f"{done:,} of {len(whole):,}" if left[-1] else "finished"
        about = f"{one_line(entry.title, 60)} ({one_line(entry.paper, 40)})"
        rows.append([name, state, *_row(left[-1], rates, price), about])
    costs = together(left)
    rows.append(["all together", "", *_row(costs, rates, price), ""])
    lines = [_table(["experiment", "computed"], rows, price), ""]
    lines.append("make estimate CONFIG=tiny shows an experiment's stages.")
    lines.append("python scripts/estimate.py --tflops 400 estimates for a GPU that is not here.")
    return "\n".join([*lines, *_told(costs, rates, price)])
