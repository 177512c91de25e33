"""Room on disk and in memory is looked at before the work."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from subliminal.bases import space as room
from subliminal.config.errors import ConfigError


@pytest.fixture
def ten_bytes_free(monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=10))


def test_enough_room_is_no_error(tmp_path, ten_bytes_free):
    room.require_disk({tmp_path / "not" / "yet": 10}, "here")


def test_too_little_room_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=3e9))
    says = r"here: preparing it takes 15.2 GB of disk, found 3.0 GB free where .*models.*; make"
    with pytest.raises(ConfigError, match=says):
        room.require_disk({tmp_path / "models": 15_200_000_000}, "here")


def test_folders_of_one_file_system_share_its_room(tmp_path, ten_bytes_free):
    with pytest.raises(ConfigError, match="of disk, found"):
        room.require_disk({tmp_path / "a": 6, tmp_path / "b": 6}, "here")


def test_a_relative_folder_is_looked_up(tmp_path, monkeypatch, ten_bytes_free):
    monkeypatch.chdir(tmp_path)
    room.require_disk({Path("results/models/x"): 10}, "here")


def test_too_little_memory_is_an_error(monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 1000, "SC_PHYS_PAGES": 8_000_000}.get)
    room.require_memory(8_000_000_000, "here")
    says = "here: loading it takes 8.1 GB of main memory, this machine has 8.0 GB; use"
    with pytest.raises(ConfigError, match=says):
        room.require_memory(8_100_000_000, "here")
