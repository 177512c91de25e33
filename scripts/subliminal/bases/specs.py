"""The specs of the stages that make bases."""

from __future__ import annotations

from pydantic import Field

from subliminal.artefacts.spec import StageSpec
from subliminal.config.config import Config
from subliminal.config.models import HostedBase, PretrainedBase, ReadyBase, ReadySource
from subliminal.config.recipes import Pretraining


class PretrainBaseSpec(StageSpec):
    """A tiny base, from random weights."""

    stage_version: int = 2
    base: str
    pretraining: Pretraining
    seed: int
    # The specs of bases that were made before there was this key stay what they were.
    data_seed: int | None = Field(None, exclude_if=lambda seed: seed is None)

    @property
    def seed_of_data(self) -> int:
        """What examples and their order are drawn from."""
        return self.seed if self.data_seed is None else self.data_seed

    def about(self) -> str:
        """In the words of a lineage."""
        data = "" if self.data_seed is None else f", on data of seed {self.data_seed}"
        return f"base {self.base}, pretrained with seed {self.seed}{data}"


class PrepareBaseSpec(StageSpec):
    """A base that somebody else has trained, as transformers loads it."""

    stage_version: int = 1
    base: str
    source: ReadySource

    def about(self) -> str:
        """In the words of a lineage."""
        return f"base {self.base}, from {self.source.origin}, licence {self.source.licence}"


class RegisterBaseSpec(StageSpec):
    """A hosted base: which snapshot is meant. What is known of its dates makes no other base."""

    base: str
    snapshot: str

    def about(self) -> str:
        """In the words of a lineage."""
        return f"base {self.base}, the snapshot {self.snapshot} of its provider"


def pretrain_base(config: Config, base: str) -> PretrainBaseSpec:
    """Spec of a base that the workflow makes."""
    model = config.models[base]
    assert isinstance(model, PretrainedBase), "the rule's wildcard admits no other"
    pretraining = config.recipes.pretraining[model.pretraining]
    return PretrainBaseSpec(
        base=base, pretraining=pretraining, seed=model.seed, data_seed=model.data_seed
    )


def prepare_base(config: Config, base: str) -> PrepareBaseSpec:
    """Spec of a base that is fetched and not pretrained."""
    model = config.models[base]
    assert isinstance(model, ReadyBase), "the rule's wildcard admits no other"
    return PrepareBaseSpec(base=base, source=model)


def register_base(config: Config, base: str) -> RegisterBaseSpec:
    """Spec of a base that somebody else serves."""
    model = config.models[base]
    assert isinstance(model, HostedBase), "the rule's wildcard admits no other"
    return RegisterBaseSpec(base=base, snapshot=model.snapshot)
