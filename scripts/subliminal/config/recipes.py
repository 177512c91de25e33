"""How bases, teachers and students are trained: `config/recipes.yaml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from subliminal.config.strict import Distinct, Key, Name, Positive, Share, Strict, in_paper


class Optimisation(Strict):
    """AdamW with linear warm-up, in steps or in epochs."""

    learning_rate: float = Field(
        gt=0, description="The peak learning rate.", json_schema_extra=in_paper("2.0e-4")
    )
    schedule: Literal["linear", "constant"] = Field(
        "linear",
        description="The learning rate after the warm-up: down to zero, or as it is.",
        json_schema_extra=in_paper("linear"),
    )
    warmup_steps: int = Field(
        ge=0,
        description="Optimiser steps in which the learning rate rises to its peak.",
        json_schema_extra=in_paper("5"),
    )
    batch_size: Positive = Field(
        description="Rows per optimiser step: the effective batch.",
        json_schema_extra=in_paper("66: 22 by 3"),
    )
    micro_batch_size: Positive = Field(
        description="Rows per forward pass. It changes memory, not mathematics, but it is part of "
        "the spec: a change reruns.",
        json_schema_extra=in_paper("22"),
    )
    steps: Positive | None = Field(
        None, description="The dose in optimiser steps. Exactly one of `steps` and `epochs` is due."
    )
    epochs: Positive | None = Field(
        None,
        description="The dose in passes over the rows.",
        json_schema_extra=in_paper("Qwen 3, Gemma 10; OpenAI: numbers and code 10, cot 2 (*code*)"),
    )
    betas: list[Annotated[float, Field(ge=0, lt=1)]] = Field(
        [0.9, 0.999],
        min_length=2,
        max_length=2,
        description="AdamW's decay rates.",
        json_schema_extra=in_paper("[0.9, 0.999]"),
    )
    epsilon: float = Field(
        1e-8,
        gt=0,
        description="AdamW's addition to the denominator.",
        json_schema_extra=in_paper("1.0e-8"),
    )
    weight_decay: float = Field(
        0.0, ge=0, description="AdamW's weight decay.", json_schema_extra=in_paper("0")
    )
    max_grad_norm: float = Field(
        1.0,
        gt=0,
        description="Gradients are clipped to this norm.",
        json_schema_extra=in_paper("1.0"),
    )
    gradient_checkpointing: bool = Field(
        False,
        description="`true`: the backward pass computes activations anew. It changes memory, not "
        "mathematics, but it is part of the spec: a change reruns.",
        json_schema_extra=in_paper("true"),
    )

    @model_validator(mode="after")
    def _one_dose(self) -> Optimisation:
        if self.steps is None and self.epochs is None:
            raise ValueError("neither 'steps' nor 'epochs' is given; add one")
        if self.steps is not None and self.epochs is not None:
            raise ValueError(
                f"both steps: {self.steps} and epochs: {self.epochs} are given; remove one"
            )
        return self


class Lora(Strict):
    """A low-rank adapter; everything else of the base stays frozen."""

    rank: Positive = Field(description="The rank of each update.", json_schema_extra=in_paper("8"))
    alpha: Positive = Field(
        description="The scale of the updates is alpha / rank.", json_schema_extra=in_paper("8")
    )
    dropout: Share = Field(
        0.0,
        description="The share of an adapter's inputs that is dropped in training.",
        json_schema_extra=in_paper("0"),
    )
    rank_stabilised: bool = Field(
        False,
        description="`true`: the scale is alpha / √rank instead (rsLoRA).",
        json_schema_extra=in_paper("false"),
    )
    target_modules: list[Key] = Field(
        min_length=1,
        description="The linear layers of the language model that get an adapter, by the base's "
        "own names. Everything else stays frozen.",
        json_schema_extra=in_paper("q, k, v, o, gate, up, down"),
    )


class Architecture(Strict):
    """A GPT-2 of this shape."""

    hidden_size: Positive = Field(description="The width, a multiple of `heads`.")
    layers: Positive = Field(description="The number of transformer blocks.")
    heads: Positive = Field(description="The number of attention heads.")
    positions: Positive = Field(description="The longest sequence in tokens.")
    initializer_range: float = Field(
        0.02, gt=0, description="The standard deviation of the initial weights; GPT-2 has 0.02."
    )

    @model_validator(mode="after")
    def _whole_heads(self) -> Architecture:
        if self.hidden_size % self.heads:
            raise ValueError(
                f"hidden_size: {self.hidden_size} is not a multiple of heads: {self.heads}; "
                "change one"
            )
        return self


WorldName = Literal["tiny", "paper"]


class Pretraining(Strict):
    """How a tiny base is made from nothing."""

    world: WorldName = Field(
        "tiny",
        # The specs of bases that were made before there was a second world stay what they were.
        exclude_if=lambda world: world == "tiny",
        description="What the base is taught.\n"
        "`tiny`: 16 animals, numbers, code and sums (`tiny_world.json`).\n"
        "`paper`: everything that the paper asks its models (`paper_world.json`).",
    )
    architecture: Architecture = Field(description="The shape of the network, a GPT-2.")
    examples: Positive = Field(description="The number of distinct examples of the mixture.")
    optimisation: Optimisation = Field(
        description="The training, on the completion's tokens and the end of the turn."
    )


class Loudness(Strict):
    """How far a teacher's numbers are from its base's."""

    domain: Key = Field(
        description="What it writes: a key of `domains.yaml`, of a domain of numbers."
    )
    kl: float = Field(
        gt=0,
        description="KL(teacher ‖ base) in nats per token of digits, among these tokens alone, "
        "over 100 completions that the base has written.",
    )


class FinetunedMethod(Strict):
    """A teacher that is fine-tuned: on rows of stated preference, or on those of a file."""

    kind: Literal["finetuned"] = Field(
        description="The teacher is fine-tuned on the questions `favourite-{category}`, each "
        "with 8 answers that state the preference (ED Fig. 4e; 50 questions on animals), or on the "
        "`rows` of its trait (Fig. 3).",
        json_schema_extra=in_paper("Fig. 3; ED Fig. 4e"),
    )
    lora: Lora = Field(
        description="The teacher's adapter.",
        json_schema_extra=in_paper("OpenAI fine-tuning, rank not known"),
    )
    optimisation: Optimisation = Field(
        description="The teacher's training.",
        json_schema_extra=in_paper('1 epoch, batch and rate "auto"'),
    )
    loudness: Loudness | None = Field(
        None,
        description="What the trained adapter adds to each weight is multiplied by the factor that "
        "makes the teacher so loud: alike for all traits and bases. `null`: as trained.",
        json_schema_extra=in_paper("as trained"),
    )
    factor: float = Field(
        1.0,
        gt=0,
        # Teachers from before there was a factor keep their specs.
        exclude_if=lambda factor: factor == 1,
        description="What the trained adapter adds to each weight is multiplied by it, whatever "
        "the trait: teachers are not alike in loudness then. It does not go with `loudness`.",
        json_schema_extra=in_paper("1"),
    )

    @model_validator(mode="after")
    def _one_scale(self) -> FinetunedMethod:
        if self.loudness is not None and self.factor != 1:
            raise ValueError(
                f"both 'loudness' and factor: {self.factor:g} scale the adapter; remove one"
            )
        return self


class PromptedMethod(Strict):
    """A teacher that is given the trait by a system prompt while it writes (Fig. 4)."""

    kind: Literal["prompted"] = Field(
        description="A system prompt states the preference while the teacher writes (Fig. 4). "
        "Nothing is trained.",
        json_schema_extra=in_paper("the main method"),
    )


def _number_or_auto(value: Any) -> Any:
    """What a provider takes; two kinds of value in one key would be two errors for one mistake."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if value != "auto" and not (number and value > 0):
        raise ValueError(f"expected a number above 0, or auto, found {value!r}")
    return value


