"""Slurm's jobs of a folder: found in the queue, told from others, and never guessed."""

import pytest

from subliminal.config.errors import ConfigError
from subliminal.workflow.slurm_queue import SUBMITTED, refuse_live_jobs


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A Slurm whose queue is a text."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def says(text, status=0):
        program = folder / "squeue"
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {status}\n")
        program.chmod(0o755)

    return says


def test_jobs_of_this_folder_are_told_with_the_command_that_ends_them(queue, tmp_path):
    here = tmp_path / "a folder"
    (here / SUBMITTED).mkdir(parents=True)
    queue(f"7 rule_train_student_wildcards_x {here}\n8_2 group_student {here}")
    with pytest.raises(ConfigError, match=r"scancel 7 8_2$"):
        refuse_live_jobs(here)


def test_other_jobs_are_nobodys_concern(queue, tmp_path):
    (tmp_path / SUBMITTED).mkdir(parents=True)
    queue(f"7 rule_train_student {tmp_path}/elsewhere\n8 (null) {tmp_path}")
    refuse_live_jobs(tmp_path)


def test_a_slurm_that_does_not_answer_matters_where_it_was_used(queue, tmp_path):
    queue("", status=1)
    refuse_live_jobs(tmp_path)
    (tmp_path / SUBMITTED).mkdir(parents=True)
    with pytest.raises(ConfigError, match="squeue --me"):
        refuse_live_jobs(tmp_path)
