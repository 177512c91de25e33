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


def test_the_ancestry_is_printed(micro_copy):
    (line,) = {
        line
        for block in blocks("sh")
        for line in block.text.splitlines()
        if line.startswith("python scripts/lineage.py")
    }
    done = micro_copy.run(*line.replace("numbers-constrained", "numbers").split())
    assert done.returncode == 0, done.stdout
    assert "make prompts" in done.stdout
