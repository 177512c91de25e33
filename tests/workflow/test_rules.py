"""What every rule, environment and script has to have."""

import ast
import importlib.metadata
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from working_copy import REPOSITORY

from subliminal.workflow.code_graph import imported_modules, library_files
from subliminal.workflow.command_line import load_stage, stage_modules

SNAKEFILES = [REPOSITORY / "Snakefile", *sorted((REPOSITORY / "rules").glob("*.smk"))]
RULES = {
    name: body
    for file in SNAKEFILES
    for name, body in re.findall(
        r"^rule (\w+):\n((?:(?:    .*)?\n)+)", file.read_text(), flags=re.MULTILINE
    )
}
JOBS = {name: body for name, body in RULES.items() if re.search(r"^    shell:", body, re.MULTILINE)}
# Rules that are another one in an environment of its own.
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
ENVIRONMENTS = sorted((REPOSITORY / "envs").glob("*.yaml"))
SCRIPTS = sorted((REPOSITORY / "scripts").glob("*.py"))
ENTRY = "scripts/stage.py"
LIBRARY = REPOSITORY / "scripts/subliminal"
# What the stages of figures and report look up by the experiment's kind and the figure's name.
LOOKED_UP = [
    ".".join(path.relative_to(LIBRARY).with_suffix("").parts)
    for path in [*LIBRARY.glob("*/shown.py"), *LIBRARY.glob("*/figures/*.py")]
]
READERS = [
    REPOSITORY / "Makefile",
    *REPOSITORY.glob("*.md"),
    *REPOSITORY.glob("docs/**/*.md"),
    *REPOSITORY.glob("config/**/*.md"),
]
PYPROJECT_TOOLS = [
    ["ruff", "check", "--no-cache", "."],
    ["ruff", "format", "--no-cache", "--check", "."],
    ["snakefmt", "--check", "Snakefile", "rules"],
]


def stage_of(body):
    return re.search(r"^        python \{input\.script:q\} (\w+) --spec", body, re.MULTILINE)[1]


def environment_of(body):
    return re.search(r'^    conda:\n        "\.\./envs/(\w+)\.yaml"$', body, re.MULTILINE)[1]


def pins(environment):
    """Distributions of an environment, by name, with their exact versions."""
    entries = yaml.safe_load(environment.read_text())["dependencies"]
    pip = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    assert all(pin.count("==") == 1 for pin in pip), f"{environment.name}: not all pins are exact"
    return dict(pin.split("==") for pin in pip)


def third_party(file):
    """Top-level names that a file needs when it runs, other than Python's own and ours.

    What a general module imports inside a function need not be called by a job; what a stage or the
    model code imports there is.
    """
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    rooms = {"stages", "local", "api"}.intersection(file.relative_to(REPOSITORY).parts)
    within = rooms or file == REPOSITORY / ENTRY
    names = set()
    for node in ast.walk(tree) if within else tree.body:
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"subliminal"}


