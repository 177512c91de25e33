"""A broken configuration is refused with a message that says where, what, and what to type."""

from pathlib import Path

import broken_configs
import pytest

from subliminal.config.errors import ConfigError, known
from subliminal.config.reading import read_yaml
from subliminal.workflow.configuration import Given, load_config
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
    assert len(load(root).jobs("transmission").cells("sample")) == 7


@pytest.mark.parametrize("case", CASES)
def test_broken_configuration_is_explained(root, case):
    case.apply(root)
    with pytest.raises(ConfigError) as failure:
        load(root)
    message = str(failure.value)
    assert all(line.startswith("config/") for line in message.splitlines())
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
    with pytest.raises(ConfigError, match=r"config/config\.yaml:2: .*experiments"):
        load_config(root, {"experiments": ["sample"]})


def test_without_settings_the_file_is_read(root):
    assert load_config(root).settings.experiments == ["sample", "mnist", "theorem"]
    (root / broken_configs.CONFIG).write_text("experiments: [sample\n")
    with pytest.raises(ConfigError, match=r"config/config\.yaml:2: .*correct the YAML"):
        load_config(root)


def told(root, **options):
    """The lines of the one error."""
    with pytest.raises(ConfigError) as failure:
        Project.load(root, **options)
    return str(failure.value).splitlines()


def edit(root, file, *changes):
    text = (root / file).read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (root / file).write_text(text)


def test_ten_errors_are_told_and_the_others_counted(root):
    entry = "x{}:\n  source: pretrain\n  tier: tiny\n  pretraining: tiny\n  seed: -1\n"
    entries = "".join(entry.format(number) for number in range(23))
    edit(root, broken_configs.MODELS, ("tiny-a:", f"{entries}tiny-a:"))
    *ten, rest = told(root)
    assert [line.split(": ")[1] for line in ten] == [f"x{number}" for number in range(10)]
    assert rest.split() == ["and", "13", "more"]


def test_errors_of_several_files_are_told_together(root):
    edit(root, broken_configs.SAMPLE, ("title:", "tittle:"), ("min_teacher: 0.5", "min_teacher: x"))
    edit(root, broken_configs.TRAITS, ("word: owl", "word: Owl"))
    (root / broken_configs.DOMAINS).unlink()
    edit(root, broken_configs.CONFIG, ("[sample, ", "[smaple, sample, "))
    found = [line.partition(": ")[2] for line in told(root)]
    starts = ["owl: word: ", "no such file", "experiments: item 1: 'smaple'"]
    starts += ["gates: min_teacher: ", "tittle: unknown key (did you mean 'title'?"]
    assert [f[: len(start)] for f, start in zip(found, starts, strict=True)] == starts


def test_names_that_do_not_exist_are_told_together(root):
    edit(
        root,
        broken_configs.SAMPLE,
        ("teacher_bases: [tiny-a]", "teacher_bases: [tiny-x]"),
        ("evaluation: favourite-animal", "evaluation: favorite"),
    )
    edit(root, broken_configs.THEOREM, ("control: none", "control: nine"))
    found = [line.partition(": ")[2].partition(" is not")[0] for line in told(root)]
    assert found == [
        "evaluation: 'favorite'",
        "cell 1: teacher_bases: item 1: 'tiny-x'",
        "cell 2: teacher_bases: item 1: 'tiny-x'",
        "language_model: control: 'nine'",
    ]


def test_a_mistake_in_a_shared_value_is_told_once(root):
    """Its aliases stand at other lines; only one line is to be mended."""
    text = (root / broken_configs.EVALUATIONS).read_text()
    assert text.count("*animals") > 1
    edit(root, broken_configs.EVALUATIONS, ("[owl, cat,", "[owl, owl, cat,"))
    assert len(told(root)) == 1


def test_a_misspelt_key_is_not_missing_as_well(root):
    edit(root, broken_configs.SAMPLE, ("min_rows:", "min_row:"))
    assert len(told(root)) == 1
    edit(root, broken_configs.SAMPLE, ("min_row:", "least:"))
    assert len(told(root)) == 2


