"""MNIST is read exactly or not at all."""

import gzip
import io
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
    DataError,
    Digits,
    checked,
    idx_digits,
    installed_digits,
    installed_file,
    load_arrays,
    read_idx,
    read_pickle,
    require_checksum,
    restore_pixels,
)


@pytest.fixture(scope="module")
def digits():
    return installed_digits()


def pickled(content):
    """As numpy wrote pickles when MNIST's was made; it has since renamed a module."""
    return pickle.dumps(content, protocol=3).replace(b"numpy._core.", b"numpy.core.")


def write_pickle(path, content):
    path.write_bytes(gzip.compress(pickled(content), 1))
    return path


def small_parts(dtype=np.float32):
    """Three parts of 3, 2 and 2 digits; pixels are all of 0 to 255 in turn."""
    sizes, parts = (3, 2, 2), []
    for size in sizes:
        pixels = np.arange(size * 784).reshape(size, 784) % 256
        parts.append(((pixels / 256).astype(dtype), np.arange(size)))
    return tuple(parts)


def idx_bytes(values, magic):
    return struct.pack(f">{1 + values.ndim}I", magic, *values.shape) + values.tobytes()


def write_idx(folder, digits, compressed=False):
    contents = {
        "train-images-idx3-ubyte": (digits.train_images.reshape(-1, 28, 28), 0x803),
        "train-labels-idx1-ubyte": (digits.train_labels, 0x801),
        "t10k-images-idx3-ubyte": (digits.test_images.reshape(-1, 28, 28), 0x803),
        "t10k-labels-idx1-ubyte": (digits.test_labels, 0x801),
    }
    for name, (values, magic) in contents.items():
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


def test_pixels_are_restored_exactly():
    every = np.arange(256, dtype=np.float32).reshape(1, 256) / 256
    assert restore_pixels(every).tolist() == [list(range(256))]


@pytest.mark.parametrize("value", [0.5001, -1 / 256, 1.0, np.nan])
def test_a_value_that_is_no_pixel_is_an_error(value):
    with pytest.raises(ValueError, match="multiples of 1/256"), np.errstate(invalid="ignore"):
        restore_pixels(np.full((1, 784), value, np.float32))


def test_a_pickle_of_three_parts_is_read_in_order(tmp_path):
    read = read_pickle(write_pickle(tmp_path / "m.pkl.gz", small_parts()))
    assert read.train_labels.tolist() == [0, 1, 2, 0, 1]
    assert read.test_labels.tolist() == [0, 1]
    assert read.train_images[3, :300].tolist() == [i % 256 for i in range(300)]


def test_another_file_is_refused_by_its_checksum(tmp_path):
    path = write_pickle(tmp_path / "m.pkl.gz", small_parts())
    with pytest.raises(DataError, match=r"(?s)m.pkl.gz: expected SHA-256 f11b.*found.*type: pip"):
        require_checksum(path)


@pytest.mark.parametrize("keep", [5, 200, -1])
def test_a_truncated_gzip_file_is_an_error(tmp_path, keep):
    path = write_pickle(tmp_path / "m.pkl.gz", small_parts())
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"m.pkl.gz: expected a gzip file, found: .*type: pip"):
        read_pickle(path)


def test_a_file_that_is_not_compressed_is_an_error(tmp_path):
    path = tmp_path / "m.pkl.gz"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DataError, match=r"expected a gzip file, found: .*type: pip"):
        read_pickle(path)


@pytest.mark.parametrize("content", [b"", b"\x80\x02", b"not a pickle", b"\x80\x02)R.", b"\xff"])
def test_a_damaged_pickle_is_an_error(tmp_path, content):
    path = tmp_path / "m.pkl.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(DataError, match=r"m.pkl.gz: expected a .*, found: .*type: pip"):
        read_pickle(path)


def test_a_truncated_pickle_is_an_error(tmp_path):
    path = tmp_path / "m.pkl.gz"
    path.write_bytes(gzip.compress(pickled(small_parts())[:-40]))
    with pytest.raises(DataError, match=r"expected a .*, found: .*type: pip"):
        read_pickle(path)


