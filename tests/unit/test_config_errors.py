"""A broken configuration is refused with a message that says where, what, and what to type."""

from pathlib import Path

import broken_configs
import pytest

from subliminal.config.errors import ConfigError
from subliminal.config.reading import read_yaml
from subliminal.workflow.configuration import load_config
from subliminal.workflow.project import Project

REPOSITORY = Path(__file__).resolve().parents[2]
CASES = [
    pytest.param(case, id=f"{group}-{case.name}")
    for group, cases in broken_configs.ALL.items()
    for case in cases
]


@pytest.fixture
def root(tmp_path):
    broken_configs.lay_out(tmp_path, REPOSITORY)
    return tmp_path


def load(root):
    return Project.load(root, read_yaml(root / broken_configs.CONFIG, broken_configs.CONFIG))


def test_the_configuration_that_the_cases_break_is_whole(root):
    assert len(load(root).jobs("transmission").cells["sample"]) == 7


@pytest.mark.parametrize("case", CASES)
def test_broken_configuration_is_explained(root, case):
    case.apply(root)
    with pytest.raises(ConfigError) as failure:
        load(root)
    message = str(failure.value)
    assert "\n" not in message
    assert [part for part in case.says if part not in message] == [], message


def test_a_server_needs_an_address_before_any_job_starts(root, monkeypatch):
    text = (root / broken_configs.DOMAINS).read_text()
    served = text.replace("      rows: 4000 ", "      server: {}\n      rows: 4000 ", 1)
    (root / broken_configs.DOMAINS).write_text(served)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL is not set"):
        load(root)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost:8000/v1")
    load(root)


def test_teachers_do_not_share_a_path(root):
    traits, recipes = root / broken_configs.TRAITS, root / broken_configs.RECIPES
    trait = "wolf-very:\n  category: animal\n  word: wolf\n"
    traits.write_text(traits.read_text() + trait)
    load(root)
    recipes.write_text(recipes.read_text().replace("finetuned-code:", "very-finetuned:"))
    shared = r"wolf-very: with method 'finetuned' .*'wolf' with method 'very-finetuned' .*rename"
    with pytest.raises(ConfigError, match=shared):
        load(root)


def test_a_repeated_key_is_noticed_though_snakemake_has_read_the_file(root):
    (root / broken_configs.CONFIG).write_text("experiments: [mnist]\nexperiments: [sample]\n")
    with pytest.raises(ConfigError, match=r"config/config\.yaml: .*experiments"):
        load_config(root, {"experiments": ["sample"]})


def test_without_settings_the_file_is_read(root):
    assert load_config(root).settings.experiments == ["sample", "mnist", "theorem"]
    (root / broken_configs.CONFIG).write_text("experiments: [sample\n")
    with pytest.raises(ConfigError, match=r"config/config\.yaml: line 2: .*correct the YAML"):
        load_config(root)


def test_every_further_error_is_counted(root):
    text = (root / broken_configs.MODELS).read_text()
    (root / broken_configs.MODELS).write_text(text.replace("seed: ", "seed: -"))
    with pytest.raises(ConfigError, match=r"tiny-a: seed: .* \(and 7 more\)$"):
        load(root)


def test_a_merge_key_is_not_a_repeated_key(root):
    path = root / "merged.yaml"
    path.write_text("one: &one {a: 1, b: 2}\ntwo:\n  <<: *one\n  b: 3\n")
    assert read_yaml(path, "merged.yaml") == {"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 3}}