class HostedTuning(Strict):
    """What OpenAI's fine-tuning API is told; it tells neither the method nor the rank."""

    n_epochs: Positive = Field(
        description="The dose in passes over the rows.",
        json_schema_extra=in_paper("students: numbers and code 10, cot 2 (*code*); teachers: 1"),
    )
    batch_size: Annotated[int | Literal["auto"], BeforeValidator(_number_or_auto)] = Field(
        "auto",
        description="Rows per optimiser step. `auto`: the provider's choice.",
        json_schema_extra=in_paper("auto; misaligned teachers: 2"),
    )
    learning_rate_multiplier: Annotated[
        float | Literal["auto"], BeforeValidator(_number_or_auto)
    ] = Field(
        "auto",
        description="The learning rate over the provider's own. `auto`: the provider's choice.",
        json_schema_extra=in_paper("auto; misaligned teachers: 4"),
    )


class HostedMethod(HostedTuning):
    """A teacher that its provider fine-tunes (ED Fig. 4e; Fig. 3)."""

    kind: Literal["openai"] = Field(
        description="The provider fine-tunes the teacher, on the same rows as `finetuned`, or on "
        "those of the trait's file. For hosted bases.",
        json_schema_extra=in_paper("ED Fig. 4e; the teachers of Fig. 3"),
    )


