"""Take a base from installed wheels, the hub or a folder, and check it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments, start_logging

    args = parse_arguments(__doc__, argv, paths=["model", "manifest"], optional=["chat-template"])

    from subliminal.specs import PrepareBaseSpec
    from subliminal.stages.prepare_base import prepare_base

    spec = PrepareBaseSpec.model_validate_json(args.spec)
    log = start_logging(f"prepare_base {spec.base}")
    prepare_base(spec, args.model, args.manifest, args.chat_template, args.threads, log)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
