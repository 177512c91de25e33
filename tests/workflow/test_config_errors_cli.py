"""What a user sees of a broken configuration: one message, no traceback, and nothing has run."""

import broken_configs
import pytest
from working_copy import REPOSITORY, WorkingCopy

pytestmark = pytest.mark.slow

CHOSEN = [
    ("unknown-key", "optimisation"),
    ("wrong-type", "unquoted-no-for-word"),
    ("unknown-name", "student-base"),
    ("bad-value", "both-doses"),
    ("contradiction", "cell-twice-across-blocks"),
    ("broken-file", "missing-registry"),
]
OPTIONS = [
    (
        "experiments=[smaple]",
        ["--config experiments=…: item 1: 'smaple'", "config/experiments/smaple.yaml", "'sample'?"],
    ),
    ("experiments=tiny", ["--config experiments=…: ", "a list, such as [one, two]", "'tiny'"]),
    ("experiment=[tiny]", ["--config experiment=…: unknown key", "did you mean 'experiments'?"]),
]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    copy = WorkingCopy.of_repository(tmp_path_factory.mktemp("broken") / "copy")
    broken_configs.lay_out(copy.root, REPOSITORY)
    return copy


@pytest.fixture
def whole_copy(sources, tmp_path):
    return sources.copy(tmp_path / "copy")


def refusal(copy, *options):
    """What a dry run prints, given that it fails as it should."""
    done = copy.snakemake("--dry-run", *options)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert "Building DAG" not in done.stdout
    assert not (copy.root / "results").exists()
    return done.stdout


@pytest.mark.parametrize(("group", "name"), CHOSEN)
def test_broken_file_is_refused(whole_copy, group, name):
    case = next(case for case in broken_configs.ALL[group] if case.name == name)
    case.apply(whole_copy.root)
    printed = refusal(whole_copy)
    for part in case.says:
        assert printed.count(part) >= 1, printed
    line = next(line for line in printed.splitlines() if case.says[-1] in line)
    assert printed.count(line) == 1, printed


@pytest.mark.parametrize(("option", "parts"), OPTIONS)
def test_broken_option_is_refused(sources, option, parts):
    lines = refusal(sources, "--config", option).splitlines()
    assert sum(all(part in line for part in parts) for line in lines) == 1


def test_all_mistakes_are_told_and_each_once(whole_copy):
    cases = {case.name: case for case in broken_configs.UNKNOWN_KEYS}
    chosen = [cases[name] for name in ("experiment", "gates", "model")]
    for case in chosen:
        case.apply(whole_copy.root)
    lines = refusal(whole_copy).splitlines()
    for case in chosen:
        assert sum(all(part in line for part in case.says) for line in lines) == 1, lines


def test_warnings_are_told_once(whole_copy):
    """The sample's second cell has no control."""
    done = whole_copy.snakemake("--dry-run")
    assert done.returncode == 0, done.stdout
    lines = broken_configs.SAMPLE_EXPERIMENT.splitlines()
    place = (
        f"{broken_configs.SAMPLE}:{lines.index('    traits: [wolf, owl]') + 1}: cell 2: traits: "
    )
    assert done.stdout.count(place) == 1


@pytest.mark.parametrize("text", ["experiments: [sample\n", "- sample\n", ""])
def test_settings_that_snakemake_itself_cannot_read_are_refused(whole_copy, text):
    (whole_copy.root / "config/config.yaml").write_text(text)
    assert refusal(whole_copy).count("Config file ") == 1
