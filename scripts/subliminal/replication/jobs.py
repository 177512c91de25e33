"""What the rule of comparisons asks of the configuration: its inputs and spec."""

from __future__ import annotations

from dataclasses import dataclass

from subliminal.config.config import Config
from subliminal.config.wildcards import Wildcards
from subliminal.evaluations.registry import MEASURES
from subliminal.replication.config import ReplicationExperiment
from subliminal.replication.specs import AskedItem, CompareWithPaperSpec


@dataclass(frozen=True)
class ReplicationJobs:
    """A checked configuration's comparisons."""

    config: Config

    @property
    def experiments(self) -> list[str]:
        """All experiments of this kind."""
        return self.config.names_of(ReplicationExperiment)

    def compare(self, w: Wildcards) -> CompareWithPaperSpec:
        """Spec of rule compare_with_paper."""
        entry = self.config.experiment(w.experiment, ReplicationExperiment)
        runs = entry.run_of(self.config)
        run = {name: self.config.experiments[name] for name in runs.values()}
        return CompareWithPaperSpec(
            experiment=w.experiment,
            runs=runs,
            not_run=entry.not_run(self.config),
            measures={name: e.primary_measure(self.config) for name, e in run.items()},
            chances={
                name: chance
                for name, e in run.items()
                if (chance := e.chance(self.config)) is not None
                and MEASURES[e.primary_measure(self.config) or ""].whole_model
            },
            stand_ins=entry.names(self.config),
            claimed=entry.claimed(self.config),
            items=[
                AskedItem(name=name, title=item.title, not_compared=item.not_compared)
                for name, item in entry.compared(self.config).items()
            ],
            model_organisms=[name for name, e in run.items() if e.model_organism],
        )

    def tables(self, w: Wildcards) -> list[str]:
        """The manifests beside the tables that are compared."""
        entry = self.config.experiment(w.experiment, ReplicationExperiment)
        return [f"results/tables/{name}/manifest.json" for name in entry.beside(self.config)]
