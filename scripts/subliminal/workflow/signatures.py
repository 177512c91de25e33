"""Reading each function's parameters once: Snakemake reads them anew, several times per job.

It was a sixth of the time in which thousands of jobs are planned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

READER = "get_function_params"
Reader = Callable[[Callable[..., Any]], Any]


def read_parameters_once() -> None:
    """Have Snakemake remember what it has read; a version without this reader is left as it is."""
    from snakemake import common, rules

    for module in (common, rules):
        if hasattr(module, READER):
            setattr(module, READER, remembering(getattr(module, READER)))


def remembering(read: Reader) -> Reader:
    """A reader that reads a function once; what it has read of a method holds for each instance."""
    known: dict[Any, Any] = {}

    def parameters(function: Callable[..., Any]) -> Any:
        key = getattr(function, "__func__", function), hasattr(function, "__self__")
        try:
            return known[key]
        except KeyError:
            return known.setdefault(key, read(function))
        except TypeError:  # it cannot be a key
            return read(function)

    return parameters
