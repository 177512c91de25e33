"""MNIST is read exactly or not at all."""

import gzip
import hashlib
import json
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from subliminal.mnist import data
from subliminal.mnist.data import (
    IDX_FILES,
    DataError,
    idx_digits,
    installed_digits,
    installed_file,
    read_idx,
)


@pytest.fixture(scope="module")
def digits():
    return installed_digits()


def idx_bytes(values, magic):
    return struct.pack(f">{1 + values.ndim}I", magic, *values.shape) + values.tobytes()


def idx_contents(digits):
    return [
        ("train-images-idx3-ubyte", digits.train_images.reshape(-1, 28, 28), 0x803),
        ("train-labels-idx1-ubyte", digits.train_labels, 0x801),
        ("t10k-images-idx3-ubyte", digits.test_images.reshape(-1, 28, 28), 0x803),
        ("t10k-labels-idx1-ubyte", digits.test_labels, 0x801),
    ]


def write_idx(folder, digits, compressed=False):
    for name, values, magic in idx_contents(digits):
        content = idx_bytes(values, magic)
        if compressed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1))
        else:
            (folder / name).write_bytes(content)


def test_the_installed_digits_are_mnists(digits):
    # Counts per class as published; the first labels are those on MNIST's own page.
    assert np.bincount(digits.train_labels).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert np.bincount(digits.test_labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert digits.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert digits.test_labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_the_pixels_have_mnists_mean_and_deviation(digits):
    # The constants of every MNIST tutorial: 0.1307 and 0.3081.
    scaled = digits.train_images / np.float32(255)
    assert scaled.mean(dtype=np.float64) == pytest.approx(0.1307, abs=5e-5)
    assert scaled.std(dtype=np.float64) == pytest.approx(0.3081, abs=5e-5)
    assert digits.train_images.dtype == np.uint8
    assert digits.train_images.shape == (60_000, 784)
    assert digits.test_images.shape == (10_000, 784)


@pytest.mark.parametrize("compressed", [False, True])
def test_idx_files_give_the_same_digits(digits, tmp_path, compressed):
    write_idx(tmp_path, digits, compressed)
    read = idx_digits(tmp_path, "config")
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        assert np.array_equal(getattr(read, name), getattr(digits, name))


def test_the_pixels_are_the_original_integers(digits):
    # With a header they are MNIST's own files, whose checksums are published.
    for name, values, magic in idx_contents(digits):
        assert hashlib.sha256(idx_bytes(values, magic)).hexdigest() == IDX_FILES[name]


def test_another_data_file_is_refused_and_not_unpickled(tmp_path, monkeypatch):
    made, path = tmp_path / "made", tmp_path / "m.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps(Malicious(made))))
    monkeypatch.setattr(data, "installed_file", lambda: path)
    with pytest.raises(DataError, match=r"(?s)m.pkl.gz: expected SHA-256 f11b.*found.*type: pip"):
        installed_digits()
    assert not made.exists()


class Malicious:
    """Makes a directory when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_missing_package_is_an_error(monkeypatch):
    monkeypatch.setattr(data, "DISTRIBUTION", "no-such-package")
    with pytest.raises(DataError, match=r"no-such-package .*is not installed .*type: pip install"):
        installed_file()


def test_a_package_without_its_data_is_an_error(monkeypatch):
    monkeypatch.setattr(data, "MEMBER", "mnist/data/gone.gz")
    with pytest.raises(DataError, match=r"there is no .*gone.gz; type: pip install"):
        installed_file()


def test_a_missing_idx_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match=r"config: digits asks for .*train-images-idx3-ubyte nor"):
        idx_digits(tmp_path, "config: digits")


GOOD = b"content"
SHA256 = hashlib.sha256(GOOD).hexdigest()
# mtime=0: the bytes stand in the names of tests, which must agree between processes.
PACKED = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize("content", [b"", GOOD[:-1], GOOD + b"\x00", b"contenT"])
@pytest.mark.parametrize("compressed", [False, True])
def test_another_idx_file_is_an_error(tmp_path, content, compressed):
    path = tmp_path / ("images.gz" if compressed else "images")
    path.write_bytes(gzip.compress(content) if compressed else content)
    found = rf"{len(content)} bytes of SHA-256 {hashlib.sha256(content).hexdigest()}"
    message = rf"content of SHA-256 {SHA256}, found {found}; put MNIST's own {path.name} there"
    with pytest.raises(DataError, match=rf"{path.name}: expected .*{message}"):
        read_idx(path, SHA256)


@pytest.mark.parametrize("content", [PACKED[:-6], PACKED[:5], GOOD])
def test_a_damaged_compressed_idx_file_is_an_error(tmp_path, content):
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"images.gz: expected a gzip file, found: .*put MNIST's"):
        read_idx(path, SHA256)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_good_idx_file_is_read(tmp_path, compressed):
    path = tmp_path / ("images.gz" if compressed else "images")
    path.write_bytes(gzip.compress(GOOD) if compressed else GOOD)
    assert read_idx(path, SHA256) == GOOD


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (GOOD, "expected content of SHA-256 ba891046"),
        (None, "there is neither train-images-idx3-ubyte nor"),
    ],
)
def test_the_command_line_says_it_in_one_line(tmp_path, images, message):
    if images is not None:
        (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    spec = json.dumps({"digits": {"source": "idx", "folder": str(tmp_path)}})
    stage = [Path(__file__).parents[2] / "scripts/stage.py", "prepare_digits", "--spec", spec]
    outputs = ["--digits", tmp_path / "d.safetensors", "--manifest", tmp_path / "manifest.json"]
    done = subprocess.run([sys.executable, *stage, *outputs], capture_output=True, text=True)
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "manifest.json").exists()
