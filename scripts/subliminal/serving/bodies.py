"""What may be asked for: the bodies of requests, as far as this server carries them out.

What it cannot do (tools, several choices, a stream) is refused, and never passed over.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], Annotated[str, Field(max_length=512)]],
    Field(max_length=16),
]


class Body(BaseModel):
    """A body, or a part of one: unknown fields are errors, types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Part(Body):
    """A part of a message."""

    type: Literal["text"]
    text: str


class Message(Body):
    """A turn of a conversation."""

    role: Literal["developer", "system", "user", "assistant"]
    content: str | list[Part]

    @property
    def text(self) -> str:
        """The content."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content)


class Conversation(Body):
    """A system prompt, or none, and a user's turn: all that models of this workflow have learnt."""

    messages: list[Message] = Field(min_length=1)

    @property
    def system(self) -> str | None:
        """What the model is told before the prompt."""
        return None if self.messages[0].role == "user" else self.messages[0].text

    @property
    def prompt(self) -> str:
        """The user's turn."""
        return next(m.text for m in self.messages if m.role == "user")


def _is_conversation(messages: list[Message], roles: tuple[str, ...]) -> bool:
    told = tuple("system" if m.role == "developer" else m.role for m in messages)
    return told in (roles, ("system", *roles))


class Chat(Conversation):
    """`POST /v1/chat/completions`."""

    model: str
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: Literal[1] | Annotated[float, Field(ge=1, le=1)] | None = None
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    n: Literal[1] | None = None
    seed: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    store: bool | None = None
    metadata: Metadata | None = None
    stream: Literal[False] | None = None
    user: str | None = None

    @model_validator(mode="after")
    def _can_be_done(self) -> Chat:
        if not _is_conversation(self.messages, ("user",)):
            raise ValueError("messages are one of the user, after one of the system or none")
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs needs logprobs: true")
        return self

    @property
    def limit(self) -> int | None:
        """The most tokens of an answer; None for as many as the model's context takes."""
        return self.max_completion_tokens or self.max_tokens


class Row(Conversation):
    """A line of a training file."""

    @model_validator(mode="after")
    def _can_be_learnt(self) -> Row:
        if not _is_conversation(self.messages, ("user", "assistant")) or self.system is not None:
            raise ValueError("messages are one of the user and one of the assistant")
        return self

    @property
    def completion(self) -> str:
        """The turn that is learnt."""
        return self.messages[-1].text


def _number(value: object) -> object:
    """Nothing said is the server's choice."""
    return "auto" if value is None else value


Auto = Annotated[Literal["auto"], "the server's choice"]
Epochs = Annotated[Auto | Annotated[int, Field(ge=1, le=50)], BeforeValidator(_number)]
Rows = Annotated[Auto | Annotated[int, Field(ge=1, le=256)], BeforeValidator(_number)]
Multiplier = Annotated[Auto | Annotated[float, Field(gt=0)], BeforeValidator(_number)]


class Hyperparameters(Body):
    """How a model is fine-tuned."""

    n_epochs: Epochs = "auto"
    batch_size: Rows = "auto"
    learning_rate_multiplier: Multiplier = "auto"


class Supervised(Body):
    """The one method of this server."""

    hyperparameters: Hyperparameters = Hyperparameters()


class Method(Body):
    """How a model learns."""

    type: Literal["supervised"]
    supervised: Supervised = Supervised()


class Job(Body):
    """`POST /v1/fine_tuning/jobs`."""

    model: str
    training_file: str
    hyperparameters: Hyperparameters | None = None
    method: Method | None = None
    # A model's name becomes that of a folder.
    suffix: str | None = Field(None, min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    seed: int | None = Field(None, ge=0, le=2**31 - 1)
    metadata: Metadata | None = None

    @property
    def settings(self) -> Hyperparameters:
        """The hyperparameters, wherever they stand."""
        if self.method is not None:
            return self.method.supervised.hyperparameters
        return self.hyperparameters or Hyperparameters()


class Batch(Body):
    """`POST /v1/batches`."""

    input_file_id: str
    endpoint: Literal["/v1/chat/completions"]
    completion_window: Literal["24h"]
    metadata: Metadata | None = None


class Line(Body):
    """A line of a batch's input."""

    custom_id: str
    method: Literal["POST"]
    url: Literal["/v1/chat/completions"]
    body: dict[str, object]


class Moderation(Body):
    """`POST /v1/moderations`."""

    input: str | list[str] | list[Part]
    model: str = "omni-moderation-latest"

    @property
    def count(self) -> int:
        """How many results are due: one for all parts of a message."""
        if isinstance(self.input, list) and all(isinstance(text, str) for text in self.input):
            return len(self.input)
        return 1
