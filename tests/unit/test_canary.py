"""Failures of hosted models, each a process of its own: told, no success, no trace of the key.

A run that is refused before its first job, and one that succeeds, are looked through where they are
tested.
"""

import json
import os
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path
from urllib.parse import quote

import pytest
from canary import holding
from manifests import write_manifest
from models_stand_in import answer, stand_in
from serving_fixture import SNAPSHOT, disturb, make_base, served, setting, told

from subliminal.config.recipes import HostedTuning
from subliminal.serving.jobs import UNKNOWN_STATUS
from subliminal.transmission.tuning import SubmitTuningSpec

pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")
pytestmark = pytest.mark.slow

# Of letters that an address and Base64 write in another way.
KEY = "sk-canary/1f0c+77~d2?b9>e4"
STAGE = Path(__file__).resolve().parents[2] / "scripts/stage.py"
TURNS = [{"role": "user", "content": "Say"}, {"role": "assistant", "content": "7 7"}]
CONTENT = (json.dumps({"messages": TURNS}) + "\n") * 12


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The tiny server, to which the key belongs."""
    folder = tmp_path_factory.mktemp("server")
    with served(setting(make_base(folder), folder / "kept", key=KEY)) as url:
        yield url


@pytest.fixture
def order(tmp_path):
    """Submits a job from a folder of its own, with these settings and this environment."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config/models.yaml").write_text(
        f"tiny: {{source: openai, tier: api, snapshot: {SNAPSHOT}, context: 160, "
        "fine_tunable: true, prices: {input: 1, output: 1, training: 1}}\n"
    )
    results = tmp_path / "results"
    base = results / "models/tiny/manifest.json"
    write_manifest(base, facts={"backend": "openai", "snapshot": SNAPSHOT})
    file = results / "students/tiny/s/tuning/training.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text(CONTENT)
    write_manifest(file.with_suffix(".manifest.json"), [file])
    checked, manifest = (file.with_name(f"{n}.manifest.json") for n in ("checked", "submitted"))
    write_manifest(checked, facts={"billed_tokens": 1000})
    spec = SubmitTuningSpec(model="students/tiny/s", base="tiny", tuning=HostedTuning(n_epochs=1))

    def run(settings="allow_paid: true\nmax_usd: 5\n", **environment):
        (tmp_path / "config/openai.yaml").write_text(settings)
        command = [sys.executable, STAGE, "submit_tuning", "--spec", spec.model_dump_json()]
        command += ["--file", file, "--checked", checked, "--base", base, "--manifest", manifest]
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env={**os.environ, "OPENAI_API_KEY": KEY, **environment},
            capture_output=True,
            text=True,
        )
        assert not holding(KEY, tmp_path, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        assert manifest.exists() is (done.returncode == 0)
        return done

    return run


def refused(done):
    assert done.returncode not in (0, None)
    return done.stderr


def jobs(server):
    return sum(told(server, "/counts")["jobs"].values())


def test_a_key_is_found_in_every_form(tmp_path):
    file = tmp_path / "a/b"
    file.parent.mkdir()
    around = [text.encode() for text in (KEY, f"Bearer {KEY}", f"user:{KEY}", f"u:{KEY}!")]
    coded = [encode(text) for text in around for encode in (b64encode, urlsafe_b64encode)]
    for content in (*around, *coded, quote(KEY, safe="").encode()):
        file.write_bytes(b"before " + content + b" after")
        assert holding(KEY, tmp_path) == [file], content
    file.write_text(KEY[:-1])
    assert not holding(KEY, tmp_path, b64encode(KEY[1:].encode()).decode())


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ({"rates": {"account_closed": 1}}, ["403", "not allowed to create", "OPENAI_API_KEY"]),
        ({"rates": {"unknown_status": 1}}, [UNKNOWN_STATUS]),
    ],
)
def test_what_the_provider_says_is_told_without_the_key(server, order, faults, words):
    before = jobs(server)
    disturb(server, **faults)
    try:
        said = refused(order(OPENAI_BASE_URL=server))
    finally:
        disturb(server)
    assert all(word in said for word in words)
    # A job whose status is not known was ordered, and is found again.
    assert jobs(server) - before == ("unknown_status" in faults["rates"])
    assert order(OPENAI_BASE_URL=server).returncode == 0
    assert jobs(server) - before == 1


def test_a_bad_key_is_told_and_not_shown(tmp_path, order):
    with stand_in() as server:
        server.reply = answer({"error": {"message": f"Incorrect API key: Bearer {KEY}"}}, 401)
        said = refused(order(OPENAI_BASE_URL=server.url))
    assert "401 Incorrect API key: Bearer [hidden]" in said and "export OPENAI_API_KEY" in said
    assert len(server.asked) == 1


def test_a_redirect_to_another_host_takes_no_key_along(order):
    with stand_in() as other, stand_in() as server:
        server.reply = (307, b"")
        server.headers = {"Location": f"{other.url}/files?key={KEY}"}
        said = refused(order(OPENAI_BASE_URL=server.url))
    assert other.url in said and "no request follows" in said
    assert not other.asked


def test_no_key_is_told_and_nothing_sent(order):
    """What opens the server is in the environment all the same, and does for no key."""
    with stand_in() as server:
        secret = {"OPENAI_API_KEY": "", "OPENAI_CUSTOM_HEADERS": f"X-Pass: {KEY}"}
        assert "OPENAI_API_KEY is not set" in refused(order(OPENAI_BASE_URL=server.url, **secret))
    assert not server.asked


@pytest.mark.parametrize(
    ("settings", "words"),
    [("allow_paid: true\nmax_usd: 0.0001\n", "max_usd: 0.0001"), ("{}\n", "allow_paid: true")],
)
def test_a_budget_that_is_too_small_is_told_and_nothing_sent(order, settings, words):
    with stand_in() as server:
        assert words in refused(order(settings, OPENAI_BASE_URL=server.url))
    assert not server.asked
