"""A base whose weights nobody has: it may be listed, and no job can use it yet."""

from pathlib import Path

import broken_configs
import pytest

from subliminal.config.errors import ConfigError
from subliminal.config.models import HostedBase
from subliminal.workflow.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
SETTINGS = {"experiments": ["sample", "theorem"]}
ENTRY = "\nsomebody-elses:\n  source: api\n  tier: api\n  snapshot: model-2025-04-14\n"


@pytest.fixture
def root(tmp_path):
    """The repository's configuration and the sample experiment, with a hosted base listed."""
    broken_configs.lay_out(tmp_path, REPOSITORY)
    with (tmp_path / broken_configs.MODELS).open("a") as file:
        file.write(ENTRY)
    return tmp_path


def replace(file, old, new):
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def refusal(root):
    with pytest.raises(ConfigError) as failure:
        Project.load(root, SETTINGS)
    message = str(failure.value)
    assert "\n" not in message
    return message


def test_a_hosted_base_may_be_listed(root):
    project = Project.load(root, SETTINGS)
    base = project.config.models["somebody-elses"]
    assert isinstance(base, HostedBase)
    assert base.snapshot == "model-2025-04-14"
    assert not any("somebody-elses" in file for file in project.jobs("transmission").base_files())


@pytest.mark.parametrize("role", ["teacher", "student"])
def test_an_experiment_that_uses_it_is_refused(root, role):
    """One error that names the file, the base and what it is; not one about sizes or modules."""
    sample = root / broken_configs.SAMPLE
    replace(sample, f"{role}_bases: [tiny-a]", f"{role}_bases: [tiny-a, somebody-elses]")
    message = refusal(root)
    for part in (broken_configs.SAMPLE, "'somebody-elses'", "source: api", "choose"):
        assert part in message
    assert "sizes" not in message


def test_a_theorem_that_uses_it_is_refused(root):
    replace(root / broken_configs.THEOREM, " base: tiny-a", " base: somebody-elses")
    message = refusal(root)
    assert broken_configs.THEOREM in message
    assert "'somebody-elses'" in message


@pytest.mark.parametrize("key", ["snapshot", "tier"])
def test_what_a_hosted_base_needs_is_said(root, key):
    models = root / broken_configs.MODELS
    lines = models.read_text().splitlines()
    own = lines.index("somebody-elses:")
    kept = [line for i, line in enumerate(lines) if i < own or not line.startswith(f"  {key}:")]
    models.write_text("\n".join(kept) + "\n")
    message = refusal(root)
    assert message.startswith(f"{broken_configs.MODELS}:")
    assert f": somebody-elses: {key}: " in message
    assert "missing" in message
