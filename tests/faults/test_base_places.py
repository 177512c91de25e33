"""Where a base is made, where it comes from, and what was left there."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from base_runs import contents, ending, make, prepared, require_right, use
from bases_fixture import folder_base
from guard import guarded
from outcomes import RIGHT, record

from subliminal.bases.jobs import BaseJobs
from subliminal.bases.stages import prepare_base as stage
from subliminal.local.models import load_base, load_tokenizer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_limits")]
OVER = "its base is made in the folder"


@pytest.fixture
def source(sound, tmp_path):
    return shutil.copytree(sound / "whole", tmp_path / "source")


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "results/models/tiny"
    folder.parent.mkdir(parents=True)
    return folder


def a_file(target, outside):
    target.write_text("not a folder")


def a_link(target, outside):
    target.symlink_to(outside)


def a_link_to_nothing(target, outside):
    target.symlink_to(outside / "nothing")


def a_folder_for_weights(target, outside):
    (target / "model.safetensors/x").mkdir(parents=True)


def a_folder_for_the_manifest(target, outside):
    (target / "manifest.json").mkdir(parents=True)


def may_not_be_written(target, outside):
    target.parent.chmod(0o500)


def stage_is_a_link(target, outside):
    target.with_name(".tiny.partial").symlink_to(outside)


def stage_is_a_file(target, outside):
    target.with_name(".tiny.partial").write_text("left")


def stage_is_full(target, outside):
    left = target.with_name(".tiny.partial")
    left.mkdir()
    (left / "model.safetensors").symlink_to(outside / "kept")
    (left / "config.json").mkdir()


def files_are_links(target, outside):
    target.mkdir()
    for name in ("config.json", "model.safetensors", "manifest.json", "added_tokens.json"):
        (target / name).symlink_to(outside / "kept")


PLACES = [
    (a_file, OVER),
    (a_link, OVER),
    (a_link_to_nothing, OVER),
    (a_folder_for_weights, OVER),
    (a_folder_for_the_manifest, OVER),
    (may_not_be_written, "cannot be written: Permission denied"),
    (stage_is_a_link, ""),
    (stage_is_a_file, ""),
    (stage_is_full, ""),
    (files_are_links, ""),
]


@pytest.mark.parametrize(("lies", "says"), PLACES, ids=lambda value: getattr(value, "__name__", ""))
def test_what_lies_where_a_base_is_made(request, tmp_path, source, target, lies, says):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    lies(target, outside)
    before, there = contents(outside), contents(target.parent)
    require_right(request, source, target, says)
    assert contents(outside) == before
    assert (outside / "kept").read_text() == "kept"
    if says:
        assert contents(target.parent) == there
    assert not target.with_name(".tiny.partial").exists()


@pytest.mark.parametrize("inside", ["tiny", "tiny/below", ".tiny.partial"])
def test_a_base_is_not_made_of_its_own_folder(request, source, target, inside):
    own = target.parent / inside
    shutil.copytree(source, own)
    before = contents(target.parent)
    require_right(request, own, target, "it lies where the base is made")
    assert contents(target.parent) == before


def test_a_base_is_not_made_of_a_link_to_its_own_folder(request, tmp_path, source, target):
    shutil.copytree(source, target)
    (tmp_path / "link").symlink_to(target)
    require_right(request, tmp_path / "link", target, "it lies where the base is made")


def test_a_base_may_be_made_of_another(request, source, target):
    make(source, target.with_name("other"))
    require_right(request, target.with_name("other"), target, "")
    assert (target / "model.safetensors").read_bytes() == (
        target.with_name("other") / "model.safetensors"
    ).read_bytes()


@pytest.mark.parametrize("kind", ["whole", "shards"])
def test_the_links_of_the_hubs_cache_are_followed(request, tmp_path, sound, target, kind):
    blobs, snapshot = tmp_path / "models--a--b/blobs", tmp_path / "models--a--b/snapshots/abc"
    shutil.copytree(sound / kind, blobs)
    snapshot.mkdir(parents=True)
    for file in list(blobs.iterdir()):
        file.rename(blobs / f"sum-of-{file.name}")
        (snapshot / file.name).symlink_to(Path("../../blobs") / f"sum-of-{file.name}")
    require_right(request, snapshot, target, "")


def test_the_folder_itself_may_be_a_link(request, tmp_path, source, target):
    (tmp_path / "link").symlink_to(source)
    require_right(request, tmp_path / "link", target, "")


@pytest.mark.parametrize("folder", ["loop", "~nobody-is-called-this/base", "a-file", "a" * 300])
def test_a_folder_that_is_none(request, tmp_path, target, folder, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "a-file").write_text("")
    base = SimpleNamespace(models={"tiny": folder_base(folder)})
    (planned,) = BaseJobs(base).sources(SimpleNamespace(base="tiny"))["folder"]
    assert planned.endswith("config.json")
    require_right(request, folder, target, "correct its path")


def test_links_out_of_the_hubs_cache_are_not(request, tmp_path, source, target):
    snapshot = tmp_path / "models--a--b/snapshots/abc"
    source.rename(tmp_path / "elsewhere")
    snapshot.mkdir(parents=True)
    for file in (tmp_path / "elsewhere").iterdir():
        (snapshot / file.name).symlink_to(file)
    require_right(request, snapshot, target, "is a link out of the folder")


def test_a_killed_run_is_not_taken_for_whole(request, source, target, monkeypatch):
    """It is killed after half of the files are in their place."""

    def killed(stage_folder, folder, manifest):
        folder.mkdir()
        for file in sorted(stage_folder.iterdir())[:3]:
            file.replace(folder / file.name)
        os._exit(9)

    with monkeypatch.context() as patched:
        patched.setattr(stage, "publish", killed)
        guarded(lambda: prepared(source, target))
    assert target.with_name(".tiny.partial").exists()
    assert not (target / "manifest.json").exists()
    require_right(request, source, target, "")


def test_a_disk_that_fills_up_is_told(request, source, target, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(stage.folder, "copy", full)
    require_right(request, source, target, "cannot be written: No space left on device")
    assert contents(target.parent) == {}


def test_a_base_is_the_same_bytes_whatever_was_there(request, sound, source, target):
    make(source, target)
    first = {
        file.name: file.read_bytes() for file in target.iterdir() if "manifest" not in file.name
    }
    outcome, told = ending(source, target, "")
    record(request, outcome)
    assert outcome in RIGHT, told
    assert all((target / name).read_bytes() == content for name, content in first.items())


def test_what_lies_in_a_folder_does_not_stop_the_planning(source):
    """Snakemake is told of files that it can look at; the job finds the rest."""

    def planned():
        base = SimpleNamespace(models={"tiny": folder_base(source)})
        return BaseJobs(base).sources(SimpleNamespace(base="tiny"))["folder"]

    sound = planned()
    os.mkfifo(source / "a pipe")
    (source / "a link").symlink_to("a link")
    (source / "two\nlines").write_text("")
    assert planned() == sound
    source.chmod(0)
    assert guarded(planned) == [str(source / "config.json")]
    source.chmod(0o700)


def test_what_is_loaded_later_runs_no_code(source, tmp_path):
    marker = tmp_path / "was-run"
    (source / "evil.py").write_text(f"open({str(marker)!r}, 'w')\nclass Evil: pass\n")
    text = (source / "config.json").read_text()
    evil = '"auto_map": {"AutoConfig": "evil.Evil", "AutoModelForCausalLM": "evil.Evil"}'
    (source / "config.json").write_text(text.replace("{", "{" + evil + ",", 1))
    use(source)
    (source / "config.json").write_text(f'{{"model_type": "evil", {evil}}}')
    load_tokenizer(source)
    with pytest.raises(ValueError, match="custom code"):
        load_base(source)
    assert not marker.exists()


def test_what_is_loaded_later_is_no_pickle(source):
    (source / "model.safetensors").rename(source / "pytorch_model.bin")
    (source / "model.safetensors.index.json").write_text('{"weight_map": {}}')
    with pytest.raises(OSError):
        load_base(source)
