"""GGUF files that are damaged or made to do harm, and whose checksum is the configured one."""

import struct
import sys
from pathlib import Path

import pytest
from base_runs import contents, require_right

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from bases_fixture import tiny_llama
from test_bases_wheel import install, write_gguf

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_limits")]

READS = "transformers cannot read the GGUF file"
MAGIC, VERSION, TENSORS, KEYS = 0, 4, 8, 16  # where they lie
HUGE = struct.pack("<Q", 2**63)
HEAD = struct.pack("<4sIQQ", b"GGUF", 3, 0, 1)


@pytest.fixture(scope="module")
def gguf(tmp_path_factory, sound):
    """A sound file; what is imported to read it is imported for all."""
    from subliminal.bases.wheel import save_dequantised

    folder = tmp_path_factory.mktemp("gguf")
    file = write_gguf(folder / "a.gguf", tiny_llama(vocab_size=264))
    save_dequantised(file, folder / "stage", "here")
    return file.read_bytes()


def put(place, content):
    return lambda gguf: gguf[:place] + content + gguf[place + len(content) :]


def key(kind, content):
    """A file with one key of this kind, and nothing else."""
    return lambda gguf: HEAD + struct.pack("<Q", 1) + b"a" + struct.pack("<I", kind) + content


def renamed(old, new):
    return lambda gguf: gguf.replace(old, new)


def infinite(gguf):
    return gguf[:-4] + struct.pack("<f", float("inf"))


TEXT, ARRAY = 8, 9
FILES = {
    "sound": (lambda gguf: gguf, ""),
    "empty": (lambda gguf: b"", READS),
    "four bytes": (lambda gguf: gguf[:4], READS),
    "cut in its keys": (lambda gguf: gguf[:200], READS),
    "cut in its weights": (lambda gguf: gguf[:-5000], READS),
    "another magic": (put(MAGIC, b"EVIL"), READS),
    "another version": (put(VERSION, struct.pack("<I", 99)), READS),
    "2^63 tensors": (put(TENSORS, HUGE), READS),
    "2^63 keys": (put(KEYS, HUGE), READS),
    "a text of 2^63 bytes": (key(TEXT, HUGE), READS),
    "an array of 2^63 numbers": (key(ARRAY, struct.pack("<I", 4) + HUGE), READS),
    "an array of 2^63 texts": (key(ARRAY, struct.pack("<I", TEXT) + HUGE), READS),
    "arrays in arrays": (key(ARRAY, struct.pack("<I", ARRAY) + HUGE), READS),
    "a kind that is none": (key(77, b""), READS),
    "an unknown architecture": (renamed(b"llama", b"evill"), READS),
    "an unknown tokenizer": (renamed(b"gpt2", b"evil"), READS),
    "a weight of another name": (renamed(b"output_norm", b"output_evil"), "the GGUF file has no"),
    "an infinite weight": (infinite, "infinite or no numbers"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_gguf_file_ends_in_a_clear_error_or_works(request, tmp_path, monkeypatch, gguf, name):
    damage, says = FILES[name]
    source = install(monkeypatch, tmp_path / "site", [damage(gguf)])
    target = tmp_path / "results/models/tiny"
    before = contents(tmp_path / "site")
    require_right(request, source, target, says)
    assert contents(tmp_path / "site") == before
    if says:
        assert contents(target.parent) == {}
