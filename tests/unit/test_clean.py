"""make clean: what it deletes, what it keeps, and when it asks."""

import json
import sys

import pytest

import clean
from subliminal.artefacts.verified import identity
from subliminal.config.errors import ConfigError
from subliminal.workflow.folder_lock import held


def manifest(folder, seconds):
    content = {"stage": "s", "about": "a", "path": "results/x/manifest.json", "spec": {}}
    content |= {"parents": {}, "outputs": {}, "facts": {}, "run": {"seconds": seconds}}
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"id": identity(content), **content}))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder after a run, with an adapter that has a card of peft's."""
    root = tmp_path / "here"
    for path in ("results/README.md", "results/.gitkeep", "results/x/adapter/README.md"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    (root / "results/report.html").touch()
    (root / "logs/train").mkdir(parents=True)
    (root / ".snakemake/metadata").mkdir(parents=True)
    (root / "config.yaml").touch()
    monkeypatch.setattr(clean, "ROOT", root)
    monkeypatch.chdir(root)
    return root


def left(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


KEPT = {"results/README.md", "results/.gitkeep", "config.yaml"}


def test_cheap_results_go_and_what_git_has_stays(folder):
    assert clean.main([]) == 0
    assert left(folder) == KEPT
    assert clean.main([]) == 0  # nothing is there


def test_a_linked_folder_is_emptied_and_stays_linked(folder, tmp_path):
    disk = tmp_path / "disk"
    (folder / "results").rename(disk)
    (folder / "results").symlink_to(disk)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "weights").touch()
    (disk / "models").symlink_to(tmp_path / "elsewhere")
    assert clean.main([]) == 0
    assert (folder / "results").is_symlink()
    assert left(disk) == {"README.md", ".gitkeep"}
    assert (tmp_path / "elsewhere" / "weights").exists()


@pytest.fixture
def dear(folder):
    for name in "abc":
        path = folder / "results" / "x"
        manifest(path / name, 0)
        content = json.loads((path / name / "manifest.json").read_text())
        content["path"] = f"results/x/{name}/manifest.json"
        content["run"]["seconds"] = 1200
        del content["id"]
        (path / name / "manifest.json").write_text(json.dumps({"id": identity(content), **content}))
    return folder


def test_dear_results_stay_where_nobody_can_be_asked(dear, monkeypatch):
    before = left(dear)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    with pytest.raises(ConfigError, match=r"3 artefacts .* 60 min .*make clean YES=1"):
        clean.main([])
    assert left(dear) - {".snakemake/run.lock"} == before


@pytest.mark.parametrize(("answer", "gone"), [("y", True), ("n", False), ("", False)])
def test_at_a_terminal_it_asks(dear, monkeypatch, answer, gone):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: answer)
    assert clean.main([]) == (0 if gone else 1)
    assert (left(dear) == KEPT) is gone


def test_yes_asks_nothing(dear):
    assert clean.main(["--yes"]) == 0
    assert left(dear) == KEPT


def test_a_damaged_manifest_is_in_nobodys_way(folder):
    (folder / "results" / "manifest.json").write_text("{")
    assert clean.main([]) == 0
    assert left(folder) == KEPT


def test_a_run_is_not_cleaned_away(folder):
    with held(folder, recover=False), pytest.raises(ConfigError, match="another run is going"):
        clean.main(["--yes"])
    assert (folder / "results" / "report.html").exists()
