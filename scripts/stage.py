"""Run one stage of the workflow: python scripts/stage.py STAGE --spec JSON [--OPTION PATH ...]

The rules call it. A stage's options are the parameters of its function.
"""

from __future__ import annotations

import sys

from subliminal.workflow.warm_start import run


def main(argv: list[str]) -> int:
    """Run the stage; imports are here, so that a client of a warm start begins at once."""
    import argparse

    from subliminal.workflow.command_line import run_stage, stage_modules

    parser = argparse.ArgumentParser(
        description="Run one stage of the workflow.", epilog="STAGE --help tells its options."
    )
    parser.add_argument("stage", metavar="STAGE", choices=stage_modules(), help="%(choices)s")
    run_stage(parser.parse_args(argv[:1]).stage, argv[1:])
    return 0


if __name__ == "__main__":
    sys.exit(run(main))
