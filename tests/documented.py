"""What the documentation prints for its readers to type."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass

from working_copy import REPOSITORY

PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "results/README.md")),
    *sorted(REPOSITORY.glob("docs/*.md")),
    *(REPOSITORY / name for name in ("config/README.md", "profiles/README.md")),
]
SETTINGS = sorted([*REPOSITORY.glob("config/**/*.yaml"), *REPOSITORY.glob("profiles/*/*.yaml")])
SCRIPTS = sorted([*REPOSITORY.glob("scripts/*.py"), *REPOSITORY.glob("benchmarks/*.py")])
# Programs that begin a command within a line of text.
PROGRAMS = r"(?:snakemake|make|python|pip|pre-commit|hf|nohup|uv|conda|scancel|squeue|sacctmgr)"
# A form with a gap to fill in is no command.
GAP = re.compile(r"[…{]")


@dataclass(frozen=True)
class Block:
    """A fenced block, and the file of `config/` that was named last before it."""

    page: str
    line: int
    language: str
    text: str
    file: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command line, and where it is printed first."""

    where: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.where}: {shlex.join(self.words)}"


def blocks(*languages: str) -> list[Block]:
    """The fenced blocks of all pages, or those of these languages."""
    found = []
    for path in PAGES:
        page, text = str(path.relative_to(REPOSITORY)), path.read_text()
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text[: match.start()].count("\n") + 1
            named = re.findall(r"`(config/\S+\.(?:yaml|json))`", text[: match.start()])
            found.append(Block(page, line, match[1], match[2], named[-1] if named else ""))
    return [block for block in found if not languages or block.language in languages]


def words_of(line: str) -> tuple[str, ...]:
    """A command's words, without assignments before it and what follows a `|`, `&&` or `>`."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("|&;<>"):
            break
        if words or not re.fullmatch(r"[A-Z_]+=.*", word):
            words.append(word)
    return tuple(words)


def _lines(text: str) -> list[str]:
    without_documents = re.sub(r"<<'(\w+)'\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    return without_documents.replace("\\\n", " ").splitlines()


def _printed() -> list[tuple[str, str]]:
    """Where a line is printed, and the line."""
    found = [(str(block), line) for block in blocks("sh") for line in _lines(block.text)]
    for path in PAGES:
        prose = re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        spans = re.findall(rf"`((?:[A-Z_]+=\S+ )*{PROGRAMS}(?: [^`]*)?)`", prose)
        found += [(path.name, span.replace("\n", " ")) for span in spans if not GAP.search(span)]
    for path in SETTINGS:
        lines = re.findall(rf"# (?:.*: |  )?({PROGRAMS} .+)$", path.read_text(), re.MULTILINE)
        found += [(path.name, line) for line in lines if re.match(r"(snakemake -|pip inst)", line)]
    for path in SCRIPTS:
        told = ast.get_docstring(ast.parse(path.read_text())) or ""
        found += [(path.name, line) for line in re.findall(rf"^{PROGRAMS} .+$", told, re.MULTILINE)]
    helps = re.findall(r"##.*?(make [a-z-]+(?: [A-Z]+=\S+)+)$", MAKEFILE, re.MULTILINE)
    targets = re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE)
    return found + [("Makefile", line) for line in [*helps, *(f"make {t}" for t in targets)]]


MAKEFILE = (REPOSITORY / "Makefile").read_text()


def commands() -> list[Command]:
    """Every command that is printed anywhere, each once."""
    found: dict[tuple[str, ...], Command] = {}
    for where, line in _printed():
        words = words_of(line)
        if words and (len(words) > 1 or words[0] == "make"):
            found.setdefault(words, Command(where, words))
    return list(found.values())
