"""Indexes of shards."""

import json

from broken_bases.fault import DEEP, INDEX, Fault, linked, replaced


def index(content):
    return replaced(INDEX, content if isinstance(content, str | bytes) else json.dumps(content))


def shards_named(*names):
    """The index calls the first shards by these names."""

    def damage(folder):
        content = json.loads((folder / INDEX).read_text())
        tensors = list(content["weight_map"])
        content["weight_map"] |= dict(zip(tensors, names, strict=False))
        (folder / INDEX).write_text(json.dumps(content))

    return damage


def swapped(folder):
    content = json.loads((folder / INDEX).read_text())
    first, *_, last = content["weight_map"]
    shards = content["weight_map"]
    shards[first], shards[last] = shards[last], shards[first]
    (folder / INDEX).write_text(json.dumps(content))


def one_more(folder):
    content = json.loads((folder / INDEX).read_text())
    content["weight_map"]["invented"] = next(iter(content["weight_map"].values()))
    (folder / INDEX).write_text(json.dumps(content))


def moved_out(folder):
    name = next(iter(json.loads((folder / INDEX).read_text())["weight_map"].values()))
    (folder / name).rename(folder.parent / "outside" / name)
    shards_named(f"../outside/{name}")(folder)


def shard_link(folder):
    name = next(iter(json.loads((folder / INDEX).read_text())["weight_map"].values()))
    linked(name, None)(folder)


NO_SHARD = "expected shards such as"
INDEXES = [
    Fault("a shard beside the folder", moved_out, NO_SHARD, True),
    Fault("an absolute shard", shards_named("/etc/passwd"), NO_SHARD, True),
    Fault("a shard in a folder", shards_named("a/b.safetensors"), NO_SHARD, True),
    Fault("a shard that is the folder", shards_named("."), NO_SHARD, True),
    Fault("a shard without a name", shards_named(""), NO_SHARD, True),
    Fault("NUL in a shard's name", shards_named("a\0.safetensors"), NO_SHARD, True),
    Fault("a line break in a shard's name", shards_named("a\nb.safetensors"), NO_SHARD, True),
    Fault("a terminal's commands", shards_named("\x1b[2J\u202e.safetensors"), NO_SHARD, True),
    Fault("a very long shard's name", shards_named("a" * 9999 + ".safetensors"), NO_SHARD, True),
    Fault("a number for a shard", shards_named(7), NO_SHARD, True),
    Fault("a list for a shard", shards_named(["a"]), NO_SHARD, True),
    Fault("null for a shard", shards_named(None), NO_SHARD, True),
    Fault("a pickle for a shard", shards_named("pytorch_model.bin"), NO_SHARD, True),
    Fault("a shard that links out", shard_link, "is a link out of the folder", True),
    Fault(
        "thousands of shards",
        index({"weight_map": {f"t{i}": f"model-{i}.safetensors" for i in range(20_000)}}),
        "names 20000 shards, but there is no model-0.safetensors",
        True,
    ),
    Fault("tensors in each other's shards", swapped, "found it in", True),
    Fault("a tensor in no shard", one_more, "says that invented is in", True),
    Fault("an index without a map", index({}), "it has no weight_map", True),
    Fault("an index with an empty map", index({"weight_map": {}}), "no weight_map", True),
    Fault("a list for a map", index({"weight_map": []}), "it has no weight_map", True),
    Fault("a deep index", index(DEEP), "nested too deeply", True),
    Fault("an index in Latin-1", index(b'{"weight_map": "\xe9"}'), "index.json is damaged", True),
    Fault("a key twice", index('{"weight_map": {"a": "b", "a": "c"}}'), "stands there twice", True),
    Fault("an index with a mark", index(b"\xef\xbb\xbf{}"), "index.json is damaged", True),
]
