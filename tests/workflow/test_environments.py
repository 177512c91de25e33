"""Each conda environment is sufficient by itself, and pinned as everything else is."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, packages_distributions, requires

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from test_rules import ENTRY, JOBS, LIBRARY, SNAKEFILES, stage_of
from working_copy import REPOSITORY

from subliminal.workflow.code_graph import library_files
from subliminal.workflow.command_line import stage_modules

ENVS = REPOSITORY / "envs"
ENVIRONMENTS = sorted(path.stem for path in ENVS.glob("*.yaml"))
# Rules that are another one in an environment of its own, because of a package.
MOVED = {
    name: (origin, environment)
    for file in SNAKEFILES
    for origin, name, environment in re.findall(
        r"^use rule (\w+) as (\w+) with:\n"
        r'(?:    .*\n)*?    conda:\n        "\.\./envs/(\w+)\.yaml"$',
        file.read_text(),
        flags=re.MULTILINE,
    )
}
# What only the moved rules come to: the harness, imported where a task of it is asked.
ONLY_MOVED = {"lm-eval"}
# What no file imports: transformers does, by name, for bases of this format.
BY_NAME = {"models": {"gguf"}, "mmlu": {"gguf", "lm-eval"}}
# What the stages of figures and report look up by the experiment's kind and the figure's name.
LOOKED_UP = [
    ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
    for path in [*LIBRARY.glob("*/shown.py"), *LIBRARY.glob("*/figures/*.py")]
]
OWNERS = packages_distributions()
# What comes with every Python that conda makes; pip's lists leave it out.
WITH_PYTHON = {"setuptools", "pip"}


def pinned(lines):
    """Versions by normalised name; every line has to be an exact pin."""
    pairs = [line.split("==") for line in lines]
    assert all(len(pair) == 2 for pair in pairs), lines
    return {canonicalize_name(name): version for name, version in pairs}


def pins(environment):
    entries = yaml.safe_load((ENVS / f"{environment}.yaml").read_text())["dependencies"]
    return pinned(next(entry["pip"] for entry in entries if isinstance(entry, dict)))


def added(environment):
    """What an environment's script adds after its deployment."""
    script = ENVS / f"{environment}.post-deploy.sh"
    return pinned(re.findall(r"[\w.-]+==[\w.]+", script.read_text() if script.exists() else ""))


def required(name):
    """The files of requirements of the repository, by name."""
    lines = (REPOSITORY / f"requirements-{name}.txt").read_text().splitlines()
    return pinned(line for line in lines if line and not line.startswith("#"))


def environment_of(body):
    return re.search(r'^    conda:\n        "\.\./envs/(\w+)\.yaml"$', body, re.MULTILINE)[1]


@cache
def third_party(file):
    """Distributions that a file may need when it runs, those imported in functions included."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.partition(".")[0])
    foreign = names - sys.stdlib_module_names - {"subliminal"}
    return {canonicalize_name(OWNERS.get(name, [name])[0]) for name in foreign}


@cache
def imported_by(stage):
    """Distributions that a stage may need, by all files that it reaches."""
    looked_up = LOOKED_UP if stage in ("plot_figure", "build_report") else []
    modules = [stage_modules()[stage], "workflow.command_line", *looked_up]
    files = [REPOSITORY / path for path in (ENTRY, *library_files(REPOSITORY, modules))]
    return set().union(*map(third_party, files))


def lacking(names, have):
    """Packages that installed ones need and that are not there, with who needs them."""
    missing = set()
    for name in names:
        try:
            needs = requires(name) or []
        except PackageNotFoundError:
            continue
        for needed in map(Requirement, needs):
            asked = needed.marker is None or needed.marker.evaluate({"extra": ""})
            if asked and canonicalize_name(needed.name) not in have:
                missing.add((name, canonicalize_name(needed.name)))
    return missing


def test_every_environment_is_used():
    assert not list(ENVS.glob("*.pin.txt"))  # Snakemake would take them in the place of the YAML
    used = {environment_of(body) for body in JOBS.values()} | {moved for _, moved in MOVED.values()}
    assert used == set(ENVIRONMENTS)


@pytest.mark.parametrize("rule", JOBS)
def test_environment_of_a_job_has_what_its_stage_may_import(rule):
    environment = environment_of(JOBS[rule])
    assert imported_by(stage_of(JOBS[rule])) - ONLY_MOVED <= set(pins(environment))


@pytest.mark.parametrize("rule", MOVED)
def test_environment_of_a_moved_rule_has_what_its_stage_may_import(rule):
    origin, environment = MOVED[rule]
    have = pins(environment) | added(environment)
    assert imported_by(stage_of(JOBS[origin])) <= set(have)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_holds_all_that_its_packages_need(environment):
    """Nothing is left for pip to choose but what the lock does not choose either."""
    have, lock = pins(environment), pinned((REPOSITORY / "requirements.lock").read_text().split())
    assert have.items() <= lock.items()
    assert BY_NAME.get(environment, set()) <= have.keys() | added(environment).keys()
    left = {(who, name) for who, name in lacking(have, have) if name in lock}
    assert not left


def test_harness_finds_all_that_it_needs():
    have, more = pins("mmlu"), added("mmlu")
    assert not lacking(more, have.keys() | more.keys() | WITH_PYTHON)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_is_written_from_its_list(environment):
    from write_environments import environment as written
    from write_environments import locked

    lock = locked((REPOSITORY / "requirements.lock").read_text())
    expected = written(ENVS / f"{environment}.in", lock)
    assert (ENVS / f"{environment}.yaml").read_text() == expected, "type make lock"


def test_what_is_added_to_environments_is_what_make_installs():
    assert added("models") == required("data") | required("smollm2")
    assert added("mmlu") == required("mmlu")
