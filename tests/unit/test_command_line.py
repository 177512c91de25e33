"""A stage's command line is its signature."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from subliminal.bases.specs import PretrainBaseSpec
from subliminal.config.errors import ConfigError
from subliminal.config.strict import Strict
from subliminal.workflow import command_line
from subliminal.workflow.command_line import load_stage, run_stage, stage_modules


class Told(Strict):
    word: str


@pytest.fixture
def given(monkeypatch):
    """What a stage of every kind of parameter was called with."""
    calls = {}

    def stage(
        spec: Told,
        rows: Sequence[Path],
        base: Path,
        a_teacher: Path | None,
        manifest: Path,
        threads: int,
        log: object,
        seconds: float = 60.0,
    ) -> None:
        calls.update(locals())

    monkeypatch.setattr(command_line, "load_stage", lambda name: stage)
    return calls


NEEDED = ["--spec", '{"word": "owl"}', "--base", "b", "--manifest", "m.json", "--threads", "2"]


def test_options_become_what_the_signature_says(given):
    run_stage("stage", [*NEEDED, "--rows", "r1", "r2", "--a-teacher", "t", "--seconds", "0.5"])
    assert given.pop("log") is not None
    del given["calls"]
    assert given == {
        "spec": Told(word="owl"),
        "rows": [Path("r1"), Path("r2")],
        "base": Path("b"),
        "a_teacher": Path("t"),
        "manifest": Path("m.json"),
        "threads": 2,
        "seconds": 0.5,
    }


@pytest.mark.parametrize("empty", [[], ["--rows", "--a-teacher"]])
def test_what_may_be_empty_may_be_left_out(given, empty):
    """Snakemake writes an option without a value where a job has no such input."""
    run_stage("stage", [*NEEDED, *empty])
    assert (given["rows"], given["a_teacher"], given["seconds"]) == ([], None, 60.0)


def test_one_file_is_one_file(given):
    with pytest.raises(SystemExit):
        run_stage("stage", [*NEEDED, "--a-teacher", "t1", "t2"])
    assert not given


@pytest.mark.parametrize("option", ["--spec", "--base", "--manifest", "--threads"])
def test_everything_else_is_needed(given, option):
    place = NEEDED.index(option)
    with pytest.raises(SystemExit):
        run_stage("stage", NEEDED[:place] + NEEDED[place + 2 :])
    assert not given


def test_a_spec_must_be_that_of_the_stage(given):
    with pytest.raises(ConfigError, match="word"):
        run_stage("stage", ["--spec", json.dumps({"wort": "owl"}), *NEEDED[2:]])
    assert not given


@pytest.mark.parametrize("name", stage_modules())
def test_every_stage_has_a_command_line(name, capsys):
    assert load_stage(name).__name__ == name
    with pytest.raises(SystemExit) as ended:
        run_stage(name, ["--help"])
    assert ended.value.code == 0
    assert "--spec" in capsys.readouterr().out


def test_no_stage_is_two():
    files = [path.stem for path in command_line.LIBRARY.glob("*/stages/*.py")]
    assert sorted(set(files) - {"__init__"}) == sorted(stage_modules())
    assert len([name for name in files if name != "__init__"]) == len(stage_modules())
    assert load_stage("pretrain_base").__annotations__["spec"] == PretrainBaseSpec.__name__
