"""The commit in a manifest is the project's own, and says where sources differ from it."""

import subprocess

import pytest

from subliminal.artefacts.commit import git_commit, shortened


def git(folder, *arguments):
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def project(tmp_path):
    folder = tmp_path / "project"
    (folder / "scripts").mkdir(parents=True)
    (folder / "Snakefile").write_text("a")
    (folder / ".gitignore").write_text("results\n")
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    return folder


def test_a_clean_project_has_its_commit(project):
    (project / "results").mkdir()
    (project / "results" / "r").write_text("r")
    (project / "notes.txt").write_text("no source")
    commit = git_commit(project)
    assert commit is not None and len(commit) == 40
    assert shortened(commit) == commit[:12]


@pytest.mark.parametrize("file", ["Snakefile", "scripts/new.py"])
def test_sources_that_differ_are_told(project, file):
    clean = git_commit(project)
    (project / file).write_text("b")
    assert git_commit(project) == f"{clean} (modified)"
    assert shortened(f"{clean} (modified)") == f"{clean[:12]} (modified)"


def test_a_repository_around_the_project_is_not_its_own(project):
    (project / "inner" / "scripts").mkdir(parents=True)
    assert git_commit(project / "inner") is None


def test_no_repository_is_no_commit(tmp_path):
    assert git_commit(tmp_path) is None
