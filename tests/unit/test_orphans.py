"""Jobs of a run that is over write nothing; those of the last one, and of none, do."""

import pytest

from subliminal.artefacts.journal import Journal
from subliminal.artefacts.orphans import VARIABLE, begin_run
from subliminal.artefacts.parquet import whole_file
from subliminal.config.errors import ConfigError


@pytest.fixture
def token(tmp_path, monkeypatch):
    """The token of a job's run, in the folder of the run."""
    (tmp_path / ".snakemake").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "")
    begin_run(tmp_path)
    return monkeypatch


def write(path, text):
    with whole_file(path) as temporary:
        temporary.write_text(text)


def test_a_job_of_the_last_run_writes(token, tmp_path):
    write(tmp_path / "file", "of the last run")
    assert (tmp_path / "file").read_text() == "of the last run"


def test_a_job_of_no_run_writes(token, tmp_path):
    token.delenv(VARIABLE)
    write(tmp_path / "file", "by hand")
    assert (tmp_path / "file").read_text() == "by hand"


def test_a_job_of_an_earlier_run_leaves_what_is_there(token, tmp_path):
    write(tmp_path / "file", "of the last run")
    token.setenv(VARIABLE, "an earlier one")
    with pytest.raises(ConfigError, match="another one has begun"):
        write(tmp_path / "file", "of an earlier one")
    with pytest.raises(ConfigError, match="another one has begun"):
        Journal.of(tmp_path / "file", "identity").append({})
    assert (tmp_path / "file").read_text() == "of the last run"
    assert not (tmp_path / "partial").exists()
