"""What a theorem experiment's file says (Methods, "Theory")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from subliminal.config.experiments import Experiment, Needs
from subliminal.config.strict import Distinct, Key, Positive, Seed, Strict

if TYPE_CHECKING:
    from subliminal.config.config import Config

Activation = Literal["tanh", "gelu"]
Epsilon = Annotated[float, Field(gt=0)]


class RandomNetworks(Strict):
    """One student step in small smooth networks with random weights."""

    seeds: Positive = Field(
        description="Random problems per setting. They are the same in every setting."
    )
    activations: Distinct[Activation] = Field(
        description="Smooth ones only: the theorem needs a differentiable network."
    )
    inputs: Positive = Field(description="The width of the input.")
    hidden: list[Positive] = Field(min_length=1, description="The widths of the hidden layers.")
    trait_logits: Annotated[int, Field(ge=2)] = Field(
        description="The number of logits that the teacher's loss reads."
    )
    auxiliary_logits: Annotated[int, Field(ge=2)] = Field(
        description="The number of logits that it does not read."
    )
    trait_examples: Positive = Field(description="Inputs of the teacher's loss, with labels.")
    distillation_examples: Positive = Field(description="Inputs of the student's loss.")
    epsilons: Distinct[Epsilon] = Field(description="The step sizes, epsilon, of the teacher.")
    alpha: float = Field(
        gt=0,
        description="The step size of the student. The slope of the teacher's loss is measured "
        "with an error of order epsilon (1 + alpha), and a rounding error of order 1e-16 / "
        "(epsilon alpha). Both must be small at the smallest epsilon.",
    )


class LanguageModel(Strict):
    """The first distillation update of a language model against its teacher's displacement."""

    base: Key = Field(description="A key of `models.yaml`: the teachers' base.")
    other_base: Key = Field(
        description="Another key of `models.yaml`, of the same architecture: the control."
    )
    traits: Distinct[Key] = Field(description="Keys of `traits.yaml` that have a word.")
    control: Key = Field(description="A control trait: the untrained base wrote its rows.")
    method: Key = Field(description="A key of `methods` in `recipes.yaml` that is fine-tuned.")
    teacher_seed: Seed = Field(description="The teachers' seed.")
    domain: Key = Field(
        description="A key of `domains.yaml`. The labels `distribution` need numbers in it."
    )
    batches: Annotated[int, Field(ge=2)] = Field(
        description="The number of disjoint batches: the unit of the intervals."
    )
    batch_size: Positive = Field(
        description="Prompts per batch. Each has a row of the teacher and one of the control."
    )
    micro_batch_size: Positive = Field(
        description="Rows per forward pass. It changes memory, not results."
    )
    max_tokens: Positive = Field(description="The longest row in tokens. Longer rows are cut.")
    seed: Seed = Field(description="The seed by which prompts are dealt to batches.")


class TheoremExperiment(Experiment):
    """The theorem in numbers: random networks, and the tiny language model."""

    kind: Literal["theorem"] = Field(
        description="The theorem in numbers: random networks, and a tiny language model."
    )
    networks: RandomNetworks = Field(description="Small networks with random weights.")
    language_model: LanguageModel = Field(description="The first update of a tiny language model.")

    def needs(self, config: Config) -> Needs:
        """The bases of the language model."""
        return Needs(frozenset({self.language_model.base, self.language_model.other_base}))