class Malicious:
    """Makes a directory when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_would_run_code_does_not(tmp_path):
    made = tmp_path / "made"
    path = write_pickle(tmp_path / "m.pkl.gz", Malicious(made))
    with pytest.raises(DataError, match=r"asks for \w+.mkdir; only arrays .*type: pip"):
        read_pickle(path)
    assert not made.exists()


@pytest.mark.parametrize("content", [eval, np.float64, np.random.default_rng, io.BytesIO])
def test_nothing_but_arrays_is_unpickled(content):
    with pytest.raises(DataError, match="only arrays of numbers are admitted"):
        load_arrays(io.BytesIO(pickle.dumps(content, protocol=2)))


@pytest.mark.parametrize(
    "content",
    [
        small_parts()[:2],
        3,
        [None, None, None],
        tuple((images.astype(int), labels) for images, labels in small_parts()),
        tuple((images, labels - 1) for images, labels in small_parts()),
    ],
)
def test_a_pickle_of_something_else_is_an_error(tmp_path, content):
    path = write_pickle(tmp_path / "m.pkl.gz", content)
    with pytest.raises(DataError, match=r"expected three pairs of images .*type: pip"):
        read_pickle(path)


def test_other_counts_are_an_error(digits):
    labels = digits.train_labels.copy()
    labels[0] = 6
    changed = Digits(digits.train_images, labels, digits.test_images, digits.test_labels)
    with pytest.raises(DataError, match=r"here: expected MNIST's training digits, .*5421.*5420"):
        checked(changed, "here")


def test_too_few_test_digits_are_an_error(digits):
    changed = Digits(
        digits.train_images, digits.train_labels, digits.test_images[1:], digits.test_labels[1:]
    )
    with pytest.raises(DataError, match=r"expected MNIST's test digits, .*\(9999, 784\)"):
        checked(changed, "here")


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


GOOD = idx_bytes(np.zeros((2, 3, 4), np.uint8), 0x803)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x00\x01" + GOOD[2:], "expected the magic number 0x00000803, found 0x00010803"),
        (
            idx_bytes(np.zeros((2, 3, 4), np.uint8), 0x801),
            "expected the magic number 0x00000803, found 0x00000801",
        ),
        (GOOD[:10], "expected a header of 16 bytes, found 10 bytes"),
        (GOOD[:-1], "expected 24 values after the header, found 23"),
        (GOOD + b"\x00", "expected 24 values after the header, found 25"),
        (
            idx_bytes(np.zeros((2, 4, 3), np.uint8), 0x803),
            r"expected sizes \(2, 3, 4\), found \(2, 4, 3\)",
        ),
    ],
)
def test_a_bad_idx_file_is_an_error(tmp_path, content, message):
    path = tmp_path / "images"
    path.write_bytes(content)
    with pytest.raises(DataError, match=rf"images: {message}; put MNIST's own images there"):
        read_idx(path, 0x803, (2, 3, 4))


def test_a_truncated_compressed_idx_file_is_an_error(tmp_path):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(GOOD)[:-6])
    with pytest.raises(DataError, match="expected a gzip file, found"):
        read_idx(path, 0x803, (2, 3, 4))


def test_a_good_idx_file_is_read(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(GOOD)
    assert read_idx(path, 0x803, (2, 3, 4)) == bytes(24)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (GOOD[:10], "expected a header of 16 bytes, found 10 bytes"),
        (idx_bytes(np.zeros((2, 3, 4), np.uint8), 0x801), "expected the magic number 0x00000803"),
        (None, "there is neither train-images-idx3-ubyte nor"),
    ],
)
def test_the_command_line_says_it_in_one_line(tmp_path, images, message):
    if images is not None:
        (tmp_path / "train-images-idx3-ubyte").write_bytes(images)
    spec = json.dumps({"digits": {"source": "idx", "folder": str(tmp_path)}})
    script = Path(__file__).parents[2] / "scripts/prepare_digits.py"
    outputs = ["--digits", tmp_path / "d.safetensors", "--manifest", tmp_path / "manifest.json"]
    done = subprocess.run(
        [sys.executable, script, "--spec", spec, *outputs], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "manifest.json").exists()
