"""Nothing is read that is not what its manifest says."""

import json
import shutil
from pathlib import Path

import pytest
from manifests import write_manifest

from subliminal.artefacts.manifest import Run
from subliminal.artefacts.outdated import why_outdated
from subliminal.artefacts.provenance import ancestry, described_stages
from subliminal.artefacts.verified import problems, read_manifest, verify
from subliminal.config.errors import ConfigError
from subliminal.transmission.specs import MakeTrainSetSpec

SPEC = MakeTrainSetSpec(variant="train", rows=None, seed=1)


@pytest.fixture
def results(tmp_path):
    """Two artefacts of one kind, and one that was made from the first."""
    folder = tmp_path / "results"
    for name in ("owl", "eagle"):
        (folder / name).mkdir(parents=True)
        (folder / name / "weights").write_bytes(name.encode() * 100)
        (folder / name / "settings.json").write_text(json.dumps({"lora_alpha": 4, "name": name}))
        files = [folder / name / "weights", folder / name / "settings.json"]
        write_manifest(folder / name / "manifest.json", files, facts={"rows": 3})
    (folder / "student").mkdir()
    (folder / "student" / "weights").write_bytes(b"student")
    run = Run.begin("make_train_set", SPEC, {"teacher": folder / "owl/manifest.json"})
    run.finish(folder / "student/manifest.json", [folder / "student/weights"])
    return folder


def flip_a_bit(folder):
    file = folder / "owl/weights"
    content = bytearray(file.read_bytes())
    content[50] ^= 1
    file.write_bytes(content)


def cut(folder):
    file = folder / "owl/weights"
    file.write_bytes(file.read_bytes()[:-1])


def swap_files(folder):
    shutil.copyfile(folder / "eagle/weights", folder / "owl/weights")


def swap_folders(folder):
    shutil.rmtree(folder / "owl")
    shutil.copytree(folder / "eagle", folder / "owl")


def edit_settings(folder):
    file = folder / "owl/settings.json"
    file.write_text(file.read_text().replace("4", "8"))


def lose(folder):
    (folder / "owl/settings.json").unlink()


def folder_for_file(folder):
    (folder / "owl/weights").unlink()
    (folder / "owl/weights").mkdir()


def edited(**changes):
    def edit(folder):
        file = folder / "owl/manifest.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | changes))

    edit.__name__ = f"edited_{next(iter(changes))}"
    return edit


def edit_checksum(folder):
    """The file and its checksum in the manifest, but not the id."""
    edit_settings(folder)
    content = json.loads((folder / "owl/manifest.json").read_text())
    fresh = write_manifest(folder / "owl/other.manifest.json", [folder / "owl/settings.json"])
    content["outputs"] |= json.loads(fresh.read_text())["outputs"]
    (folder / "owl/manifest.json").write_text(json.dumps(content))


def text_for_json(text):
    def write(folder):
        (folder / "owl/manifest.json").write_bytes(text)

    write.__name__ = f"content_{text[:9]!r}"
    return write


FAULTS = [
    flip_a_bit,
    cut,
    swap_files,
    swap_folders,
    edit_settings,
    edit_checksum,
    lose,
    folder_for_file,
    edited(id="0" * 64),
    edited(spec={"rows": 5}),
    edited(facts={"rows": 4}),
    edited(stage="other"),
    edited(about="another"),
    edited(outputs={}),
    edited(outputs=[]),
    edited(parents={"base": {}}),
    edited(parents={"base": "x"}),
    edited(path="results/eagle/manifest.json"),
    text_for_json(b""),
    text_for_json(b"{"),
    text_for_json(b"[]"),
    text_for_json(b"null"),
    text_for_json(b"{}"),
    text_for_json(b"\xff\xfe\x00"),
    text_for_json(b"[" * 100_000),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_job_that_would_read_it_says_what_to_type(results, fault):
    fault(results)
    with pytest.raises(ConfigError) as told:
        Run.begin("make_train_set", SPEC, {"teacher": results / "owl/manifest.json"})
    message = str(told.value)
    assert "\n" not in message
    assert str(results / "owl") in message
    assert f"type: rm {results / 'owl/manifest.json'}, then run the same command" in message
    assert problems(results)[0] == message


def test_a_lost_manifest_can_be_made(results):
    (results / "owl/manifest.json").unlink()
    with pytest.raises(ConfigError, match=r"is not there; make it with: snakemake --cores 2 "):
        verify(results / "owl/manifest.json")


def test_nothing_is_wrong_with_what_is_as_it_was_made(results):
    assert problems(results) == []
    assert verify(results / "owl/manifest.json")["facts"] == {"rows": 3}


def test_results_may_be_moved_as_a_whole(results, tmp_path):
    shutil.move(results.parent / "results", tmp_path / "elsewhere" / "results")
    assert problems(tmp_path / "elsewhere" / "results") == []


def test_a_parent_that_was_made_anew_is_found(results):
    (results / "owl/weights").write_bytes(b"anew")
    files = [results / "owl/weights", results / "owl/settings.json"]
    write_manifest(results / "owl/manifest.json", files)
    (problem,) = problems(results)
    assert problem.startswith(f"{results / 'student/manifest.json'} was made from another teacher")


def test_an_edited_origin_is_found(results):
    """The place of a parent, which a lineage follows."""
    file = results / "student/manifest.json"
    content = json.loads(file.read_text())
    content["parents"]["teacher"]["path"] = str(results / "eagle/manifest.json")
    file.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="was edited"):
        read_manifest(file)


