"""The origin of everything in a report, and the time it took, from manifests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subliminal.artefacts.verified import parents_of, read_manifest
from subliminal.config.errors import ConfigError

# What is read of a run, with its type.
RUN: dict[str, Any] = {
    "seconds": int | float,
    "peak_memory_mb": int,
    "device": str,
    "python": str,
    "packages": dict,
    "git_commit": str | None,
}
Manifests = Mapping[Path, Mapping[str, Any]]


@dataclass(frozen=True)
class StageFacts:
    """Time and memory of the jobs of one stage together; `reads` are the stages it builds on."""

    stage: str
    reads: list[str]
    jobs: int
    seconds: float
    peak_memory_mb: int
    devices: list[str]


@dataclass(frozen=True)
class Versions:
    """Versions and processors that the jobs ran with; more than one entry where they differ.

    `processors` has the instruction sets that torch used, by processor; none without torch.
    `finished` has the times of the first and the last job's end; none unless all are recorded.
    `hosted` has the models that servers were asked for, by address; those that were fine-tuned for
    this are not among them.
    """

    commits: list[str]
    pythons: list[str]
    packages: dict[str, list[str]]
    processors: dict[str, list[str]]
    finished: list[str]
    hosted: dict[str, list[str]]

    def instruction_sets(self) -> list[str]:
        """The instruction sets of all processors together."""
        return sorted({found for sets in self.processors.values() for found in sets})


def _sorted_sets(found: Mapping[str, set[str]]) -> dict[str, list[str]]:
    return {name: sorted(values) for name, values in sorted(found.items())}


def ancestry(manifests: Iterable[Path]) -> Manifests:
    """These manifests and the manifests of all ancestors by absolute path, each read once.

    An ancestor whose manifest was deleted is left out, and so is what only it came from.

    Raises:
        ConfigError: one of them is not what it was.
    """
    found: dict[Path, Mapping[str, Any]] = {}
    todo = [path.absolute() for path in manifests]
    while todo:
        path = todo.pop()
        if path in found or not path.exists():
            continue
        found[path] = read_manifest(path)
        todo.extend(parents_of(path, found[path]).values())
    return found


def _depths(manifests: Manifests) -> dict[Path, int]:
    """Each artefact's distance, in steps, from one that came from nothing."""
    depths: dict[Path, int] = {}
    open_paths: set[Path] = set()

    def depth(path: Path) -> int:
        if path not in depths:
            if path in open_paths:
                raise ConfigError(f"{path} descends from itself; type: rm {path}, and make it anew")
            open_paths.add(path)
            parents = parents_of(path, manifests[path]).values()
            above = [depth(parent) for parent in parents if parent in manifests]
            depths[path] = 1 + max(above, default=-1)
        return depths[path]

    for path in manifests:
        depth(path)
    return depths


def _run(path: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest says of its run, which its id does not cover."""
    run: dict[str, Any] = manifest["run"]
    for key, kind in RUN.items():
        if not isinstance(run.get(key), kind):
            raise ConfigError(
                f"{path} was edited: 'run' has no {key!r}; type: rm {path}, then run the same "
                "command again"
            )
    return run


def _ordered(reads: Mapping[str, Collection[str]], depths: Mapping[str, int]) -> list[str]:
    """Stages, each after all that it reads, and otherwise the less deep first.

    The depth alone does not tell: of a stage that some paths reach early and others late, what it
    makes early may be all that another stage reads.
    """
    left = sorted(reads, key=lambda stage: (depths[stage], stage))
    order: list[str] = []
    while left:
        ready = (stage for stage in left if not set(reads[stage]).intersection(left) - {stage})
        order.append(next(ready, left[0]))
        left.remove(order[-1])
    return order


def described_stages(manifests: Manifests) -> list[StageFacts]:
    """Time and memory of each stage, in the order in which stages build on one another."""
    depths = _depths(manifests)
    by_stage: dict[str, list[Path]] = defaultdict(list)
    for path, manifest in manifests.items():
        by_stage[manifest["stage"]].append(path)
    reads = {
        stage: {
            manifests[parent]["stage"]
            for path in paths
            for parent in parents_of(path, manifests[path]).values()
            if parent in manifests
        }
        for stage, paths in by_stage.items()
    }
    deepest = {stage: max(depths[path] for path in paths) for stage, paths in by_stage.items()}
    order = _ordered(reads, deepest)
    facts = []
    for number, stage in enumerate(order):
        runs = [_run(path, manifests[path]) for path in by_stage[stage]]
        facts.append(
            StageFacts(
                stage=stage,
                reads=[name for name in order[:number] if name in reads[stage]],
                jobs=len(runs),
                seconds=sum(run["seconds"] for run in runs),
                peak_memory_mb=max(run["peak_memory_mb"] for run in runs),
                devices=sorted({run["device"] for run in runs}),
            )
        )
    return facts


def described_versions(manifests: Manifests) -> Versions:
    """The versions and processors that made everything; older manifests lack processor and time."""
    runs = [_run(path, manifest) for path, manifest in manifests.items()]
    packages: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        for package, version in run["packages"].items():
            packages[package].add(version)
    processors: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        if "processor" in run:
            processors[run["processor"]].update(
                [run["instruction_set"]] if "instruction_set" in run else []
            )
    finished = sorted({run["finished"] for run in runs if "finished" in run})
    return Versions(
        commits=sorted({run["git_commit"] for run in runs if run["git_commit"] is not None}),
        pythons=sorted({run["python"] for run in runs}),
        packages=_sorted_sets(packages),
        processors=_sorted_sets(processors),
        finished=[finished[0], finished[-1]] if all("finished" in run for run in runs) else [],
        hosted=_hosted(manifests),
    )


def _hosted(manifests: Manifests) -> dict[str, list[str]]:
    """Hosted models by their server's address, without those that were fine-tuned on the way."""
    told = [(m["stage"], m["facts"]) for m in manifests.values() if "server" in m["facts"]]
    tuned = {facts["model"] for stage, facts in told if stage == "wait_for_tuning"}
    found: dict[str, set[str]] = defaultdict(set)
    for _, facts in told:
        found[facts["server"]].update({facts.get("model")} - tuned - {None})
    return _sorted_sets(found)
