"""What others have written: their words, and what libraries raise about them, fit for a message."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from subliminal.config.errors import ConfigError
from subliminal.config.text import one_line

LONGEST = 200


def shown(text: object) -> str:
    """A text in one line, without what a terminal would obey, and not too long."""
    return one_line(str(text), LONGEST)


@contextmanager
def in_library_words(about: str, advice: str = "use another base") -> Iterator[None]:
    """The one place where whatever a library raises about a base's content becomes an error.

    transformers, tokenizers and Jinja do not say what they raise about files that they did not
    write. A panic of a library in Rust is not even an Exception.

    Args:
        about: the setting, and what could not be done.

    Raises:
        ConfigError: the library raised something.
        MemoryError: memory ran out, which is told where the limit is known.
    """
    try:
        yield
    except (ConfigError, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        words = shown(error)
        if " " not in words:  # such as the key that a dictionary does not have
            words = f"{type(error).__name__}: {words}"
        raise ConfigError(f"{about}: {words}; {advice}") from error
