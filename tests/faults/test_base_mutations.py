"""Bytes of a base's files that are changed at random: read, or one clear error."""

import json
from contextlib import suppress

import pytest
from bases_fixture import published, tiny_llama
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subliminal.bases import chat
from subliminal.bases.files import read_json
from subliminal.bases.folder import take
from subliminal.bases.settings import require_ends, require_layers, require_plain
from subliminal.bases.shards import require_map, weight_files
from subliminal.bases.weights import count_parameters, main_dtype, read_tensors
from subliminal.config.errors import ConfigError

NAMES = (
    "config.json",
    "tokenizer_config.json",
    "generation_config.json",
    "model.safetensors.index.json",
    "a shard",
)
# What is longer is weights.
MUTABLE = 2000
few = settings(max_examples=60, suppress_health_check=list(HealthCheck))
places = st.integers(0, MUTABLE - 1)
changes = st.lists(st.tuples(places, st.binary(max_size=3), st.integers(0, 3)), max_size=4)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    return published(tmp_path_factory.mktemp("mutations") / "shards", tiny_llama(), shard="20KB")


def file_of(folder, name):
    return min(folder.glob("*.safetensors")) if name == "a shard" else folder / name


def read_all(folder):
    """What is read of a folder before any library reads it."""
    config = require_plain(folder, "here")
    require_ends(folder, "here")
    read_json(folder / "tokenizer_config.json", "here")
    tensors = read_tensors(weight_files(folder, "here"), "here")
    main_dtype(tensors, "here")
    require_map(folder, tensors, "here")
    require_layers(config, tensors, "here")
    return count_parameters(tensors)


def mutated(content, changes):
    for place, new, removed in changes:
        place = min(place, len(content))
        content = content[:place] + new + content[place + removed :]
    return content


@few
@given(name=st.sampled_from(NAMES), changes=changes)
def test_changed_bytes_are_read_or_refused(shards, name, changes):
    file = file_of(shards, name)
    original = file.read_bytes()
    file.write_bytes(mutated(original, changes))
    try:
        with suppress(ConfigError):
            assert read_all(shards) > 0
    finally:
        file.write_bytes(original)


@few
@given(name=st.sampled_from(NAMES[:4]), value=json_values, data=st.data())
def test_changed_values_are_read_or_refused(shards, name, value, data):
    original = (shards / name).read_text()
    content = json.loads(original)
    inner = content.get("weight_map", content)
    inner[data.draw(st.sampled_from(sorted(inner)))] = value
    (shards / name).write_text(json.dumps(content))
    try:
        with suppress(ConfigError):
            assert read_all(shards) > 0
    finally:
        (shards / name).write_text(original)


@few
@given(value=json_values)
def test_changed_headers_are_read_or_refused(shards, value):
    file = file_of(shards, NAMES[-1])
    original = file.read_bytes()
    length = int.from_bytes(original[:8], "little")
    header = json.loads(original[8 : 8 + length])
    header[next(name for name in header if name != "__metadata__")] = value
    text = json.dumps(header).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + original[8 + length :])
    try:
        with pytest.raises(ConfigError, match="is damaged"):
            read_all(shards)
    finally:
        file.write_bytes(original)


@few
@given(text=st.text(st.sampled_from("{}%-#'\" \n|.()ab1§\ud800") | st.characters(), max_size=40))
def test_any_text_is_a_template_or_refused(text):
    with suppress(ConfigError):
        assert text in chat.stopped_clock(text, "here")


def test_the_sound_folder_is_read(shards, tmp_path):
    assert read_all(shards) > 0
    (tmp_path / "taken").mkdir()
    assert "config.json" in take(shards, tmp_path / "taken", "here")
