"""How entry points end: what a known failure becomes."""

import subprocess
import sys

import pytest
from working_copy import REPOSITORY

from subliminal.config.failures import UNREAD

# The reader has gone by the time of the first line.
TOLD = """
import sys
from subliminal.config.failures import guarded
sys.stdin.read()
sys.exit(guarded(lambda argv: print("x" * int(argv[0])), sys.argv[1:]))
"""


@pytest.mark.parametrize("characters", [1, 100_000])
def test_a_reader_who_has_seen_enough_ends_it_without_a_word(characters):
    with subprocess.Popen(
        [sys.executable, "-c", TOLD, str(characters)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": str(REPOSITORY / "scripts")},
    ) as run:
        run.stdout.close()
        run.stdin.close()
        said = run.stderr.read()
    assert (run.returncode, said) == (UNREAD, b"")


def test_a_pipe_that_breaks_elsewhere_is_a_failure():
    broken = TOLD.replace(
        'print("x" * int(argv[0]))', "(_ for _ in ()).throw(BrokenPipeError(32, 'x'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", broken],
        input="",
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(REPOSITORY / "scripts")},
    )
    assert done.returncode == 1 and "connection failed" in done.stderr
