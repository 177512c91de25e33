"""What a theorem experiment's file says (Methods, "Theory")."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from subliminal.strict import Distinct, Positive, Seed, Strict

Activation = Literal["tanh", "gelu"]
Epsilon = Annotated[float, Field(gt=0)]


class RandomNetworks(Strict):
    """One student step in small smooth networks with random weights."""

    seeds: Positive = Field(description="Random problems per setting; they are matched pairs.")
    activations: Distinct[Activation] = Field(
        description="Smooth ones only: the theorem needs a differentiable network."
    )
    inputs: Positive = Field(description="Width of the input.")
    hidden: list[Positive] = Field(min_length=1, description="Widths of the hidden layers.")
    trait_logits: Annotated[int, Field(ge=2)] = Field(
        description="Logits that the teacher's loss reads."
    )
    auxiliary_logits: Annotated[int, Field(ge=2)] = Field(
        description="Logits that it does not read."
    )
    trait_examples: Positive = Field(description="Inputs of the teacher's loss, with labels.")
    distillation_examples: Positive = Field(description="Inputs of the student's loss.")
    epsilons: Distinct[Epsilon] = Field(description="Step sizes of the teacher.")
    alpha: float = Field(
        gt=0,
        description="Step size of the student. The slope of the teacher's loss is measured with an "
        "error of order epsilon (1 + alpha), and a rounding error of order 1e-16 / "
        "(epsilon alpha): both must be small at the smallest epsilon.",
    )


class LanguageModel(Strict):
    """The first distillation update of a language model against its teacher's displacement."""

    base: str = Field(description="Whose teachers they are.")
    other_base: str = Field(description="The control; of the same architecture.")
    traits: Distinct[str]
    control: str = Field(description="Trait of the rows that the untrained base wrote.")
    method: str
    teacher_seed: Seed
    domain: str
    batches: Annotated[int, Field(ge=2)] = Field(
        description="Disjoint batches; the interval is over them."
    )
    batch_size: Positive = Field(
        description="Prompts per batch; every one has a row of the teacher and one of the control."
    )
    micro_batch_size: Positive = Field(description="Rows per forward pass; changes memory only.")
    max_tokens: Positive = Field(description="Longest row in tokens; longer rows are cut.")
    seed: Seed = Field(description="Which prompts make up which batch.")


class TheoremExperiment(Strict):
    """The theorem in numbers: random networks, and the tiny language model."""

    kind: Literal["theorem"]
    title: str
    paper: str
    model_organism: bool
    networks: RandomNetworks
    language_model: LanguageModel
