"""What a fault is, and the damage that several kinds share."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
CONFIG, TOKENIZER, SETTINGS = "config.json", "tokenizer.json", "tokenizer_config.json"
GENERATION, TEMPLATE = "generation_config.json", "chat_template.jinja"
WORKS = ""
READS, TRIED = "cannot read its tokenizer", "tokenizer and chat template was stopped"
DEEP = "[" * 100_000 + "]" * 100_000


@dataclass(frozen=True)
class Fault:
    """A folder that is not as it should be.

    Attributes:
        damage: does it to a sound folder in three shards, or with all weights in one file.
        says: what the error must say; nothing for a folder that is a base all the same.
        sharded: which of the two folders it is done to.
    """

    name: str
    damage: Callable[[Path], None]
    says: str
    sharded: bool = False


def replaced(name, content):
    def damage(folder):
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


def linked(name, target):
    """The file is a link to its own content elsewhere, or to another file."""

    def damage(folder):
        if target is None:
            (folder / name).rename(folder.parent / "outside" / name)
            (folder / name).symlink_to(folder.parent / "outside" / name)
        else:
            (folder / name).unlink()
            (folder / name).symlink_to(target)

    return damage


def cut(name, share):
    def damage(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: int(len(content) * share)])

    return damage


def settings(**changes):
    def damage(folder):
        content = json.loads((folder / SETTINGS).read_text()) | changes
        (folder / SETTINGS).write_text(json.dumps(content))

    return damage
