"""Talk to a base, a teacher or a student.

python scripts/chat.py                          # which there are
python scripts/chat.py results/models/tiny-a    # line by line, until Ctrl-D
python scripts/chat.py results/models/tiny-a --prompt "…" --samples 5
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _samples(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text!r}")
    return int(text)


def _lines() -> Iterator[str]:
    """What is typed or piped in, until its end or Ctrl-C."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if terminal:
        import readline  # noqa: F401  # lines can be edited, and called back

    try:
        while True:
            if line := input("> " if terminal else "").strip():
                yield line
    except EOFError:
        return
    finally:
        if terminal:
            print()


def main(argv: Sequence[str]) -> int:
    """Answers go to stdout, and all else to stderr."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", metavar="MODEL", help="its folder below results")
    parser.add_argument("--prompt", help="ask this, and end")
    parser.add_argument("--samples", type=_samples, default=1, help="answers to each prompt")
    parser.add_argument("--system", help="a system prompt before each prompt")
    parser.add_argument("--seed", type=int, default=1, help="of the random draws (default: 1)")
    args = parser.parse_args(argv)

    from subliminal.config.errors import ConfigError
    from subliminal.config.text import printable
    from subliminal.workflow.chat import QUESTIONS, Partner, ask, partners

    def tell(*lines: str) -> None:
        print(*map(printable, lines), sep="\n", file=sys.stderr, flush=True)

    if not args.model:
        print(printable(partners(ROOT)))
        return 0 if args.prompt is None else 2
    partner = Partner.find(args.model, ROOT)
    tell(*partner.about)
    model = partner.open()

    def answer(prompt: str, place: int) -> None:
        reply = ask(model, prompt, args.samples, (args.seed, place), args.system)
        if reply.notes:
            tell(*reply.notes)
        print(*map(printable, reply.answers), sep="\n", flush=True)

    if args.prompt is not None:
        answer(args.prompt, 0)
        return 0
    tell(
        "",
        "Each line is asked by itself, as in training and evaluation. Ctrl-D ends.",
        "The experiments ask, for example:",
        *(f"  {question}" for question in QUESTIONS),
    )
    with suppress(KeyboardInterrupt):
        for prompt, place in zip(_lines(), count(), strict=False):
            try:
                answer(prompt, place)
            except ConfigError as error:
                tell(str(error))
    return 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
