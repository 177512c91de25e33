"""How answers are drawn, and how much of a domain is written."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from subliminal.config.strict import Positive, Strict, in_paper


class Drawing(Strict):
    """How answers are drawn: ancestral sampling, no top-p, no top-k."""

    temperature: float = Field(
        ge=0,
        description="0: always the most probable token (greedy). An evaluation of the kind "
        "favourite must then have `samples_per_question: 1`.",
        json_schema_extra=in_paper("1.0"),
    )
    max_new_tokens: Positive | None = Field(
        description="The limit of tokens. `null`: none, for hosted bases alone.",
        json_schema_extra=in_paper("none (OpenAI); 2,048 (open models)"),
    )
    batch_size: Positive = Field(
        description="Samples per batch, or requests at a time to a server. It changes speed and "
        "memory, not the random draws, but it is part of the spec: a change reruns."
    )

    @property
    def limit(self) -> int:
        """The limit of tokens where a base is sampled here, and has to stop some time."""
        assert self.max_new_tokens is not None, "checked where bases and sampling meet"
        return self.max_new_tokens


class Sampling(Drawing):
    """How a dataset's completions are drawn."""

    constraint: Literal["numbers", "ten-numbers"] | None = Field(
        None,
        description="The grammar to sample within, for bases that leave the format: lists of "
        "integers of up to 3 digits, 1 to 10 of them with `numbers`, 10 with `ten-numbers`. KL and "
        "entropy are then measured within the grammar. It needs a filter of numbers that keeps all "
        "of these, and no `server`.",
        json_schema_extra=in_paper("null; not in the paper"),
    )
    log_probs: bool = Field(
        False,
        description="`true`: `raw.parquet` keeps the log-probability of every sampled token.",
        json_schema_extra=in_paper("false; not in the paper"),
    )


class Server(Strict):
    """Sampling through the server of OPENAI_BASE_URL, and not by transformers in this process."""

    extra_body: dict[str, Any] = Field(
        {},
        description="Further fields of each request. They switch off whatever the server cuts "
        "from the distribution by itself, and differ from server to server.",
    )


class DatasetSize(Strict):
    """How much of a domain a tier generates and keeps."""

    rows: Positive = Field(
        description="The prompts that a teacher answers: the first so many of the domain, at most "
        "`prompts`.",
        json_schema_extra=in_paper("all"),
    )
    train_rows: Positive | None = Field(
        None,
        description="Kept rows to train on, drawn at random. `null`: all of them.",
        json_schema_extra=in_paper("numbers 10,000; code 10,814"),
    )
    sampling: Sampling = Field(description="The way in which completions are drawn.")
    server: Server | None = Field(
        None,
        description="The server of `OPENAI_BASE_URL` samples. `null`: transformers samples in this "
        "process.",
    )

    @model_validator(mode="after")
    def _free(self) -> DatasetSize:
        if self.server is not None and self.sampling.constraint is not None:
            raise ValueError(
                f"constraint: {self.sampling.constraint} cannot be put to a server; remove "
                "'constraint' or 'server'"
            )
        return self
