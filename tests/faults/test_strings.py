"""No string reaches a shell or leaves `results/`; no configuration ends in a traceback."""

from __future__ import annotations

import re
import shutil

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from outcomes import RIGHT, Outcome, outcome_of, record
from working_copy import REPOSITORY

from subliminal.config.config import Config
from subliminal.config.errors import ConfigError
from subliminal.config.failures import message_for
from subliminal.config.text import printable
from subliminal.config.wildcards import one_of
from subliminal.workflow.checks import check_config
from subliminal.workflow.configuration import load_config

HOSTILE = (
    "a'b\"c $(touch pwned) `touch pwned`; touch pwned\n| touch pwned & <b>\x1b[31m ü ∞ "
    "{x} {{y}} %s \\"
)
REGISTRIES = ["config", "models", "traits", "recipes", "domains", "evaluations"]
SAFE_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# What YAML, Python or a shell could take for something else.
ODD_TEXTS = [
    *("", "~", "yes", "-1", "1e400", ".inf", ".nan", "9" * 5000, "0x10", "1:30", "2020-01-01"),
    *("[]", "{}", "[" * 200, "&a [*a]", "*a", "{a: 1, a: 2}", "{[1]: 2}", "<<: *lora", "? {a: 1}"),
    *("!!python/object/apply:os.system [touch pwned]", "!!binary aGk=", "!!bool x", "!!int ''"),
    *("!!timestamp x", "!!float x", "!!pairs [1]", "!!omap [1]", "!!set [1]", "!!str [1]"),
    *("../../x", "/etc/passwd", "a/b", "$(touch pwned)", "`id`", "a" * 300, "é", "a b", "A", "-a"),
    *("'", '"', "\t", "\0", "\r", "\x85", "\u2028", "\ud83d", "\x1b[31m", "#", "%", "@", ">", "|"),
]


def test_every_text_in_a_shell_command_is_quoted():
    files = sorted((REPOSITORY / "rules").glob("*.smk"))
    commands = [
        c for f in files for c in re.findall(r'shell:\n\s+r"""(.*?)"""', f.read_text(), re.S)
    ]
    assert len(commands) > 15
    for command in commands:
        fields = re.findall(r"(?<!\{)\{([^{}]+)\}", command)
        assert fields
        assert {f for f in fields if not f.endswith(":q")} <= {"threads"}, command


@given(st.lists(st.from_regex(SAFE_NAME, fullmatch=True), max_size=5), st.text(max_size=30))
def test_a_wildcard_admits_the_configured_names_alone(names, text):
    admitted = re.compile(f"(?:{one_of(names)})")
    assert all(admitted.fullmatch(name) for name in names)
    assert bool(admitted.fullmatch(text)) == (text in names)


@given(st.text())
def test_what_is_printed_acts_on_no_terminal(text):
    told = message_for(ConfigError(text))
    assert told == printable(text)
    assert all(c == "\n" or c.isprintable() for c in told)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A configuration to be broken."""
    folder = tmp_path_factory.mktemp("strings")
    shutil.copytree(REPOSITORY / "config", folder / "config")
    (folder / "config" / "config.yaml").write_text("experiments: [tiny]\n")
    return folder


def mutated(data: st.DataObject, text: str) -> str:
    """A file's text with one value, or a stretch of it, replaced or gone."""
    if data.draw(st.booleans(), label="a value"):
        values = list(re.finditer(r"[\w.-]+", text))
        chosen = values[data.draw(st.integers(0, len(values) - 1))]
        start, end = chosen.span()
    else:
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 40))
    return text[:start] + data.draw(st.sampled_from(ODD_TEXTS)) + text[end:]


def names_of(config: Config) -> set[str]:
    """Every name that becomes a part of a path."""
    recipes = config.recipes
    registries = (config.models, config.traits, config.domains, config.evaluations)
    return {
        *(name for registry in registries for name in registry),
        *recipes.students,
        *recipes.methods,
    }


@pytest.mark.parametrize("name", [*REGISTRIES, "experiments/tiny"])
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_odd_file_is_understood_or_refused(root, name, data):
    file = root / "config" / f"{name}.yaml"
    whole = file.read_bytes()
    text = mutated(data, whole.decode())
    try:
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        config = load_config(root)
        check_config(config, root)
        assert all(SAFE_NAME.fullmatch(name) and len(name) <= 60 for name in names_of(config))
    except ConfigError as error:
        assert len(str(error)) < 6_500
    finally:
        file.write_bytes(whole)
    assert not (root / "pwned").exists()


@pytest.mark.slow
def test_a_hostile_title_is_a_title(micro_copy, request):
    """It goes through a command line, a figure and a page of HTML."""
    file = micro_copy.root / "config/experiments/micro.yaml"
    content = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({**content, "title": HOSTILE}))
    done = micro_copy.snakemake("results/report.html", "--cores", "2")
    report = (micro_copy.root / "results/report.html").read_text()
    clean = not list(micro_copy.root.rglob("*pwned*")) and "<b>\x1b" not in report
    outcome = outcome_of(done.returncode, done.stdout, (), clean)
    record(request, outcome)
    assert outcome is Outcome.RECOVERED, done.stdout
    assert "&lt;b&gt;" in report


@pytest.mark.slow
@pytest.mark.parametrize(
    "target",
    [
        "results/models/../../pwned/manifest.json",
        "results/models/$(touch pwned)/manifest.json",
        "results/models/tiny-a;touch pwned/manifest.json",
        "results/models/tiny-a\n/manifest.json",
        "results/students/tiny-a/x/y/z/seed1/manifest.json",
        "results/tables/nope/manifest.json",
        "/tmp/pwned/manifest.json",
        "results/models/" + "a" * 300 + "/manifest.json",
        "results/models/\u202etiny-a/manifest.json",
    ],
)
def test_a_target_that_is_none_is_refused(workflow_copy, target, request):
    done = workflow_copy.snakemake(target, "--cores", "1")
    outcome = outcome_of(done.returncode, done.stdout, ("No rule to produce",), False)
    record(request, outcome)
    assert outcome in RIGHT, done.stdout
    assert not list(workflow_copy.root.rglob("*pwned*"))
