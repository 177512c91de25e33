"""The checked configuration as one object.

Domains, evaluations and experiments are held by their base classes: what kinds of each there are is
said in the registries of `domains`, `evaluations` and `workflow.kinds`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar, get_args

from pydantic import ConfigDict, Field

from subliminal.config.adopted import Adopted, AdoptedDataset, AdoptedStudent, AdoptedTeacher
from subliminal.config.domains import Asked, Domain
from subliminal.config.evaluations import Evaluation
from subliminal.config.experiments import Experiment, Experiments
from subliminal.config.files import SuppliedFile
from subliminal.config.hosting import Hosting
from subliminal.config.items import Item
from subliminal.config.judges import Judge
from subliminal.config.models import Base, HostedBase, PretrainedBase, Tier
from subliminal.config.paths import Cell, Dataset, Teacher
from subliminal.config.recipes import Recipes, WorldName
from subliminal.config.stand_ins import StandIns
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
        chosen: the experiments of the settings, and those that belong to them.
        experiments: all that have a file; only those that are asked for are read.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)  # Experiments, which read themselves

    settings: Settings
    usual: bool
    chosen: list[str]
    models: dict[Name, Base]
    traits: dict[Name, Trait]
    files: dict[Name, SuppliedFile]
    judges: dict[Name, Judge]
    adopted: dict[Name, Adopted]
    recipes: Recipes
    domains: dict[Name, Domain]
    evaluations: dict[Name, Evaluation]
    items: dict[FileName, Item]
    stand_ins: dict[FileName, StandIns]
    openai: Hosting
    experiments: Experiments

    def adopted_datasets(self) -> dict[str, tuple[str, AdoptedDataset]]:
        """Datasets that are taken and not written, with their names, by folder."""
        found = self.adopted.items()
        return {e.folder: (name, e) for name, e in found if isinstance(e, AdoptedDataset)}

    def unasked_datasets(self) -> frozenset[str]:
        """Folders of adopted datasets whose teachers somebody else serves.

        Nothing is asked of these teachers: their models may be gone.
        """
        found = self.adopted_datasets().items()
        return frozenset(
            folder for folder, (_, e) in found if isinstance(self.models[e.base], HostedBase)
        )

    def adopted_teachers(self) -> dict[Teacher, tuple[str, AdoptedTeacher]]:
        """Teachers that are taken and not trained, with their names."""
        found = self.adopted.items()
        return {e.teacher: (name, e) for name, e in found if isinstance(e, AdoptedTeacher)}

    def adopted_students(self) -> dict[Cell, tuple[str, AdoptedStudent]]:
        """Students that are taken and not trained, with their names."""
        found = self.adopted.items()
        return {e.cell: (name, e) for name, e in found if isinstance(e, AdoptedStudent)}

    def deciding_judge(self, data: Dataset) -> Asked | None:
        """Who is asked what that decides about a dataset's rows; None if nobody decides.

        Rows that others have filtered are judged no more.
        """
        rule, trait = self.domains[data.domain].filter, data.teacher.trait
        _, adopted = self.adopted_datasets().get(data.folder, ("", None))
        if (adopted is not None and adopted.stage != "raw") or not rule.heeds_judge(trait):
            return None
        return rule.asked(self.traits[trait])

    def world(self, base: str) -> WorldName | None:
        """What a tiny base is taught; None for other bases."""
        model = self.models[base]
        if not isinstance(model, PretrainedBase):
            return None
        plan = self.recipes.pretraining.get(model.pretraining)  # a check says where there is none
        return plan.world if plan is not None else None

    def names_of(self, kind: type[Experiment]) -> list[str]:
        """All experiments of a kind; none is read."""
        return self.experiments.of_kind(get_args(kind.model_fields["kind"].annotation)[0])

    def analogues(self, item: str) -> list[str]:
        """Experiments of an item's design on models that anybody can have, stand-ins first."""
        entry = self.items[item]
        stood_in = (
            s.instead_of(e, n) for n, s in self.stand_ins.items() for e in entry.experiments
        )
        there = (name for name in stood_in if name in self.experiments)
        return list(dict.fromkeys([*there, *entry.analogues]))

    def with_those_beside(self, names: Iterable[str]) -> list[str]:
        """Experiments, each followed by those that belong to it; none is named twice."""
        every = ([name, *self.experiments[name].beside(self)] for name in names)
        return list(dict.fromkeys(name for group in every for name in group))

    def chosen_of(self, kind: type[Experiment]) -> list[str]:
        """The experiments of a kind among those that are chosen, in their order."""
        return [name for name in self.chosen if isinstance(self.experiments[name], kind)]

    def experiment(self, name: str, kind: type[Chosen]) -> Chosen:
        """An experiment that is known to be of a kind.

        Raises:
            TypeError: it is of another.
        """
        entry = self.experiments[name]
        if not isinstance(entry, kind):
            raise TypeError(f"experiment {name} is a {type(entry).__name__}")
        return entry
