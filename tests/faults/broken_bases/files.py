"""What lies in place of a file."""

import os
import stat

from broken_bases.fault import (
    CONFIG,
    GENERATION,
    INDEX,
    SETTINGS,
    TEMPLATE,
    TOKENIZER,
    WEIGHTS,
    Fault,
    linked,
    replaced,
)


def special(name, kind):
    def damage(folder):
        (folder / name).unlink()
        os.mknod(folder / name, kind | 0o600)

    return damage


def emptied(name):
    return replaced(name, b"")


def folder_instead(name):
    def damage(folder):
        (folder / name).unlink()
        (folder / name).mkdir()

    return damage


def unreadable(name):
    return lambda folder: (folder / name).chmod(0)


def sparse(name, size):
    return lambda folder: os.truncate(folder / name, size)


def dangling(name):
    return linked(name, "gone")


def circular(name):
    return linked(name, name)


FILES = [
    Fault("a pipe for config.json", special(CONFIG, stat.S_IFIFO), "config.json is a pipe"),
    Fault("a pipe for weights", special(WEIGHTS, stat.S_IFIFO), "model.safetensors is a pipe"),
    Fault("a pipe for a template", special(TEMPLATE, stat.S_IFIFO), "jinja is a pipe"),
    Fault("a pipe for the index", special(INDEX, stat.S_IFIFO), "json is a pipe", True),
    Fault("a socket for a tokenizer", special(TOKENIZER, stat.S_IFSOCK), "is a socket"),
    Fault("a folder for weights", folder_instead(WEIGHTS), "is a folder, expected a file"),
    Fault("a folder for settings", folder_instead(SETTINGS), "is a folder, expected a file"),
    Fault("a device by a link", linked(WEIGHTS, "/dev/zero"), "is a link out of the folder"),
    Fault("a device for config.json", linked(CONFIG, "/dev/zero"), "is a link out of the folder"),
    Fault("a link to weights elsewhere", linked(WEIGHTS, None), "is a link out of the folder"),
    Fault("a link to a tokenizer elsewhere", linked(TOKENIZER, None), "is a link out of the"),
    Fault("a template that is a secret", linked(TEMPLATE, "/etc/passwd"), "link out of the folder"),
    Fault("a link to nothing", dangling(GENERATION), "which is not there"),
    Fault("a link to itself", circular(CONFIG), "config.json"),
    Fault("unreadable weights", unreadable(WEIGHTS), "cannot be read: Permission denied"),
    Fault("unreadable config.json", unreadable(CONFIG), "cannot be read: Permission denied"),
    Fault("an unreadable folder", lambda folder: folder.chmod(0), "cannot be read: Permission"),
    Fault("empty weights", emptied(WEIGHTS), "model.safetensors is damaged"),
    Fault("empty config.json", emptied(CONFIG), "config.json is damaged"),
    Fault("an empty tokenizer", emptied(TOKENIZER), "cannot read its tokenizer"),
    Fault("an empty index", emptied(INDEX), "index.json is damaged", True),
    Fault("weights of ten terabytes", sparse(WEIGHTS, 10**13), "of disk, found"),
    Fault("config.json of a gigabyte", sparse(CONFIG, 10**9), "expected at most 32000000"),
    Fault("a tokenizer of a gigabyte", sparse(TOKENIZER, 10**9), "expected at most 512000000"),
]
