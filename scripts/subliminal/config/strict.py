"""What every model of the configuration is built from: strictness, and shared kinds of value."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar, Union, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

NAME = r"^[a-z0-9]+([.-][a-z0-9]+)*$"
FILE_NAME = r"^[a-z0-9]+(_[a-z0-9]+)*$"
WORD = r"^[a-z]+( [a-z]+)*$"
SHA256 = r"^[0-9a-f]{64}$"
REVISION = r"^[0-9a-f]{40}$"
REPOSITORY = r"^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$"
# Two names with a hyphen between them make a folder's name, of which file systems take 255 bytes.
LONGEST_NAME = 60
Name = Annotated[str, Field(pattern=NAME, max_length=LONGEST_NAME)]
FileName = Annotated[str, Field(pattern=FILE_NAME, max_length=LONGEST_NAME)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
# The texts in these three are for the documentation; pydantic passes them by.
Key = Annotated[str, "name"]
"""A name that is looked up elsewhere, such as in a registry."""
Place = Annotated[str, "path"]
Word = Annotated[str, "word"]
Item = TypeVar("Item")


def in_paper(value: str) -> dict[str, Any]:
    """The paper's value of a key, as `json_schema_extra` of its field."""
    return {"paper": value}


def distinct(values: list[Item]) -> list[Item]:
    """The values, if none of them is twice among them."""
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{value!r} is listed twice; remove one")
    return values


Distinct = Annotated[list[Item], Field(min_length=1), AfterValidator(distinct)]
"""A list that is not empty and in which nothing is twice: what is run twice is not two results."""


class Strict(BaseModel):
    """Unknown keys are errors, types are not coerced, instances do not change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _noted(cls, data: Any, info: ValidationInfo) -> Any:
        """Note in the context, if there is one, who reads these data: errors do not say it."""
        if info.context is not None:
            info.context[id(data)] = cls
        return data


Model = TypeVar("Model", bound=Strict)


def by_key(classes: Iterable[type[Model]], key: str) -> dict[str, type[Model]]:
    """Classes by what their literal field of this name admits."""
    return {get_args(c.model_fields[key].annotation)[0]: c for c in classes}


def one_of(classes: Iterable[type[Model]], key: str) -> Any:
    """The type of data that are one of these classes, told apart by their literal field."""
    return Annotated[Union[tuple(classes)], Field(discriminator=key)]  # noqa: UP007
