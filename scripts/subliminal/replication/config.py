"""The file of an experiment that sets others beside the paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from subliminal.config.experiments import Experiment
from subliminal.config.models import HostedBase
from subliminal.config.strict import FileName, Key

if TYPE_CHECKING:
    from subliminal.config.config import Config
    from subliminal.config.items import Item

CLAIMS, EXPECTED = "config/paper/claims.csv", "config/paper/expected.csv"


class ReplicationExperiment(Experiment):
    """The paper's values beside those of other experiments, which are computed with it."""

    kind: Literal["replication"] = Field(
        description="The paper's values beside those of other experiments."
    )
    items: list[Key] = Field(
        [],
        description="Keys of `items.yaml`. Empty: every item of the paper, without other versions "
        "of the same one.",
    )
    runs: dict[FileName, FileName] = Field(
        {},
        description="By an experiment of `items.yaml`, the experiment that is run in its place: an "
        "open analogue, or a stand-in.",
    )
    stand_ins: Key | None = Field(
        None,
        description="A key of `stand_ins.yaml`: every experiment is run with the stand-ins of this "
        "set. `null`: as it is.",
    )
    without_hosted: bool = Field(
        False,
        description="`true`: leaves out what needs a hosted base or a file that nobody has named "
        "yet, and says so in its table.",
    )

    def compared(self, config: Config) -> dict[str, Item]:
        """Its items, by their names."""
        if not self.items:
            return {name: item for name, item in config.items.items() if item.whole_paper}
        return {name: config.items[name] for name in self.items if name in config.items}

    def named(self, config: Config) -> list[str]:
        """The experiments of its items, as `items.yaml` calls them."""
        items = self.compared(config).values()
        return list(dict.fromkeys(name for item in items for name in item.experiments))

    def not_run(self, config: Config) -> dict[str, str]:
        """Why some of these are not run, by the names that `items.yaml` gives them."""
        reasons = {name: self._reason(config, name) for name in self.named(config)}
        return {name: reason for name, reason in reasons.items() if reason}

    def _reason(self, config: Config, name: str) -> str:
        run = self._run(config, name)
        if run not in config.experiments:
            return f"there is no config/experiments/{run}.yaml"
        if not self.without_hosted:
            return ""
        try:
            needs = config.experiments[run].needs(config)
        except KeyError:
            return ""  # it names what is in no registry, which its own check says
        hosted = [b for b in sorted(needs.bases) if isinstance(config.models.get(b), HostedBase)]
        if hosted:
            return f"needs {', '.join(hosted)}, which only a provider can run"
        missing = [f for f in sorted(needs.files) if getattr(config.files[f], "path", "") is None]
        return f"needs the file {', '.join(missing)} of config/files.yaml" if missing else ""

    def run_of(self, config: Config) -> dict[str, str]:
        """The experiment that is run for each one that is."""
        left_out = self.not_run(config)
        named = (name for name in self.named(config) if name not in left_out)
        return {name: self._run(config, name) for name in named}

    def _run(self, config: Config, name: str) -> str:
        if self.stand_ins is None or name in self.runs:
            return self.runs.get(name, name)
        return config.stand_ins[self.stand_ins].instead_of(name, self.stand_ins)

    def names(self, config: Config) -> dict[str, str]:
        """By a name of the paper's experiments, the one that stands in for it."""
        return {} if self.stand_ins is None else config.stand_ins[self.stand_ins].names

    def claimed(self, config: Config) -> dict[str, dict[str, str]]:
        """By a column: by a number that the paper's claims name, the one that stands in for it."""
        found = {} if self.stand_ins is None else config.stand_ins[self.stand_ins].claimed
        return {
            column: {str(number): str(instead) for number, instead in numbers.items()}
            for column, numbers in found.items()
        }

    def beside(self, config: Config) -> list[str]:
        """The experiments that it compares with the paper."""
        return list(dict.fromkeys(self.run_of(config).values()))
