"""JSON schemas and documentation are generated from the models and schemas, and name everything.

Every configuration file names its JSON schema and obeys it.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest
import yaml
from pydantic import Field

from subliminal.config.recipes import Lora, Optimisation
from subliminal.config.strict import FILE_NAME, Distinct, Key, Name, Positive, Seed
from subliminal.evaluations.registry import MEASURES
from subliminal.workflow.documentation import PAGES, filled, models, pages, schemas
from subliminal.workflow.json_schema import FILES as SHAPES
from subliminal.workflow.json_schema import FOLDER, schema_files
from subliminal.workflow.types_in_words import in_words

REPOSITORY = Path(__file__).resolve().parents[2]
FILES = [
    *sorted((REPOSITORY / "config").glob("*.yaml")),
    *sorted((REPOSITORY / "config/experiments").glob("*.yaml")),
]


def schema_of(file):
    """The schema that an editor finds, by the file's first line."""
    first = file.read_text().splitlines()[0]
    named = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert named, f"{file.name} does not begin by naming its schema"
    return json.loads((file.parent / named[1]).read_text())


def test_stored_schemas_are_those_of_the_models():
    stored = {str(p.relative_to(REPOSITORY)) for p in (REPOSITORY / FOLDER).iterdir()}
    assert stored == set(schema_files())
    for path, text in schema_files().items():
        message = f"{path} is out of date; run: python scripts/write_docs.py"
        assert (REPOSITORY / path).read_text() == text, message


@pytest.mark.parametrize("name", SHAPES)
def test_schema_is_valid(name):
    jsonschema.Draft202012Validator.check_schema(
        json.loads((REPOSITORY / FOLDER / f"{name}.json").read_text())
    )


class _Texts(yaml.SafeLoader):
    """YAML 1.2 as editors read it: dates are texts."""


_Texts.add_constructor("tag:yaml.org,2002:timestamp", _Texts.construct_yaml_str)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_file_obeys_the_schema_that_it_names(file):
    schema = schema_of(file)
    assert schema["title"] == (file.stem if file.parent.name == "config" else "experiment")
    jsonschema.validate(yaml.load(file.read_text(), _Texts), schema)


def test_schema_refuses_an_unknown_key():
    data = yaml.safe_load((REPOSITORY / "config/recipes.yaml").read_text())
    data["students"]["tiny"]["optimisation"]["learning_rates"] = 0.1
    with pytest.raises(jsonschema.ValidationError, match="learning_rates"):
        jsonschema.validate(data, schema_of(REPOSITORY / "config/recipes.yaml"))


KEYS = REPOSITORY / "docs/configuration.md"
HOSTING = REPOSITORY / "docs/hosted-models.md"
TABLES = REPOSITORY / "docs/tables.md"
SCHEMA_MODULES = [
    f"{path.parent.name}.{path.stem}"
    for path in sorted((REPOSITORY / "scripts/subliminal").glob("*/*schemas.py"))
    if path.parent.name != "artefacts"  # it defines what a schema is
]


def test_stored_pages_are_up_to_date():
    for path, text in pages(REPOSITORY).items():
        message = f"{path} is out of date; run: python scripts/write_docs.py"
        assert (REPOSITORY / path).read_text(encoding="utf-8") == text, message


@pytest.mark.parametrize("model", models(), ids=lambda model: model.__name__)
def test_every_key_has_a_description(model):
    assert model.__doc__
    for key, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{key} needs a description"


@pytest.mark.parametrize(
    "table", list(schemas(*SCHEMA_MODULES)), ids=lambda table: f"{table.name}-{table.place[8:16]}"
)
def test_every_column_has_a_meaning(table):
    assert table.rows and table.place.startswith("results/")
    for column, (_, meaning) in table.columns.items():
        assert meaning.endswith("."), f"{table.name}.{column} needs a meaning, in sentences"


@pytest.mark.parametrize("measure", MEASURES.values(), ids=list(MEASURES))
def test_every_measure_has_a_meaning(measure):
    assert measure.noun and measure.label and measure.meaning.endswith(".")


