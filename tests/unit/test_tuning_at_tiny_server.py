"""Our client and the tiny server: a file, a job, its model, an answer of it, and what may fail."""

import json
import logging
from pathlib import Path

import pytest
from manifests import write_manifest
from serving_fixture import SNAPSHOT, disturb, make_base, served, setting, told

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
from subliminal.transmission.stages.check_training_file import check_training_file
from subliminal.transmission.tuning import CheckTrainingFileSpec

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


def test_a_model_is_ordered_waited_for_and_asked(desk, tmp_path):
    ordered = desk.submit(ORDER, CONTENT)
    disturb(url_of(desk), rates={"unknown_status": 1})
    with pytest.raises(ConfigError, match=UNKNOWN_STATUS):
        wait_for(desk.provider, ordered.job, LOG, 0.01)
    disturb(url_of(desk))
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
    assert done(desk) == (1, 1)


def url_of(desk):
    return desk.provider.access.url


def done(desk):
    """Files that were uploaded, and jobs that were ordered."""
    counts = told(url_of(desk), "/counts")
    return counts["endpoints"].get("POST /v1/files", 0), sum(counts["jobs"].values())


def test_an_account_that_may_not_fine_tune_is_told_and_orders_once_it_may(desk):
    disturb(url_of(desk), rates={"account_closed": 1})
    for _ in range(2):
        with pytest.raises(ConfigError, match="not allowed to create") as error:
            desk.submit(ORDER, CONTENT)
        for part in (url_of(desk), "403", "export OPENAI_API_KEY"):
            assert part in str(error.value)
    # A file costs nothing.
    assert done(desk) == (1, 0)
    assert desk.ledger.spending() == (0, 0)
    disturb(url_of(desk))
    desk.submit(ORDER, CONTENT)
    assert done(desk) == (1, 1)
    assert desk.ledger.spending() == (0, ORDER.usd)


def test_a_job_that_fails_is_told_and_costs_nothing(desk, tmp_path):
    disturb(url_of(desk), next={"job_fails": 1})
    first = desk.submit(ORDER, CONTENT)
    job = wait_for(desk.provider, first.job, LOG, 0.05)
    settle(desk.ledger, first.key, job, read_prices(tmp_path, "tiny"))
    with pytest.raises(ConfigError, match="internal error"):
        require_model(desk.provider, job, "")
    assert desk.ledger.spending() == (0, 0)
    second = desk.submit(ORDER, CONTENT)
    assert second.job != first.job and second == desk.submit(ORDER, CONTENT)
    assert done(desk) == (1, 2)


def test_rows_that_moderation_refuses_are_named_and_nothing_is_uploaded(desk, tmp_path):
    Path("config/openai.yaml").write_text("allow_paid: true\nmax_usd: 5\nmoderation: true\n")
    file, checked = tmp_path / "training.jsonl", tmp_path / "checked.manifest.json"
    file.write_bytes(CONTENT)
    write_manifest(file.with_suffix(".manifest.json"), [file])
    spec = CheckTrainingFileSpec(model="students/tiny/s", base="tiny", context=160, n_epochs=1)
    disturb(url_of(desk), next={"moderation_refusal": 2})
    with pytest.raises(ConfigError, match=r"2 of 12 rows, in lines 1 .*, 2 ") as error:
        check_training_file(spec, file, checked, LOG)
    for part in (str(file), "moderation: false in config/openai.yaml"):
        assert part in str(error.value)
    assert not checked.exists()
    assert done(desk) == (0, 0)
    check_training_file(spec, file, checked, LOG)
    assert checked.exists() and not desk.ledger.actions()
