"""Weights, and their headers."""

import json
import struct

from broken_bases.fault import DEEP, WEIGHTS, Fault, cut, replaced


def written(header, data=b"", length=None):
    """A file of weights with this header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = struct.pack("<Q", len(text) if length is None else length)
    return replaced(WEIGHTS, size + text + data)


def tensor(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def changed_header(change):
    """The sound weights under a header that was changed."""

    def damage(folder):
        content = (folder / WEIGHTS).read_bytes()
        (length,) = struct.unpack("<Q", content[:8])
        header = json.loads(content[8 : 8 + length])
        change(header)
        written(header, content[8 + length :])(folder)

    return damage


def a_value(bits):
    """The last weight is replaced."""

    def damage(folder):
        content = (folder / WEIGHTS).read_bytes()
        (folder / WEIGHTS).write_bytes(content[:-4] + bits)

    return damage


def renamed(header):
    header["model.norm.weigth"] = header.pop("model.norm.weight")


def spoiled(**changes):
    return changed_header(lambda header: header["model.norm.weight"].update(changes))


BAD_HEADER = "expected a safetensors header, found"
WEIGHT_FAULTS = [
    Fault("a header of 2^63 bytes", written({}, length=2**63), BAD_HEADER),
    Fault("a header longer than the file", written({}, length=1000), BAD_HEADER),
    Fault("no header", written(b""), BAD_HEADER),
    Fault("a header that is a list", written([]), BAD_HEADER),
    Fault("a deep header", written(b'{"a":' + DEEP.encode() + b"}"), BAD_HEADER),
    Fault("a header that is not UTF-8", written(b'{"\xff": 1}'), BAD_HEADER),
    Fault("a tensor that is a number", written({"a": 1}), BAD_HEADER),
    Fault("a tensor without a type", written({"a": {"shape": []}}), BAD_HEADER),
    Fault("an unknown type", written({"a": tensor("X9")}, bytes(8)), "of the type 'X9'"),
    Fault("a type that is a list", written({"a": tensor([])}, bytes(8)), BAD_HEADER),
    Fault("a negative size", written({"a": tensor(shape=(-2,))}, bytes(8)), BAD_HEADER),
    Fault("two negative sizes", written({"a": tensor(shape=(-1, -2))}, bytes(8)), BAD_HEADER),
    Fault("a size of 2^64", written({"a": tensor(shape=(2**64, 0))}, bytes(8)), BAD_HEADER),
    Fault("a shape that overflows", spoiled(shape=[2**32, 2**32]), BAD_HEADER),
    Fault("a shape that is a fraction", spoiled(shape=[32.0]), BAD_HEADER),
    Fault("a shape that is text", spoiled(shape="32"), BAD_HEADER),
    Fault("a shape of a thousand dimensions", spoiled(shape=[1] * 1000), BAD_HEADER),
    Fault("offsets out of the file", spoiled(data_offsets=[10**15, 10**15 + 128]), "to begin at"),
    Fault("offsets that overlap", spoiled(data_offsets=[0, 128]), "to begin at byte"),
    Fault("offsets backwards", spoiled(data_offsets=[128, 0]), BAD_HEADER),
    Fault("negative offsets", spoiled(data_offsets=[-128, 0]), BAD_HEADER),
    Fault("three offsets", spoiled(data_offsets=[0, 1, 2]), BAD_HEADER),
    Fault("offsets that are text", spoiled(data_offsets=["0", "128"]), BAD_HEADER),
    Fault("no tensors", written({}), "its weights have no numbers"),
    Fault("tensors without numbers", written({"a": tensor(shape=(0,), offsets=(0, 0))}), "numbers"),
    Fault("another tensor", written({"a": tensor()}, bytes(8)), "at most 1 layers"),
    Fault("a tensor of another name", changed_header(renamed), "its weights lack"),
    Fault(
        "a tensor twice",
        written(b'{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}}'),
        "stands there twice",
    ),
    Fault("numbers for notes", changed_header(lambda h: h.update(__metadata__=3)), BAD_HEADER),
    Fault("weights that are no numbers", a_value(b"\0\0\xc0\x7f"), "infinite or no numbers"),
    Fault("weights that are infinite", a_value(b"\0\0\x80\xff"), "infinite or no numbers"),
    Fault("half the weights", cut(WEIGHTS, 0.5), "is damaged: expected"),
]
