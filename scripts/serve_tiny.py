"""Serve bases of the workflow through OpenAI's API, fine-tuning included, on this machine alone.

python scripts/serve_tiny.py                                # all bases of results/models
python scripts/serve_tiny.py results/models/tiny-a --port 0
python scripts/serve_tiny.py gpt-4.1-nano-2025-04-14=results/models/tiny-a   # under another name

If TINY_SERVER_KEY is in the environment, requests have to bring it.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / "results" / "models"
FOLDER = ROOT / "tiny-server"
KEY = "TINY_SERVER_KEY"
PORT = 8377


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, found {text!r}")
    return int(text)


def _base(text: str) -> tuple[str, Path]:
    """A base's name and folder, as the command line has them."""
    name, equals, folder = text.rpartition("=")
    path = Path(folder)
    return (name if equals else path.resolve().name), path


def _found() -> list[tuple[str, Path]]:
    """The bases of the workflow whose weights are here."""
    return [(file.parent.name, file.parent) for file in sorted(MODELS.glob("*/config.json"))]


def main(argv: Sequence[str]) -> int:
    """The two lines for a client's shell go to stdout, and all else to stderr."""
    from subliminal.serving.limits import REQUESTS_PER_MINUTE, TOKENS_PER_MINUTE

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "bases", nargs="*", type=_base, metavar="[NAME=]BASE", help="folders of bases"
    )
    parser.add_argument("--port", type=int, default=PORT, help=f"0 for a free one ({PORT})")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where it keeps everything (tiny-server)"
    )
    parser.add_argument(
        "--recipe", default="tiny", help="of config/recipes.yaml, that jobs train by (tiny)"
    )
    parser.add_argument("--faults", type=Path, help="a JSON file of what is to go wrong")
    parser.add_argument(
        "--requests-per-minute", type=_positive, metavar="N", default=REQUESTS_PER_MINUTE
    )
    parser.add_argument(
        "--tokens-per-minute", type=_positive, metavar="N", default=TOKENS_PER_MINUTE
    )
    args = parser.parse_args(argv)

    from subliminal.config.errors import ConfigError
    from subliminal.serving.faults import Faults, read_faults
    from subliminal.serving.server import serve
    from subliminal.serving.site import Setting
    from subliminal.serving.tuning import local_recipe

    key = os.environ.get(KEY)
    bases = dict(args.bases or _found())
    if not bases:
        raise ConfigError(
            f"there is no base below {MODELS}; make the tiny ones with: "
            "snakemake bases --cores 2, or name a base's folder"
        )

    def ready(url: str) -> None:
        print(f"export OPENAI_BASE_URL={url}")
        print(f"export OPENAI_API_KEY={f'${KEY}' if key else 'none'}", flush=True)
        print(f"models: {', '.join(bases)}; Ctrl-C ends it", file=sys.stderr, flush=True)

    setting = Setting(
        bases=bases,
        folder=args.folder,
        recipe=local_recipe(ROOT, args.recipe),
        key=key or None,
        requests_per_minute=args.requests_per_minute,
        tokens_per_minute=args.tokens_per_minute,
        faults=read_faults(args.faults) if args.faults else Faults(),
    )
    serve(setting, args.port, ready)
    return 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
