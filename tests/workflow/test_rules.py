"""What every rule, environment and script has to have."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest
from working_copy import REPOSITORY

from subliminal.workflow.code_graph import imported_modules
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
SCRIPTS = sorted((REPOSITORY / "scripts").glob("*.py"))
ENTRY = "scripts/stage.py"
LIBRARY = REPOSITORY / "scripts/subliminal"
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
    assert "{input.script:q}" in body and "{log:q}" in body and "{params.spec:q}" in body


@pytest.mark.parametrize("rule", JOBS)
def test_job_is_compared_with_the_manifest_that_it_writes(rule):
    """A change is noticed without Snakemake's memory only if rule and comparison agree."""
    body = " ".join(JOBS[rule].split())
    output = body[body.index(" output: ") : body.index(" log: ")]
    manifest = re.search(r"[ (]manifest=([^,]+),", output)[1]
    spec = re.search(r"spec=PROJECT\.spec\((.+?)\),", body)[1]
    compared = re.search(r"PROJECT\.reads\( ?([^,]+), ([^,)]+)", body).groups()
    assert compared == (manifest, spec)


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


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_script_is_a_rules_or_is_documented(script):
    path = f"scripts/{script.name}"
    used = path == ENTRY
    assert used or any(path in reader.read_text() for reader in READERS)
