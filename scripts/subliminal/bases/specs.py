"""The specs of the stages that make bases."""

from __future__ import annotations

from typing import Any

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
    # The specs of bases that were made before there were these keys stay what they were.
    data_seed: int | None = Field(None, exclude_if=lambda seed: seed is None)
    imitates: str | None = Field(None, exclude_if=lambda base: base is None)

    @property
    def seed_of_data(self) -> int:
        """What examples and their order are drawn from."""
        return self.seed if self.data_seed is None else self.data_seed

    def about(self) -> str:
        """In the words of a lineage."""
        data = "" if self.data_seed is None else f", on data of seed {self.data_seed}"
        aim = "" if self.imitates is None else f" to imitate base {self.imitates}"
        return f"base {self.base}, pretrained with seed {self.seed}{aim}{data}"


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
    extra_body: dict[str, Any] = Field(
        {}, exclude_if=lambda fields: not fields, description="Further fields of each request."
    )

    def about(self) -> str:
        """In the words of a lineage."""
        return f"base {self.base}, the snapshot {self.snapshot} of its provider"


def pretrain_base(config: Config, base: str) -> PretrainBaseSpec:
    """Spec of a base that the workflow makes."""
    model = config.models[base]
    assert isinstance(model, PretrainedBase), "the rule's wildcard admits no other"
    pretraining = config.recipes.pretraining[model.pretraining]
    return PretrainBaseSpec(
        base=base,
        pretraining=pretraining,
        seed=model.seed,
        data_seed=_data_seed(config, model),
        imitates=model.imitates,
    )


def _data_seed(config: Config, model: PretrainedBase) -> int | None:
    """The seed of a base's examples where it is not the base's own."""
    if model.imitates is None or model.data_seed is not None:
        return model.data_seed
    imitated = config.models[model.imitates]
    assert isinstance(imitated, PretrainedBase), "a check admits no other"
    found = _data_seed(config, imitated)
    return imitated.seed if found is None else found


def prepare_base(config: Config, base: str) -> PrepareBaseSpec:
    """Spec of a base that is fetched and not pretrained."""
    model = config.models[base]
    assert isinstance(model, ReadyBase), "the rule's wildcard admits no other"
    return PrepareBaseSpec(base=base, source=model)


def register_base(config: Config, base: str) -> RegisterBaseSpec:
    """Spec of a base that somebody else serves."""
    model = config.models[base]
    assert isinstance(model, HostedBase), "the rule's wildcard admits no other"
    return RegisterBaseSpec(base=base, snapshot=model.snapshot, extra_body=model.extra_body)
