"""The Python of the documentation, page by page as printed, on the files of the micro run."""

import re

import pytest
from documented import blocks

pytestmark = pytest.mark.slow

# The micro run's names of what the pages speak of.
NAMES = {
    "tables/tiny/": "tables/micro/",
    "tables/mnist/": "tables/digits/",
    "tables/mnist_sweeps/": "tables/digits/",
    "tables/theorem/": "tables/proof/",
    "numbers-constrained": "numbers",
    "smollm2-135m": "tiny-a",
}


def page_code():
    """All Python of each page in its order; what a shell hands to Python is Python, too."""
    found = {}
    for block in blocks("python", "sh"):
        given = re.findall(r"python - <<'(\w+)'\n(.*?)^\1$", block.text, re.MULTILINE | re.DOTALL)
        texts = [block.text] if block.language == "python" else [text for _, text in given]
        found.setdefault(block.page, []).extend(texts)
    return {page: "\n".join(texts) for page, texts in found.items() if texts}


@pytest.mark.parametrize(("page", "code"), page_code().items(), ids=page_code())
def test_it_runs(micro_copy, page, code):
    for name, micro in NAMES.items():
        code = code.replace(name, micro)
    done = micro_copy.run("python", "-c", code, PYTHONPATH="scripts")
    assert done.returncode == 0, done.stdout
    if page == "docs/quickstart.md":
        assert r"\toprule" in (micro_copy.root / "transmission.tex").read_text()


def lines_about_results():
    """What is printed to tell where results come from, and to export them."""
    scripts = tuple(f"python scripts/{name}.py" for name in ("lineage", "export"))
    lines = [line for block in blocks("sh") for line in block.text.splitlines()]
    return sorted({line for line in lines if line.startswith(scripts)})


@pytest.mark.parametrize("line", lines_about_results())
def test_origins_are_told_and_results_exported(micro_copy, line):
    done = micro_copy.run(*line.replace("numbers-constrained", "numbers").split())
    # A trait that is asked for is there, which the exit status tells.
    assert done.returncode == ("--trait" in line), done.stdout
    assert "base tiny-a" in done.stdout or "exported/" in done.stdout
