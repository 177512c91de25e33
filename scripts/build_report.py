"""Put what was found, figures, tables, methods and provenance on one page."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(
        __doc__,
        argv,
        paths=["template", "methods", "report"],
        several=["summaries", "figures", "captions"],
    )

    from subliminal.specs import BuildReportSpec
    from subliminal.stages.build_report import build_report

    spec = BuildReportSpec.model_validate_json(args.spec)
    build_report(
        spec,
        args.summaries,
        args.figures,
        args.captions,
        args.methods,
        args.template,
        args.report,
    )
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
