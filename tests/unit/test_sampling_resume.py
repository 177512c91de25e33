"""A sampling job that was killed goes on, and its result is that of an undisturbed one."""

import json
import logging
import os
import random
import signal
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from manifests import write_manifest
from tiny_model import save_base

from subliminal.artefacts.journal import Journal, run_identity
from subliminal.artefacts.manifest import Run
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.config.sampling import Sampling
from subliminal.domains.number_prompts import number_prompts
from subliminal.transmission.data_schemas import PROMPTS
from subliminal.transmission.specs import SampleCompletionsSpec
from subliminal.transmission.stages.sample_completions import sample_completions

pytestmark = pytest.mark.slow

ROWS = 240
LOG = logging.getLogger("test")


def spec(**changes):
    sampling = Sampling(temperature=1.0, max_new_tokens=8, batch_size=2, log_probs=True)
    fields = {"teacher": "t", "domain": "numbers", "system_prompt": None, "rows": ROWS}
    return SampleCompletionsSpec(**{**fields, "sampling": sampling, **changes})


@pytest.fixture
def files(tmp_path):
    save_base(tmp_path / "base")
    table = number_prompts(47, ROWS)
    columns = {"prompt_id": range(ROWS), "prompt": table, "answer": [None] * ROWS}
    write_table(tmp_path / "numbers.parquet", PROMPTS, columns)
    write_manifest(tmp_path / "numbers.manifest.json", [tmp_path / "numbers.parquet"])
    return tmp_path


def run(files, folder, chosen):
    out = files / folder
    sample_completions(
        chosen,
        files / "numbers.parquet",
        files / "base" / "manifest.json",
        None,
        out / "raw.parquet",
        out / "raw.manifest.json",
        threads=1,
        log=LOG,
    )


def killed_after(seconds, files, folder, chosen):
    """Whether a process of its own was killed before it was done."""
    child = os.fork()
    if child == 0:
        try:
            run(files, folder, chosen)
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def test_a_job_killed_ten_times_ends_with_the_same_bytes(files):
    began = time.monotonic()
    run(files, "undisturbed", spec())
    longest = (time.monotonic() - began) / 5
    assert not (files / "undisturbed" / "partial").exists()
    moments, journal = random.Random(0), files / "killed" / "partial" / "raw.parquet.jsonl"
    sizes = []
    for _ in range(10):
        assert killed_after(moments.uniform(0, longest), files, "killed", spec())
        sizes.append(journal.stat().st_size if journal.exists() else 0)
    assert sizes == sorted(sizes) and sizes[-1] > 0
    run(files, "killed", spec())
    assert not journal.parent.exists()
    first, second = (files / name / "raw.parquet" for name in ("undisturbed", "killed"))
    assert first.read_bytes() == second.read_bytes()
    table = read_table(first)
    assert [len(log_probs) for log_probs in table["log_probs"]] == table["tokens"]
    manifests = [
        json.loads(file.with_suffix(".manifest.json").read_text()) for file in (first, second)
    ]
    assert manifests[0]["id"] == manifests[1]["id"]


def test_only_what_is_missing_is_sampled(files, monkeypatch, caplog):
    run(files, "whole", spec())
    appended = []

    def stop_at_third(journal, piece):
        if len(appended) == 2:
            raise KeyboardInterrupt
        appended.append(piece)
        append(journal, piece)

    append = Journal.append
    monkeypatch.setattr(Journal, "append", stop_at_third)
    with pytest.raises(KeyboardInterrupt):
        run(files, "stopped", spec())
    monkeypatch.setattr(Journal, "append", lambda journal, piece: appended.append(piece))
    with caplog.at_level(logging.INFO):
        run(files, "stopped", spec())
    assert f"4 of {ROWS} completions are there from earlier" in caplog.messages
    sampled = [row[0] for unit in appended for row in unit]
    assert sorted(sampled) == list(range(ROWS))
    tables = [read_table(files / name / "raw.parquet") for name in ("whole", "stopped")]
    assert tables[0] == tables[1]


CPU = "float32 on cpu"


def test_another_spec_or_parent_or_precision_starts_anew(files):
    base = files / "base" / "manifest.json"

    def of(arithmetic=CPU, **changes):
        parents = {"base": base, "teacher": None}
        return run_identity(Run.begin("sample_completions", spec(**changes), parents), arithmetic)

    identity = of()
    assert identity == of()
    assert identity != of(rows=7)
    assert identity != of("bfloat16 on cuda")
    write_manifest(base, stage="another")
    assert identity != of()
    Journal.of(files / "raw.parquet", identity).append([1])
    journal = Journal.of(files / "raw.parquet", "another")
    assert journal.read() == []
    journal.append([2])
    assert journal.read() == [[2]]


@pytest.mark.parametrize("torn", ['[3, "ab', '[3, "abc"]', "\0\0\0\n[4]\n"])
def test_a_damaged_end_is_cut_off(tmp_path, torn):
    journal = Journal.of(tmp_path / "raw.parquet", "same")
    assert journal.read() == []
    for piece in ([1], [2, "\u2028é"]):
        journal.append(piece)
    with journal.file.open("a") as file:
        file.write(torn)
    assert journal.read() == [[1], [2, "\u2028é"]]
    journal.append([5])
    assert journal.read() == [[1], [2, "\u2028é"], [5]]
    journal.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", [0, 1, 2])
@pytest.mark.parametrize("old", ["abc", "1"])
def test_an_edited_line_is_dropped_and_the_others_stay(tmp_path, line, old):
    journal = Journal.of(tmp_path / "raw.parquet", "same")
    pieces = [[1, "abc 1"], [2, "abc 1"], [3, "abc 1"]]
    for piece in pieces:
        journal.append(piece)
    lines = journal.file.read_text().splitlines(keepends=True)
    lines[1 + line] = lines[1 + line].replace(f"{old}", "9", 1)
    journal.file.write_text("".join(lines))
    left = [piece for number, piece in enumerate(pieces) if number != line]
    assert journal.read() == left
    journal.append([4])
    assert journal.read() == [*left, [4]]


@given(st.binary())
def test_no_content_of_a_journal_stops_a_job(content):
    with TemporaryDirectory() as folder:
        journal = Journal.of(Path(folder) / "raw.parquet", "same")
        journal.append([1])
        with journal.file.open("ab") as file:
            file.write(content)
        assert journal.read() == [[1]]
        journal.file.write_bytes(content)
        assert journal.read() == []


def test_a_journal_without_a_whole_line_is_empty(tmp_path):
    journal = Journal.of(tmp_path / "raw.parquet", "same")
    journal.file.parent.mkdir()
    journal.file.write_text('"sa')
    assert journal.read() == []
    journal.append([1])
    assert journal.read() == [[1]]


def test_other_files_of_the_folder_stay(tmp_path):
    journal = Journal.of(tmp_path / "raw.parquet", "same")
    journal.append([1])
    other = journal.file.with_name("other")
    other.touch()
    journal.remove()
    assert list(journal.file.parent.iterdir()) == [other]
