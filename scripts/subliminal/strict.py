"""What every model of the configuration is built from: strictness, and shared kinds of value."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

NAME = r"^[a-z0-9]+(-[a-z0-9]+)*$"
FILE_NAME = r"^[a-z0-9]+(_[a-z0-9]+)*$"
WORD = r"^[a-z]+$"

Name = Annotated[str, Field(pattern=NAME)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Strict(BaseModel):
    """Unknown keys are errors, types are not coerced, instances do not change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, data: Any) -> Any:
        """Refuse an unknown key by listing the known ones; pydantic alone would not list them."""
        unknown = [key for key in data if key not in cls.model_fields] if type(data) is dict else []
        if unknown:
            known = ", ".join(cls.model_fields)
            raise ValueError(
                f"unknown key {unknown[0]!r} (known: {known}); correct its name or remove it"
            )
        return data
