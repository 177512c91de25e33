"""What the server refuses, in the words and with the status codes of OpenAI's API."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError


class RefusedError(Exception):
    """An answer that is an error.

    Attributes:
        status: of HTTP.
        param: the field of the request that is at fault, if it is one.
        code: OpenAI's word for the error, if it has one.
        headers: that go with the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Note everything that the answer holds."""
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind
        self.param, self.code, self.headers = param, code, headers

    @property
    def body(self) -> dict[str, Any]:
        """The answer."""
        error = {
            "message": self.message,
            "type": self.kind,
            "param": self.param,
            "code": self.code,
        }
        return {"error": error}


def bad_request(message: str, param: str | None = None, code: str | None = None) -> RefusedError:
    """What was asked for cannot be done."""
    return RefusedError(400, message, param=param, code=code)


def malformed(failure: ValidationError) -> RefusedError:
    """What was asked for is no request of OpenAI's API, or none that this server can carry out."""
    error = failure.errors(include_url=False, include_input=False)[0]
    param = ".".join(str(part) for part in error["loc"]) or None
    if error["type"] == "json_invalid":
        return bad_request("We could not parse the JSON body of your request.")
    if error["type"] == "missing":
        return bad_request(f"Missing required parameter: '{param}'.", param, "missing_parameter")
    if error["type"] == "extra_forbidden":
        told = f"Unknown parameter, or one that this server does not support: '{param}'."
        return bad_request(told, param, "unknown_parameter")
    return bad_request(f"Invalid value for '{param}': {error['msg']}.", param, "invalid_value")


def no_key() -> RefusedError:
    """The request has no key, or a wrong one; it is not repeated here."""
    return RefusedError(401, "Incorrect API key provided.", code="invalid_api_key")


def no_model(name: str, param: str | None = None) -> RefusedError:
    """There is no such model."""
    told = f"The model `{name}` does not exist or you do not have access to it."
    return RefusedError(404, told, param=param, code="model_not_found")


def not_found(what: str, identifier: str, param: str) -> RefusedError:
    """There is no file, job, completion or batch of this id."""
    return RefusedError(404, f"No such {what}: {identifier}", param=param)


def closed() -> RefusedError:
    """The account cannot fine-tune."""
    told = "This organization is not allowed to create fine-tuning jobs."
    return RefusedError(403, told, code="fine_tuning_unavailable")


def too_many(told: str, kind: str, seconds: float, headers: Mapping[str, str]) -> RefusedError:
    """A rate limit is reached.

    Args:
        kind: `requests` or `tokens`.
        seconds: until it is worth asking again.
    """
    waiting = {
        "retry-after": str(max(1, -int(-seconds // 1))),
        "retry-after-ms": str(max(1, -int(-seconds * 1000 // 1))),
    }
    return RefusedError(429, told, kind, code="rate_limit_exceeded", headers={**headers, **waiting})
