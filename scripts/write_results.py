"""Write what was found into docs/results.md and the README: numbers, a table and a picture.

python scripts/write_results.py            # the experiments of config/config.yaml
python scripts/write_results.py mnist_v1   # others, whose tables lie in results/tables
python scripts/write_results.py miniature --page docs/miniature.md
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# By an experiment: its figures in the documentation, and where they come from.
PICTURES = {
    "tiny": {"docs/overview.svg": "tiny/overview.svg"},
    "miniature": {
        "docs/claims.svg": "miniature/claims.svg",
        "docs/across-models.svg": "miniature_fig5a/increases.svg",
    },
}


def main(argv: Sequence[str]) -> int:
    """Write both documents."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("experiments", nargs="*", help="names of files in config/experiments")
    parser.add_argument("--page", type=Path, default=Path("docs/results.md"), help="%(default)s")
    asked = parser.parse_args(argv)
    names = asked.experiments

    from subliminal.artefacts.verified import verify
    from subliminal.config.errors import ConfigError
    from subliminal.transmission.readme import readme_table
    from subliminal.workflow.configuration import Given
    from subliminal.workflow.project import Project
    from subliminal.workflow.results_page import Computed, between_markers, results_page

    given = Given(options={"experiments": "experiments"})
    project = Project.load(ROOT, {"experiments": names} if names else None, given=given)
    folders = {name: ROOT / "results" / "tables" / name for name in project.experiments}
    missing = [name for name, folder in folders.items() if not folder.is_dir()]
    if missing:
        raise ConfigError(
            f"results/tables/{missing[0]} is not there; compute it first, for example with: "
            f"snakemake --cores 2 --config 'experiments=[{missing[0]}]'"
        )
    computed = [Computed.read(project.text(name), folder) for name, folder in folders.items()]
    page = ROOT / asked.page
    page.write_text(between_markers(page.read_text(), results_page(computed)))
    print(f"wrote {page.relative_to(ROOT)}")
    tiny = next((c for c in computed if c.text.name == "tiny"), None)
    if tiny is not None:
        readme = ROOT / "README.md"
        readme.write_text(between_markers(readme.read_text(), readme_table(tiny.tables, tiny.text)))
        print("wrote README.md")
    for experiment in computed:
        for picture, figure in PICTURES.get(experiment.text.name, {}).items():
            made = ROOT / "results" / "figures" / figure
            verify(made.with_suffix(".manifest.json"))
            shutil.copyfile(made, ROOT / picture)
            print(f"wrote {picture}")
    return 0


if __name__ == "__main__":
    from subliminal.config.failures import guarded

    sys.exit(guarded(main, sys.argv[1:]))
