"""Reading a base's files: regular ones only, from the base's own folder only, and not too large.

A folder comes from anywhere. In place of a file there may be a pipe, which would wait for ever, a
device, which has no end, or a link to a file that is none of the base's.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import IO, Any

from subliminal.config.errors import ConfigError
from subliminal.config.foreign import shown
from subliminal.config.strict_json import parsed

# The largest vocabularies take some 40 MB, indexes of a thousand shards some 10.
LARGEST_COPIED = 512_000_000
LARGEST_READ = 32_000_000
KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# Names of folders in the hub's cache: a commit's files are links to the repository's blobs.
SNAPSHOTS, BLOBS = "snapshots", "blobs"


def is_there(file: Path, place: str) -> bool:
    """Whether a folder has this file.

    Args:
        place: where the folder comes from, for messages.

    Raises:
        ConfigError: something else lies there, or a link leads out of the folder.
    """
    named = f"{place}: {shown(file.name)}"
    try:
        if stat.S_ISLNK(file.lstat().st_mode):
            _require_inside(file, named)
        mode = file.stat().st_mode
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(named, error) from error
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "something else")
        raise ConfigError(f"{named} is {kind}, expected a file; fetch the folder again")
    return True


def _require_inside(link: Path, named: str) -> None:
    """Links may lead to the folder's own files, and in the hub's cache to the repository's."""
    own = link.parent.resolve()
    allowed = [own]
    if own.parent.name == SNAPSHOTS:
        allowed.append(own.parent.parent / BLOBS)
    target = Path(os.path.realpath(link))  # links in a circle are no error to it
    if not any(target.is_relative_to(folder) for folder in allowed):
        raise ConfigError(
            f"{named} is a link out of the folder, to {shown(target)}; put the file itself there"
        )
    if not target.exists():
        raise ConfigError(
            f"{named} is a link to {shown(target)}, which is not there; fetch the folder again"
        )


def _unreadable(named: str, error: OSError) -> ConfigError:
    return ConfigError(
        f"{named} cannot be read: {error.strerror}; make it readable, or fetch the folder again"
    )


def opened(file: Path, place: str) -> IO[bytes]:
    """A file of a base, to be read.

    Raises:
        ConfigError: it is not there, is no file, is another one's, or may not be read.
    """
    if not is_there(file, place):
        raise ConfigError(f"{place}: there is no {shown(file.name)}; fetch the folder again")
    try:
        # Not to wait, should a pipe have taken its place.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _unreadable(f"{place}: {shown(file.name)}", error) from error
    return os.fdopen(descriptor, "rb")


def require_size(file: Path, largest: int, place: str) -> None:
    """Check that a file is no longer than such files are.

    Raises:
        ConfigError: it is.
    """
    size = file.stat().st_size
    if size > largest:
        raise ConfigError(
            f"{place}: {file.name} has {size} bytes, expected at most {largest}; fetch it again, "
            "or use another base"
        )


def copy(file: Path, target: Path, place: str) -> None:
    """Copy a file of a base that is no weights.

    Raises:
        ConfigError: it cannot be read, or is too large to be what it is called.
    """
    with opened(file, place) as source:
        require_size(file, LARGEST_COPIED, place)
        with target.open("wb") as copied:
            shutil.copyfileobj(source, copied)


def read_json(file: Path, place: str) -> dict[str, Any]:
    """A JSON file's content.

    Raises:
        ConfigError: it cannot be read, or is no JSON object.
    """
    with opened(file, place) as source:
        require_size(file, LARGEST_READ, place)
        content = source.read()
    try:
        return json_object(content)
    except ValueError as error:
        raise ConfigError(
            f"{place}: {file.name} is damaged: {shown(error)}; fetch it again"
        ) from error


def json_object(content: bytes) -> dict[str, Any]:
    """A JSON object in which no key stands twice, as UTF-8.

    Raises:
        ValueError: the content is something else.
    """
    found = parsed(content, infinities=True)  # settings of published models have some
    if not isinstance(found, dict):
        raise ValueError("no JSON object")
    return found