@pytest.mark.parametrize("command", PYPROJECT_TOOLS, ids=" ".join)
def test_sources_are_clean(command):
    program = Path(sys.executable).parent / command[0]
    done = subprocess.run([program, *command[1:]], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_types_are_right(tmp_path):
    program = Path(sys.executable).parent / "mypy"
    done = subprocess.run(
        [program, "--cache-dir", tmp_path], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_snakemake_has_nothing_to_suggest(workflow_copy):
    done = workflow_copy.snakemake("--lint")
    assert done.returncode == 0
    assert "Congratulations" in done.stdout, done.stdout


def test_the_rules_are_found():
    assert {"pretrain_base", "train_student", "build_report"} <= set(JOBS)
    assert {"all", "bases", "tables"} <= set(RULES) - set(JOBS)


@pytest.mark.parametrize("rule", RULES)
def test_rule_says_what_it_is_for(rule):
    assert re.match(r'    """\w.*\."""$', RULES[rule], re.MULTILINE)


@pytest.mark.parametrize("rule", JOBS)
def test_job_has_what_every_job_has(rule):
    body = JOBS[rule]
    directives = set(re.findall(r"^    (\w+):", body, re.MULTILINE))
    assert {"input", "output", "log", "conda", "threads", "resources", "params"} <= directives
    assert (REPOSITORY / "envs" / f"{environment_of(body)}.yaml").is_file()
    assert "{input.script:q}" in body and "{log:q}" in body and "{params.spec:q}" in body


@pytest.mark.parametrize("rule", JOBS)
def test_job_is_compared_with_the_manifest_that_it_writes(rule):
    """A change is noticed without Snakemake's memory only if rule and comparison agree."""
    body = " ".join(JOBS[rule].split())
    output = body[body.index(" output: ") : body.index(" log: ")]
    manifest = re.search(r"[ (]manifest=([^,]+),", output)[1]
    spec = re.search(r"spec=PROJECT\.spec\((.+?)\),", body)[1]
    expected = f"PROJECT.script({manifest}, {spec})"
    script = re.search(r"script=ancient\( ?(.+?) ?\), \w+[=:]", body)[1]
    assert script.replace("( ", "(").replace(", )", ")").replace(" )", ")") == expected


@pytest.mark.parametrize("file", sorted(LIBRARY.rglob("*.py")), ids=lambda path: path.stem)
def test_a_files_imports_are_those_that_python_finds(file):
    tree = ast.parse(file.read_text())
    found = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    assert imported_modules(file.read_text()) == {n for n in found if n.startswith("subliminal")}


def test_every_stage_is_that_of_a_rule():
    assert {stage_of(body) for body in JOBS.values()} == set(stage_modules())


@pytest.mark.parametrize("rule", JOBS)
def test_job_gives_its_stage_what_it_asks_for(rule):
    stage = load_stage(stage_of(JOBS[rule]))
    asked = dict(inspect.signature(stage, eval_str=False).parameters)
    asked.pop("log", None)
    needed = {
        name
        for name, parameter in asked.items()
        if parameter.default is parameter.empty and "None" not in str(parameter.annotation)
    }
    given = re.findall(r" --([a-z-]+) \{", JOBS[rule])
    assert len(given) == len(set(given))
    assert needed <= {option.replace("-", "_") for option in given} <= set(asked)


@pytest.mark.parametrize("rule", JOBS)
def test_environment_of_the_job_has_what_its_stage_imports(rule):
    stage = stage_of(JOBS[rule])
    looked_up = LOOKED_UP if stage in ("plot_figure", "build_report") else []
    modules = [stage_modules()[stage], "workflow.command_line", *looked_up]
    files = [REPOSITORY / path for path in (ENTRY, *library_files(REPOSITORY, modules))]
    imported = set().union(*map(third_party, files))
    owners = importlib.metadata.packages_distributions()
    needed = {owners[name][0] for name in imported}
    environment = REPOSITORY / "envs" / f"{environment_of(JOBS[rule])}.yaml"
    assert needed - set(pins(environment)) == set()


@pytest.mark.parametrize("rule", MOVED)
def test_environment_of_a_moved_rule_has_what_the_rule_itself_needs(rule):
    origin, environment = MOVED[rule]
    needed = pins(REPOSITORY / "envs" / f"{environment_of(JOBS[origin])}.yaml")
    assert needed.items() <= pins(REPOSITORY / "envs" / f"{environment}.yaml").items()


def test_the_harness_is_pinned_once():
    script = (REPOSITORY / "envs/mmlu.post-deploy.sh").read_text()
    (pin,) = re.findall(r"lm_eval==[\d.]+", script)
    assert pin in (REPOSITORY / "requirements-mmlu.txt").read_text().split()


@pytest.mark.parametrize("environment", ENVIRONMENTS, ids=lambda path: path.stem)
def test_environment_is_used_and_pinned_as_the_lock_is(environment):
    used = {environment_of(body) for body in JOBS.values()} | {moved for _, moved in MOVED.values()}
    assert environment.stem in used
    locked = dict(
        line.split("==") for line in (REPOSITORY / "requirements.lock").read_text().split()
    )
    assert {name: locked.get(name) for name in pins(environment)} == pins(environment)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_is_a_rules_or_is_documented(script):
    path = f"scripts/{script.name}"
    used = path == ENTRY
    assert used or any(path in reader.read_text() for reader in READERS)