def test_a_merge_key_is_not_a_repeated_key(root):
    path = root / "merged.yaml"
    path.write_text("one: &one {a: 1, b: 2}\ntwo:\n  <<: *one\n  b: 3\n")
    assert read_yaml(path, "merged.yaml") == {"one": {"a": 1, "b": 2}, "two": {"a": 1, "b": 3}}


# The line with this sign is the one to mend.
HERE = "# <-"
SAMPLE_TEXT = broken_configs.SAMPLE_EXPERIMENT
LINES = {
    "a key": (broken_configs.SAMPLE, "recipe: tiny", f"recipe: tinny  {HERE}"),
    "an unknown key": (broken_configs.SAMPLE, "cells:", f"foo: 1  {HERE}\ncells:"),
    "a missing key's mapping": (
        broken_configs.SAMPLE,
        "numbers\n    traits: [wolf, owl, none]\n",
        f"numbers  {HERE}\n",
    ),
    "an item": (
        broken_configs.SAMPLE,
        "traits: [wolf, owl]",
        f"traits:\n      - wolf\n      - owll  {HERE}",
    ),
    "an item of the wrong type": (
        broken_configs.SAMPLE,
        "student_seeds: [1]",
        f"student_seeds:\n      - 1\n\n      - one  {HERE}",
    ),
    "a key in flow style": (
        broken_configs.SAMPLE,
        "gates: {min_teacher: 0.5, min_rows: 300,",
        f"gates: {{min_teacher: 0.5,\n min_rows: few,  {HERE}\n",
    ),
    "a union's tag": (broken_configs.SAMPLE, "kind: transmission", f"kind: tramsission  {HERE}"),
    "a merged key": (
        broken_configs.SAMPLE,
        "gates: {",
        f"gates:\n  <<:\n    - {{min_mass: much}}  {HERE}\n    - {{",
    ),
    "a name": (broken_configs.MODELS, "tiny-b:", f"tiny_b:  {HERE}"),
    "a name that YAML reads as a boolean": (broken_configs.MODELS, "tiny-b:", f"yes:  {HERE}"),
    "a reference": (broken_configs.MODELS, "pretraining: tiny\n", f"pretraining: tinny  {HERE}\n"),
    "values that do not go together": (
        broken_configs.TRAITS,
        "\nowl:\n",
        f"\nowl:  {HERE}\n  control: true\n",
    ),
    "settings": (broken_configs.CONFIG, "sample,", f"\n  smaple,  {HERE}\n "),
    "no YAML": (broken_configs.TRAITS, "word: owl", f"word: owl: bird  {HERE}"),
    "a repeated key": (broken_configs.TRAITS, "\neagle:", f"\nowl:  {HERE}"),
}


@pytest.mark.parametrize(("file", "old", "new"), LINES.values(), ids=LINES)
def test_the_line_to_mend_is_named(root, file, old, new):
    text = (root / file).read_text()
    assert old in text
    text = text.replace(old, new, 1)
    (root / file).write_text(text)
    number = next(n for n, line in enumerate(text.splitlines(), 1) if HERE in line)
    for line in told(root):
        assert line.startswith(f"{file}:{number}: ")