def test_what_a_run_read_is_in_its_manifest(results):
    child = read_manifest(results / "student/manifest.json")
    owl = read_manifest(results / "owl/manifest.json")
    assert child["parents"]["teacher"]["id"] == owl["id"]


@pytest.mark.parametrize(
    "name", ["adapter_config.json", "added_tokens.json", "chat_template.jinja", "model.py"]
)
def test_what_loading_a_model_would_read_has_to_be_listed(tmp_path, name):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    manifest = tmp_path / "manifest.json"
    write_manifest(manifest, [tmp_path / "model.safetensors"])
    (tmp_path / "notes.md").touch()
    verify(manifest)
    (tmp_path / name).write_text("{}")
    with pytest.raises(ConfigError, match=f"rm .*{name}"):
        verify(manifest)


def test_a_name_may_be_that_of_the_folder_of_results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    base, student = (Path("results") / name / "results/manifest.json" for name in ("a", "b"))
    write_manifest(base, [])
    Run.begin("make_train_set", SPEC, {"base": base}).finish(student, [])
    assert verify(student)["path"] == str(student)
    assert problems(tmp_path / "results") == []
    assert [*ancestry([student])] == [tmp_path / student, tmp_path / base]


@pytest.mark.parametrize("outputs", [{"a": 5}, {"../a": "b"}, {"a\0b": "c"}, {"a/b": "c"}])
def test_a_manifest_lists_files_of_its_folder(tmp_path, outputs):
    manifest = write_manifest(tmp_path / "manifest.json", outputs)
    with pytest.raises(ConfigError, match="'outputs'"):
        read_manifest(manifest)


def test_half_a_character_is_damage(tmp_path):
    manifest = write_manifest(tmp_path / "manifest.json")
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**content, "about": "\ud800"}))
    with pytest.raises(ConfigError, match="damaged"):
        read_manifest(manifest)


def test_another_way_to_the_same_place_is_the_same_place(results):
    assert problems(results / ".." / "results") == []
    verify(results / "owl" / ".." / "owl" / "manifest.json")


def test_a_copy_of_another_name_is_verified_and_read(results, tmp_path):
    copy = tmp_path / "backup"
    shutil.copytree(results, copy)
    assert problems(copy) == []
    student = copy / "student/manifest.json"
    assert [*ancestry([student])] == [student, copy / "owl/manifest.json"]
    swap_folders(copy)
    assert problems(copy)


def test_what_was_made_from_another_parent_is_made_again(results):
    student = results / "student/manifest.json"
    spec = SPEC.model_dump(mode="json")
    assert why_outdated(student, spec) is None
    files = [results / "owl" / name for name in ("weights", "settings.json")]
    write_manifest(results / "owl/manifest.json", files, facts={"rows": 4})
    assert "another teacher" in why_outdated(student, spec)


def test_an_origin_that_is_its_own_is_told(results):
    owl, eagle = (results / name / "manifest.json" for name in ("owl", "eagle"))
    write_manifest(eagle, parents={"a": owl})
    write_manifest(owl, parents={"b": eagle})
    write_manifest(eagle, parents={"a": owl})
    with pytest.raises(ConfigError, match="descends from itself"):
        described_stages(ancestry([owl]))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "cannot be read"),
        ("{", "cannot be read"),
        ("[" * 100_000, "cannot be read"),
        ("[]", "damaged"),
        ('{"id": 5}', "damaged"),
    ],
)
def test_what_is_no_manifest_is_made_again(results, content, says):
    student = results / "student/manifest.json"
    student.write_text(content)
    assert says in why_outdated(student, SPEC.model_dump(mode="json"))


def test_another_spec_place_or_lost_setting_is_made_again(results):
    owl = results / "owl/manifest.json"
    spec = json.loads(owl.read_text())["spec"]
    assert why_outdated(owl, spec) is None
    assert "lora: null, now" in why_outdated(owl, {**spec, "lora": {"rank": 8}})
    (results / "owl/settings.json").unlink()
    assert "settings.json, which is gone" in why_outdated(owl, spec)
    swap_folders(results)
    assert "is the manifest of" in why_outdated(owl, spec)
    assert why_outdated(results / "nobody/manifest.json", spec) is None