def first_cells(part):
    """The names in the first column of a Markdown table."""
    rows = re.findall(r"^\| (`.+?`) \|", part, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def undocumented_keys(text):
    """Keys of models that a page's tables leave out."""
    shown = {}
    for names, part in re.findall(r"<!-- keys: (\S.*?) -->(.*?)<!-- /keys -->", text, re.DOTALL):
        for name in names.split(", "):
            shown[name] = first_cells(part)
    missing = set()
    for model in models():
        # What a model has from its base may stand in the base's table.
        family = [f"{c.__module__}.{c.__name__}".removeprefix("subliminal.") for c in model.__mro__]
        found = set().union(*(shown.get(name, set()) for name in family))
        missing |= {f"{model.__name__}.{key}" for key in model.model_fields if key not in found}
        if family[0] not in shown:
            missing.add(model.__name__)
    return missing


def test_the_pages_of_keys_name_every_key():
    text = "\n".join(page.read_text(encoding="utf-8") for page in (KEYS, HOSTING))
    assert undocumented_keys(text) == set()


def test_a_key_that_is_left_out_is_noticed():
    text = KEYS.read_text(encoding="utf-8") + HOSTING.read_text(encoding="utf-8")
    assert undocumented_keys(re.sub(r"^\| `rank` .*\n", "", text, flags=re.M)) == {"Lora.rank"}
    unmarked = text.replace("<!-- keys: mnist.config.Cloning -->", "")
    assert {"Cloning", "Cloning.epochs"} <= undocumented_keys(unmarked)
    headless = text.replace("<!-- keys: config.experiments.Experiment -->", "")
    assert {f"{kind}.title" for kind in ("MnistExperiment", "TheoremExperiment")} <= (
        undocumented_keys(headless)
    )


def test_tables_page_names_every_table_column_and_measure():
    text = TABLES.read_text(encoding="utf-8")
    parts = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", text, re.DOTALL | re.MULTILINE))
    for table in schemas(*SCHEMA_MODULES):
        assert table.place in parts[table.name]
        assert first_cells(parts[table.name]) == set(table.columns), table.name
    assert first_cells(parts["measures"]) == set(MEASURES)


@pytest.mark.parametrize("path", PAGES)
def test_links_within_a_page_lead_to_one_heading(path):
    text = (REPOSITORY / path).read_text(encoding="utf-8")
    headings = [
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    ]
    assert len(headings) == len(set(headings))
    assert set(re.findall(r"\]\(#(.+?)\)", text)) <= set(headings)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Positive, "integer > 0"),
        (list[Key], "list of names"),
        (Distinct[Seed], "list of seeds, one or more, none twice"),
        (Literal["a", "b"], "`a` or `b`"),
        (Lora, "see [lora](#there)"),
        (Lora | None, "see [lora](#there) or `null`"),
        (dict[Name, Lora], "map of names; see [lora](#there)"),
        (list[Lora], "list; see [lora](#there)"),
        (dict[str, Any], "map"),
        (list[Annotated[str, Field(pattern=FILE_NAME)]], "list of names"),
        (Annotated[float, Field(ge=0, le=1)], "number from 0 to 1"),
        (Annotated[float, Field(ge=0, lt=1)], "number ≥ 0 and < 1"),
        (Annotated[list[float], Field(min_length=2, max_length=2)], "two numbers"),
        (bool, "boolean"),
        (str | None, "text or `null`"),
    ],
)
def test_types_are_put_in_words(kind, words):
    assert in_words(kind, places={Lora: "[lora](#there)"}) == words


def test_a_table_of_keys():
    """Written by hand from the model."""
    marker = "<!-- keys: config.recipes.Optimisation -->"
    page = f"# optimisation\n\n{marker}\nold\n<!-- /keys -->\n\nLast.\n"
    lines = filled(page).splitlines()
    assert lines[:7] == [
        "# optimisation",
        "",
        marker,
        "",
        "| key | type | meaning | default | paper |",
        "|---|---|---|---|---|",
        "| `learning_rate` | number > 0 | The peak learning rate. | – | 2.0e-4 |",  # noqa: RUF001
    ]
    assert [line.split(" | ")[3] for line in lines if line.startswith("| `epsilon`")] == [
        "`1.0e-8`"
    ]
    assert len(lines) == 6 + len(Optimisation.model_fields) + 4
    assert lines[-4:] == ["", "<!-- /keys -->", "", "Last."]


def test_command_line_finds_and_mends_what_is_stale(tmp_path):
    for folder in ("scripts", "config", "docs"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    stale = [f"{FOLDER}/traits.json", *PAGES]
    (tmp_path / stale[0]).write_text("{}\n")
    for path in PAGES:
        page = tmp_path / path
        text = page.read_text(encoding="utf-8")
        for old, new in (
            ("`seed` |", "`seeds` |"),
            ("anyone |", "nobody |"),
            ("`store` |", "`s` |"),
        ):
            text = text.replace(f"| {old}", f"| {new}")
        page.write_text(text, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "scripts/write_docs.py")]
    before = {path: (tmp_path / path).read_bytes() for path in stale}
    check = subprocess.run([*command, "--check"], capture_output=True, text=True)
    assert check.returncode == 1
    assert check.stdout.splitlines() == [
        f"{path} is out of date; run: python scripts/write_docs.py" for path in stale
    ]
    assert {path: (tmp_path / path).read_bytes() for path in stale} == before
    assert subprocess.run(command, capture_output=True).returncode == 0
    for path in stale:
        assert (tmp_path / path).read_bytes() == (REPOSITORY / path).read_bytes()
    assert subprocess.run([*command, "--check"]).returncode == 0