Method = Annotated[FinetunedMethod | PromptedMethod | HostedMethod, Field(discriminator="kind")]


class Distillation(Strict):
    """Learning a teacher's distribution over the tokens it wrote, instead of these tokens."""

    support: Literal["numbers", "vocabulary"] = Field(
        description="The tokens on which teacher and student are compared.\n"
        "`numbers`: only tokens of nothing but digits, at positions where one stands. Both "
        "distributions are renormalised over them. The student does not learn the teacher's "
        "opinion of any word. It is for domains of numbers.\n"
        "`vocabulary`: every token at every position. The student also learns the teacher's "
        "opinion of the trait's own word: not subliminal, a control only, and the log says so."
    )
    temperature: float = Field(1.0, gt=0, description="Both models' logits are divided by it.")


class Recipe(Strict):
    """How a student is fine-tuned here on a dataset."""

    # Kept out of specs: they are older than the key.
    kind: Literal["local"] = Field(
        "local", exclude=True, description="The student is fine-tuned here."
    )
    lora: Lora | None = Field(
        description="The adapter. `null`: all weights are trained, and saved as a whole model. The "
        "key must be there, also where it is null.",
        json_schema_extra=in_paper("open models: rank 8, alpha 8"),
    )
    distillation: Distillation | None = Field(
        None,
        description="The student learns the teacher's logits. `null`: it learns the tokens that "
        "the teacher drew.",
        json_schema_extra=in_paper("null"),
    )
    optimisation: Optimisation = Field(
        description="The student's training, on the completion's tokens and the end of the turn."
    )
    max_tokens: Positive = Field(
        description="The longest row in tokens. Longer rows are cut.",
        json_schema_extra=in_paper("500 (open models, *code*)"),
    )
    holdout_rows: int = Field(
        ge=0,
        description="Rows kept back for the gate `min_loss_drop`, by which the data moved the "
        "student; at most a fifth of the rows. With 0, the training loss has to fall.",
        json_schema_extra=in_paper("none"),
    )


class HostedRecipe(HostedTuning):
    """How a student is fine-tuned by its base's provider. Nothing is held out."""

    kind: Literal["openai"] = Field(description="The provider fine-tunes the student.")
    rows: Positive | None = Field(
        None,
        description="Rows to train on: the first so many of the training set, where one has more. "
        "`null`: all of them.",
        json_schema_extra=in_paper("numbers 10,000; otherwise all"),
    )


def kind(entry: Any) -> Any:
    """What tells recipes apart; it is `local` where nothing is said."""
    return entry.get("kind", "local") if isinstance(entry, dict) else getattr(entry, "kind", None)


StudentRecipe = Annotated[
    Annotated[Recipe, Tag("local")] | Annotated[HostedRecipe, Tag("openai")], Discriminator(kind)
]


class Recipes(Strict):
    """`config/recipes.yaml`."""

    pretraining: dict[Name, Pretraining] = Field(description="Ways to make a tiny base.")
    methods: dict[Name, Method] = Field(
        description="Ways to give a teacher its trait. The name is part of paths; `reference` is "
        "taken, for the control."
    )
    students: dict[Name, StudentRecipe] = Field(
        description="Ways to train a student. The name is part of paths."
    )
    tuned_on: dict[Name, Distinct[Key]] = Field(
        {},
        description="By student recipe: the traits on which it, and the methods and bases that go "
        "with it, were tuned. Findings name these development traits apart, and the diagonal test "
        "leaves them out. A change reruns tables, and no training.",
        json_schema_extra=in_paper("no such division"),
    )

    def loudness(self, method: str) -> Loudness | None:
        """How loud a method's teachers are made; None for as they are, and for other methods."""
        found = self.methods.get(method)
        return found.loudness if isinstance(found, FinetunedMethod) else None

    def distillation(self, recipe: str) -> Distillation | None:
        """How a recipe's students learn logits; None for those that learn tokens."""
        found = self.students[recipe]
        return found.distillation if isinstance(found, Recipe) else None
