"""Models of all origins as the hub takes them: base, licences, what is left out."""

import json

import pytest
from family_fixture import student, train_set
from huggingface_hub import ModelCard
from manifests import write_manifest

from subliminal.config.errors import ConfigError
from subliminal.sharing.export import export

COMMIT = "0f" * 20
HUB = {"source": "hub", "repository": "google/gemma-3-4b-it", "revision": COMMIT}
WHEEL = {"source": "wheel", "files": []}


def ready_base(results, source, licence):
    """A base of others, under the name of the fixture's first one."""
    spec = {"base": "tiny-a", "source": {**source, "licence": licence}}
    folder = results / "models/tiny-a"
    folder.mkdir(parents=True)
    files = [folder / "model.safetensors", folder / "tokenizer.json"]
    for file in files:
        file.write_bytes(b"of others")
    return write_manifest(
        folder / "manifest.json", files, stage="prepare_base", about="base of others", spec=spec
    )


ADAPTER = {
    "adapter_model.safetensors": "weights",
    "adapter_config.json": '{"base_model_name_or_path": "results/models/tiny-a"}',
}


def adapter(results, **content):
    """A student that is an adapter of the fixture's first base."""
    return student(results, train_set(results), files=ADAPTER, **content)


def exported(manifest, folder):
    export(manifest.parent, folder)
    return ModelCard.load(folder / "README.md")


@pytest.fixture
def results(tmp_path):
    return tmp_path / "results"


def test_a_base_of_the_hub_is_named_at_its_commit_and_not_passed_on(results, tmp_path):
    ready_base(results, HUB, "Gemma Terms of Use")
    card = exported(adapter(results), tmp_path / "out")
    assert card.data.base_model == HUB["repository"]
    assert card.data.license == "gemma"
    config = json.loads((tmp_path / "out/adapter_config.json").read_text())
    assert (config["base_model_name_or_path"], config["revision"]) == (HUB["repository"], COMMIT)
    assert not (tmp_path / "out/base").exists()
    assert COMMIT in card.text


def test_a_base_out_of_wheels_is_no_name_on_the_hub(results, tmp_path):
    ready_base(results, WHEEL, "Apache-2.0")
    card = exported(adapter(results), tmp_path / "out")
    assert card.data.base_model is None and card.data.license == "apache-2.0"
    assert "base of others: Apache-2.0" in card.text


def test_several_licences_are_all_named(results, tmp_path):
    ready_base(results, HUB, "Apache-2.0")
    manifest = adapter(results, facts={"adopted": True, "licence": "CC BY-NC 4.0"})
    card = exported(manifest, tmp_path / "out")
    assert card.data.license == "other"
    assert card.data.license_name == "Apache-2.0 and CC BY-NC 4.0"


def test_whole_weights_get_the_tokenizer_of_their_base(results, tmp_path):
    ready_base(results, WHEEL, "Apache-2.0")
    files = {"model.safetensors": "own", "config.json": "{}"}
    manifest = student(results, train_set(results), files=files)
    card = exported(manifest, tmp_path / "out")
    assert card.data.library_name == "transformers"
    assert (tmp_path / "out/model.safetensors").read_text() == "own"
    assert (tmp_path / "out/tokenizer.json").read_text() == "of others"


def test_a_model_whose_weights_nobody_has_is_not_exported(results, tmp_path):
    with pytest.raises(ConfigError, match="no weights"):
        export(student(results, train_set(results)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_weights_that_were_swapped_are_not_exported(results, tmp_path):
    ready_base(results, WHEEL, "Apache-2.0")
    manifest = adapter(results)
    manifest.with_name("adapter_model.safetensors").write_text("others")
    with pytest.raises(ConfigError, match="adapter_model"):
        export(manifest, tmp_path / "out")


def test_a_base_that_is_not_as_it_was_stops_its_adapters(results, tmp_path):
    ready_base(results, WHEEL, "Apache-2.0")
    manifest = adapter(results)
    (results / "models/tiny-a/model.safetensors").write_text("another")
    with pytest.raises(ConfigError, match=r"model\.safetensors"):
        export(manifest, tmp_path / "out")


def test_what_is_neither_model_nor_data_nor_results_is_refused(results, tmp_path):
    manifest = write_manifest(results / "prompts/numbers.manifest.json")
    with pytest.raises(ConfigError, match="neither"):
        export(manifest, tmp_path / "out")
