"""A base of the hub, against a stand-in on this machine.

The client reads its environment when it is imported: every test asks in a process of its own.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bases_fixture import published, tiny_llama
from hub_stand_in import MEMBER, STRANGER, StandIn

from subliminal.bases.hub import require_checksums
from subliminal.config.errors import ConfigError

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
COMMIT, OTHER = "a" * 40, "b" * 40
OPEN, GATED, PICKLED = "someone/open", "someone/gated", "someone/pickled"
ASK = """
import json, os, sys, time
time.sleep = lambda seconds: None  # the client waits between its tries
from subliminal.bases import hub, shards
from subliminal.config.errors import ConfigError
from subliminal.config.models import HubBase

answers = []
for name, commit, token in json.loads(sys.argv[1]):
    os.environ.pop("HF_TOKEN", None)
    if token:
        os.environ["HF_TOKEN"] = token
    source = HubBase(
        source="hub", tier="open", repository=name, revision=commit, parameters=1, licence="none"
    )
    try:
        snapshot = hub.fetch(source, "here")
        assert snapshot == hub.snapshot_folder(source)
        shards.weight_files(snapshot, "here")
        answers.append(sorted(file.name for file in snapshot.iterdir()))
    except ConfigError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """The stand-in, with a model in shards, the same gated, and one that is pickled."""
    folder, stand_in = tmp_path_factory.mktemp("hub"), StandIn()
    model = published(folder / "model", shard="20KB")
    (model / "modeling_evil.py").write_text("raise AssertionError")
    (model / "pytorch_model.bin").write_bytes(b"a pickle")
    pickled = published(folder / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    stand_in.add(OPEN, COMMIT, model)
    stand_in.add(GATED, COMMIT, model, gated=True)
    stand_in.add(PICKLED, COMMIT, pickled)
    with stand_in.running() as stand_in.endpoint:
        yield stand_in


def environment(endpoint, home, **changes):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    return {
        **kept,
        "PYTHONPATH": str(SCRIPTS),
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(home),
        "HF_HUB_DISABLE_XET": "1",
        **changes,
    }


def ask(endpoint, home, *cases, **changes):
    """What each case of (repository, revision, token) gives: names of files, or a message."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(cases)],
        capture_output=True,
        text=True,
        env=environment(endpoint, home, **changes),
    )
    assert done.returncode == 0, done.stderr
    assert "hf_" not in done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def answers(hub, tmp_path_factory):
    cases = {
        "open": (OPEN, COMMIT, None),
        "member": (GATED, COMMIT, MEMBER),
        "nobody": (GATED, COMMIT, None),
        "stranger": (GATED, COMMIT, STRANGER),
        "no commit": (OPEN, OTHER, None),
        "no repository": ("someone/else", COMMIT, None),
        "no repository, known user": ("someone/else", COMMIT, MEMBER),
        "expired": (OPEN, OTHER, "hf_expired"),
        "pickled": (PICKLED, COMMIT, None),
    }
    homes = tmp_path_factory.mktemp("home")
    hub.seen.clear()
    given = {}
    # Each in a cache of its own would take a process each; those that fetch the same files do.
    names = [name for name in cases if name not in ("member", "nobody", "stranger")]
    given.update(zip(names, ask(hub.endpoint, homes / "1", *map(cases.get, names)), strict=True))
    names = ["nobody", "stranger", "member"]
    given.update(zip(names, ask(hub.endpoint, homes / "2", *map(cases.get, names)), strict=True))
    return given


def test_only_safetensors_and_json_are_fetched(answers, hub):
    assert answers["open"] == answers["member"]
    assert "model.safetensors.index.json" in answers["open"]
    assert {Path(name).suffix for name in answers["open"]} == {".json", ".jinja", ".safetensors"}
    asked = {path.rpartition("/")[2] for _, path in hub.seen}
    assert not asked & {"modeling_evil.py", "pytorch_model.bin"}


def test_a_token_is_sent_only_where_it_is_set(answers, hub):
    assert hub.tokens == {"", MEMBER, STRANGER, "hf_expired"}


@pytest.mark.parametrize(
    ("case", "says"),
    [
        (
            "nobody",
            f"repository {GATED} at {COMMIT}: it is gated, and HF_TOKEN is not set; accept the "
            f"licence at https://huggingface.co/{GATED} and set HF_TOKEN",
        ),
        ("stranger", "it is gated, and HF_TOKEN is set but has no access; accept the licence at"),
        (
            "no commit",
            f"repository {OPEN} at {OTHER}: the repository has no such commit; set revision to "
            f"one of https://huggingface.co/{OPEN}/commits/main",
        ),
        ("no repository", "no such repository, or it is private or gated and HF_TOKEN is not set;"),
        ("no repository, known user", "private or gated and HF_TOKEN is set but has no access;"),
        ("expired", "refuses the token in HF_TOKEN; renew it or unset it"),
        ("pickled", "neither model.safetensors nor model.safetensors.index.json (found: "),
    ],
)
def test_a_refusal_says_what_to_do(answers, case, says):
    assert says in answers[case]
    assert answers[case].startswith("here: ")
    assert "\n" not in answers[case]
    assert "hf_" not in answers[case]


def test_a_hub_out_of_reach_is_an_error_unless_its_files_are_here(hub, tmp_path):
    home, case = tmp_path / "home", (OPEN, COMMIT, None)
    with StandIn().running() as endpoint:
        pass  # nobody listens there any more
    (message,) = ask(endpoint, home, case)
    assert (
        f"no usable answer (ConnectError) at {endpoint}, and the cache {home}/hub does" in message
    )
    assert message.endswith(f"type: hf download {OPEN} --revision {COMMIT}")
    (fetched,) = ask(hub.endpoint, home, case)
    assert ask(endpoint, home, case) == [fetched]
    assert ask(endpoint, home, case, HF_HUB_OFFLINE="1") == [fetched]
    next(home.rglob("snapshots/*/config.json")).unlink()
    (message,) = ask(endpoint, home, case, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE forbids to look" in message


def test_a_hub_that_is_down_is_an_error(hub, tmp_path):
    hub.down = True
    try:
        (message,) = ask(hub.endpoint, tmp_path, (OPEN, COMMIT, None))
    finally:
        hub.down = False
    assert "status 503 at http" in message
    assert "\n" not in message


def test_a_damaged_file_is_told_by_its_name_in_the_cache(tmp_path):
    expected = hashlib.sha256(b"weights").hexdigest()
    blob, link = tmp_path / expected, tmp_path / "model.safetensors"
    link.symlink_to(blob)
    require_checksums(tmp_path, {link.name: expected, "config.json": "of no known sum"}, "here")
    says = rf"here: model.safetensors is damaged: expected SHA-256 {expected}, .*; type: rm {blob}$"
    with pytest.raises(ConfigError, match=says):
        require_checksums(tmp_path, {link.name: "0" * 64}, "here")


def test_a_base_is_prepared_from_the_hub(hub, tmp_path):
    source = {"source": "hub", "tier": "open", "repository": GATED, "revision": COMMIT}
    spec = {"base": "tiny", "source": {**source, "parameters": 1000, "licence": "none"}}
    folder = tmp_path / "models/tiny"
    command = [sys.executable, SCRIPTS / "stage.py", "prepare_base", "--spec", json.dumps(spec)]
    done = subprocess.run(
        [*command, "--threads", "1", "--manifest", folder / "manifest.json"],
        capture_output=True,
        text=True,
        env=environment(hub.endpoint, tmp_path / "home", HF_TOKEN=MEMBER),
    )
    assert done.returncode == 0, done.stderr
    manifest = json.loads((folder / "manifest.json").read_text())
    assert set(manifest["outputs"]) == {
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    sources = manifest["facts"]["source_files"]
    assert sum(name.endswith(".safetensors") for name in sources) > 2
    assert manifest["facts"]["parameters"] == sum(p.numel() for p in tiny_llama().parameters())
    assert "parameters is 1000, the weights have" in done.stderr
    texts = [done.stderr, *(file.read_text() for file in folder.glob("*.json"))]
    assert not [text for text in texts if MEMBER in text]
