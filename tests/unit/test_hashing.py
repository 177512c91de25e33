"""The checksum of a large file is kept, and never outlives the file that it is of."""

import hashlib
import json
import os
import shutil

import pytest

from subliminal.artefacts import hashing
from subliminal.artefacts.hashing import known_sha256

CONTENT = bytes(range(256)) * 4


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file that counts as large, and as settled once it is written."""
    monkeypatch.setattr(hashing, "LARGE_BYTES", 100)
    monkeypatch.setattr(hashing, "SETTLED_S", -1.0)
    path = tmp_path / "model.safetensors"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def readings(monkeypatch):
    """The files that were read whole."""
    found, plain = [], hashing.file_sha256
    monkeypatch.setattr(hashing, "file_sha256", lambda path: found.append(path) or plain(path))
    return found


def test_a_large_file_is_read_once(file, readings):
    assert {known_sha256(file) for _ in range(3)} == {sha256(CONTENT)}
    assert readings == [file]


def test_a_small_file_is_read_each_time(file, readings, monkeypatch):
    monkeypatch.setattr(hashing, "LARGE_BYTES", 10_000)
    assert {known_sha256(file) for _ in range(3)} == {sha256(CONTENT)}
    assert len(readings) == 3
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_has_just_changed_is_read_again(file, readings, monkeypatch):
    monkeypatch.setattr(hashing, "SETTLED_S", 1000.0)
    assert {known_sha256(file) for _ in range(2)} == {sha256(CONTENT)}
    assert len(readings) == 2


def flip_in_place(file, times):
    with file.open("r+b") as opened:
        opened.seek(50)
        opened.write(b"\xff")
    os.utime(file, ns=times)


def replace_by_another(file, times):
    other = file.with_name("other")
    other.write_bytes(CONTENT[::-1])
    os.utime(other, ns=times)
    other.replace(file)


def copy_over(file, times):
    other = file.with_name("other")
    other.write_bytes(CONTENT[::-1])
    os.utime(other, ns=times)
    shutil.copy2(other, file)


@pytest.mark.parametrize("change", [flip_in_place, replace_by_another, copy_over])
def test_a_change_is_found_though_size_and_time_of_writing_stay(file, change):
    before = file.stat()
    known_sha256(file)
    change(file, (before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert known_sha256(file) == sha256(file.read_bytes()) != sha256(CONTENT)


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"null", b"\xff", b'{"signature": [1]}'])
def test_a_damaged_note_is_not_used(file, content):
    known_sha256(file)
    (note,) = (path for path in file.parent.iterdir() if path != file)
    assert json.loads(note.read_bytes())["sha256"] == sha256(CONTENT)
    note.write_bytes(content)
    assert known_sha256(file) == sha256(CONTENT)
