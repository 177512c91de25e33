"""The checked configuration as one object.

Domains, evaluations and experiments are held by their base classes: what kinds of each there are is
said in the registries of `domains`, `evaluations` and `workflow.kinds`.
"""

from __future__ import annotations

from typing import TypeVar

from pydantic import Field

from subliminal.config.adopted import Adopted, AdoptedDataset, AdoptedTeacher
from subliminal.config.domains import Domain
from subliminal.config.evaluations import Evaluation
from subliminal.config.experiments import Experiment
from subliminal.config.files import SuppliedFile
from subliminal.config.judges import Judge
from subliminal.config.models import Base, PretrainedBase, Tier
from subliminal.config.paths import Teacher
from subliminal.config.recipes import Recipes, WorldName
from subliminal.config.strict import Distinct, FileName, Name, Strict
from subliminal.config.traits import Trait

Chosen = TypeVar("Chosen", bound=Experiment)


class Settings(Strict):
    """`config/config.yaml`: which experiments `snakemake` computes, and what asks for a GPU."""

    experiments: Distinct[FileName] = Field(
        description="Files of `config/experiments/` to compute, by their names without `.yaml`.",
    )
    gpu_tiers: list[Tier] = Field(
        ["open"],
        description="Jobs on bases of these tiers ask the scheduler for one GPU. Whatever is said "
        "here, a job that finds a GPU uses it, except on tiny bases.",
    )


class Config(Strict):
    """Everything that the configuration files say.

    Attributes:
        usual: whether the experiments are those of config.yaml, and no others of `--config`.
    """

    settings: Settings
    usual: bool
    models: dict[Name, Base]
    traits: dict[Name, Trait]
    files: dict[Name, SuppliedFile]
    judges: dict[Name, Judge]
    adopted: dict[Name, Adopted]
    recipes: Recipes
    domains: dict[Name, Domain]
    evaluations: dict[Name, Evaluation]
    experiments: dict[str, Experiment]

    def adopted_datasets(self) -> dict[str, tuple[str, AdoptedDataset]]:
        """Datasets that are taken and not written, with their names, by folder."""
        found = self.adopted.items()
        return {e.folder: (name, e) for name, e in found if isinstance(e, AdoptedDataset)}

    def adopted_teachers(self) -> dict[Teacher, tuple[str, AdoptedTeacher]]:
        """Teachers that are taken and not trained, with their names."""
        found = self.adopted.items()
        return {e.teacher: (name, e) for name, e in found if isinstance(e, AdoptedTeacher)}

    def world(self, base: str) -> WorldName | None:
        """What a tiny base is taught; None for other bases."""
        model = self.models[base]
        if not isinstance(model, PretrainedBase):
            return None
        plan = self.recipes.pretraining.get(model.pretraining)  # a check says where there is none
        return plan.world if plan is not None else None

    def names_of(self, kind: type[Experiment]) -> list[str]:
        """The experiments of a kind, in their order."""
        return [name for name, entry in self.experiments.items() if isinstance(entry, kind)]

    def experiment(self, name: str, kind: type[Chosen]) -> Chosen:
        """An experiment that is known to be of a kind.

        Raises:
            TypeError: it is of another.
        """
        entry = self.experiments[name]
        if not isinstance(entry, kind):
            raise TypeError(f"experiment {name} is a {type(entry).__name__}")
        return entry