PROPOSED = [
    (broken_configs.SAMPLE, "min_rows: 300", "min_row: 300", "min_rows"),
    (broken_configs.SAMPLE, "student_seeds: [1]", "students_seeds: [1]", "student_seeds"),
    (broken_configs.SAMPLE, "kind: transmission", "kind: transmision", "transmission"),
    (broken_configs.SAMPLE, "[wolf, owl]", "[wolf, olw]", "owl"),
    (broken_configs.SAMPLE, "[tiny-b]", "[tiny_b]", "tiny-b"),
    (broken_configs.SAMPLE, "domain: numbers", "domain: nubmers", "numbers"),
    (broken_configs.SAMPLE, "recipe: tiny", "recipe: tiny-logit", "tiny-logits"),
    (broken_configs.SAMPLE, "method: finetuned", "method: promted", "prompted"),
    (broken_configs.SAMPLE, "favourite-animal", "favorite-animal", "favourite-animal"),
    (broken_configs.SAMPLE, "shuffled-within", "shufled-within", "shuffled-within"),
    (broken_configs.SAMPLE, "gates:", "figures: [trait-matrix]\ngates:", "trait_matrix"),
    (broken_configs.SAMPLE, "gates:", "measure: marign\ngates:", "margin"),
    (broken_configs.CONFIG, "theorem", "theorm", "theorem"),
    (broken_configs.THEOREM, "control: none", "control: none1", "none"),
    (broken_configs.MODELS, "source: pretrain", "source: pretrained", "pretrain"),
    (broken_configs.DOMAINS, "generator: tiny-cot", "generator: tiny-cott", "tiny-cot"),
    (broken_configs.DOMAINS, "    tiny:\n", "    tinny:\n", "tiny"),
    (broken_configs.EVALUATIONS, "questions: favourite-tree", "questions: favourite-trees",
     "favourite-tree"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "meant"), PROPOSED)
def test_the_name_that_was_meant_is_proposed(root, file, old, new, meant):
    edit(root, file, (old, new))
    assert f"did you mean '{meant}'" in told(root)[0]


def test_nothing_is_proposed_for_a_name_that_resembles_none():
    names = [f"name-{number}" for number in range(40)]
    assert "did you mean" not in known(names, "xyz")
    assert "did you mean" not in known(names)
    assert known(names, "xyz").endswith("name-11 and 28 more)")
    assert "'name-39'" in known(names, "nam-39")


SOURCES = [
    (["smaple"], "item 1: 'smaple'"),
    ("sample", "expected a list"),
    (["sample", "sample"], "'sample' is listed twice"),
    (["sample.yaml"], "item 1: "),
]


@pytest.mark.parametrize(("value", "says"), SOURCES)
def test_the_command_line_is_named_where_it_gave_the_setting(root, value, says):
    settings, given = {"experiments": value}, Given({"experiments": "--config experiments=…"})
    (line,) = told(root, settings=settings, given=given)
    assert line.startswith(f"--config experiments=…: {says}")
    (root / "own").mkdir()
    (root / "own/mine.yaml").write_text(f"\n\nexperiments: {value}\n")
    given = Given(files={"experiments": "own/mine.yaml"})
    (line,) = told(root, settings=settings, given=given)
    assert line.startswith(f"own/mine.yaml:3: experiments: {says}")


def test_only_settings_of_the_command_line_are_said_to_be_from_there(root):
    settings = {"experiments": ["sample"], "gpu_tiers": ["opne"], "experimnts": []}
    given = Given({"experiments": "--config experiments=…", "experimnts": "--config experimnts=…"})
    (root / broken_configs.CONFIG).write_text("experiments: [theorem]\ngpu_tiers: [opne]\n")
    tiers, key = told(root, settings=settings, given=given)
    assert tiers.startswith("config/config.yaml:2: gpu_tiers: item 1: ")
    assert key.startswith("--config experimnts=…: unknown key (did you mean 'experiments'?")


def test_two_keys_that_one_cell_lacks_are_both_told(root):
    file = root / broken_configs.SAMPLE
    lines = file.read_text().splitlines(keepends=True)
    cell = next(i for i, line in enumerate(lines) if "recipe:" in line)
    other = next(i for i, line in enumerate(lines) if "variants:" in line)
    file.write_text("".join(line for i, line in enumerate(lines) if i not in (cell, other)))
    with pytest.raises(ConfigError) as failure:
        load(root)
    told = str(failure.value).splitlines()
    assert any("recipe: is missing" in line for line in told), told
    assert any("variants: is missing" in line for line in told), told
