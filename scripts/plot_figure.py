"""Draw one figure of an experiment, as SVG and as a page that stands by itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from subliminal.warm_start import run


def main(argv: Sequence[str]) -> int:
    """Run the stage; it imports what it needs itself, so that a warm client starts at once."""
    from subliminal.command_line import parse_arguments

    args = parse_arguments(__doc__, argv, paths=["svg", "html"], several=["tables"])

    from subliminal.specs import PlotFigureSpec
    from subliminal.stages.plot_figure import plot_figure

    spec = PlotFigureSpec.model_validate_json(args.spec)
    plot_figure(spec, args.tables, args.svg, args.html)
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
