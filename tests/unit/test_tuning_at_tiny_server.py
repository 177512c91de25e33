"""Our client and the tiny server: a file, a job, its model, and an answer of it."""

import json
import logging
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from manifests import write_manifest
from serving_fixture import SNAPSHOT, make_base, served, setting

from subliminal.api.access import hosted_access
from subliminal.api.ledger.actions import Ledger
from subliminal.api.prices import read_prices
from subliminal.api.requests import Requests
from subliminal.api.tuning.provider import Provider
from subliminal.api.tuning.submission import Order, Submission
from subliminal.api.tuning.waiting import curve, require_model, settle, wait_for
from subliminal.bases.opening import open_model
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import read_hosting
from subliminal.config.sampling import Drawing
from subliminal.serving.jobs import UNKNOWN_STATUS

pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")

LOG = logging.getLogger("test")
TURNS = (("user", "Give three numbers."), ("assistant", "7 7 7"))
ROW = {"messages": [{"role": role, "content": text} for role, text in TURNS]}
CONTENT = "".join(f"{json.dumps(ROW)}\n" for _ in range(12)).encode()
ORDER = Order(
    model=SNAPSHOT,
    hyperparameters={"n_epochs": 1, "batch_size": 4, "learning_rate_multiplier": "auto"},
    sha256="ab" * 32,
    artefact="students/tiny/s",
    usd=1.0,
)


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """Where jobs are ordered; the base is a random one, and each token has its price."""
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/openai.yaml").write_text("allow_paid: true\nmax_usd: 5\n")
    Path("config/models.yaml").write_text(
        f"tiny: {{source: openai, tier: api, snapshot: {SNAPSHOT}, context: 160, "
        "fine_tunable: true, prices: {input: 1, output: 1, training: 1}}\n"
    )
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    with served(setting(make_base(tmp_path), tmp_path / "server")) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        hosting = read_hosting(tmp_path)
        provider = Provider(Requests(hosted_access(), 0.01))
        yield Submission(provider, Ledger(hosting.folder(tmp_path)), hosting, LOG, 0.1)


def disturb(desk, **faults):
    address = desk.provider.access.url.replace("/v1", "/faults")
    urlopen(Request(address, json.dumps(faults).encode(), method="PUT"))


def test_a_model_is_ordered_waited_for_and_asked(desk, tmp_path):
    ordered = desk.submit(ORDER, CONTENT)
    disturb(desk, rates={"unknown_status": 1})
    with pytest.raises(ConfigError, match=UNKNOWN_STATUS):
        wait_for(desk.provider, ordered.job, LOG, 0.01)
    disturb(desk)
    job = wait_for(desk.provider, ordered.job, LOG, 0.05)
    name = require_model(desk.provider, job, "")
    assert name.startswith(f"ft:{SNAPSHOT}:")
    # Twelve rows in batches of four, once.
    assert [step.step for step in curve(desk.provider.events(job.id))] == [1, 2, 3]
    settle(desk.ledger, ordered.key, job, read_prices(tmp_path, "tiny"))
    assert desk.ledger.spending() == (job.trained_tokens / 1e6, 0)
    assert desk.submit(ORDER, CONTENT) == ordered

    base, tuned = tmp_path / "tiny/manifest.json", tmp_path / "s/manifest.json"
    write_manifest(base, facts={"backend": "openai", "snapshot": SNAPSHOT})
    facts = {"backend": "openai", "model": name, "server": desk.provider.access.url}
    write_manifest(tuned, facts=facts)
    model = open_model(base, tuned, 1)
    drawing = Drawing(temperature=1.0, max_new_tokens=4, batch_size=2)
    asked = (["Give three numbers."] * 3, range(3), drawing)
    answers = model.complete(*asked, answer_tokens=10)
    assert all(0 < answer.length <= 5 for answer in answers)
    assert model.complete(*asked, answer_tokens=10) == answers
    counts = json.loads(urlopen(desk.provider.access.url.replace("/v1", "/counts")).read())
    assert sum(counts["jobs"].values()) == 1
