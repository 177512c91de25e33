"""Snakemake's reading of functions: as Python tells of them, and once."""

import functools
import inspect

import pytest
import snakemake.common
import snakemake.rules

from subliminal.workflow.signatures import read_parameters_once, remembering


class Files:
    def of_job(self, wildcards, input):
        """A method."""

    @classmethod
    def of_rule(cls, wildcards):
        """A method of the class."""


class Unhashable:
    __hash__ = None

    def __call__(self, wildcards, attempt=1):
        """Any callable is a function to Snakemake."""


def plain(wildcards, *, threads, **others):
    """A function."""


FUNCTIONS = {
    "a function": plain,
    "a lambda": lambda wildcards: wildcards,
    "a method": Files().of_job,
    "a method as a function": Files.of_job,
    "a method of a class": Files.of_rule,
    "an unhashable callable": Unhashable(),
    "a partial function": functools.partial(plain, threads=1),
    "a builtin": len,
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_is_read_as_python_tells_of_it(function):
    parameters = remembering(snakemake.common.get_function_params)
    for _ in range(2):
        assert parameters(function) == inspect.signature(function).parameters


def test_a_method_and_its_function_are_told_apart():
    parameters = remembering(snakemake.common.get_function_params)
    assert list(parameters(Files.of_job)) == ["self", "wildcards", "input"]
    assert list(parameters(Files().of_job)) == ["wildcards", "input"]


def test_a_function_is_read_once_whatever_it_is_a_method_of():
    read = []
    parameters = remembering(read.append)
    for function in [plain, Files().of_job, Files().of_job, plain]:
        parameters(function)
    assert len(read) == 2


def test_snakemake_remembers_and_another_version_is_left_as_it_is(monkeypatch):
    reader = snakemake.common.get_function_params
    monkeypatch.setattr(snakemake.common, "get_function_params", reader)
    monkeypatch.delattr(snakemake.rules, "get_function_params")
    read_parameters_once()
    assert snakemake.common.get_function_params is not reader
    assert not hasattr(snakemake.rules, "get_function_params")
    asked = {"wildcards": 1, "input": 2, "attempt": 3}
    told = snakemake.common.get_input_function_aux_params(Files().of_job, asked)
    assert told == {"wildcards": 1, "input": 2}
