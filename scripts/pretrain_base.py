"""Pretrain a tiny base from random weights."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments, start_logging

    args = parse_arguments(__doc__, argv, paths=["model", "manifest"])

    from subliminal.specs import PretrainBaseSpec
    from subliminal.stages.pretrain_base import pretrain_base

    spec = PretrainBaseSpec.model_validate_json(args.spec)
    log = start_logging(f"pretrain_base {spec.base}")
    pretrain_base(spec, args.model, args.manifest, args.threads, log)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
