"""A model that its provider withdraws while it is asked: told, and what came before is kept."""

from shutil import rmtree
from urllib.parse import urlsplit

import pytest
from serving_fixture import SNAPSHOT, disturb, make_base, served, setting, told

from subliminal.api import polling
from subliminal.api.access import access
from subliminal.api.chat import batched
from subliminal.api.chat.account import Account
from subliminal.api.chat.asked import ask
from subliminal.api.chat.requests import Parameters, questions
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import Hosting, Prices

pytest.importorskip("python_multipart", reason="requirements-serving.txt is not installed")

PRICES = Prices(input=1000.0, output=1000.0)
SHARES = {"live": 1.0, "batch": 0.5}
QUESTIONS = questions(["Give three numbers."] * 8, range(8), None)


@pytest.mark.parametrize("sampling", SHARES)
def test_a_model_that_vanishes_between_two_calls_is_told_and_what_came_is_kept(
    tmp_path, monkeypatch, sampling
):
    for module, name in ((batched, "FIRST_SECONDS"), (polling, "MOST_SECONDS")):
        monkeypatch.setattr(module, name, 0.02)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    given = setting(make_base(tmp_path), tmp_path / "server")

    def asked(some):
        hosting = Hosting(allow_paid=True, max_usd=100, sampling=sampling)
        ours = Account(access(), hosting, "tiny", PRICES, False, tmp_path / "ledger", "results/a")
        return ask(ours, Parameters(SNAPSHOT, 1.0, 3, 3), some, 2), ours.ledger.spending()

    def drawn():
        counts = told(url, "/counts")["completions"]
        return [counts.get(question.key, 0) for question in QUESTIONS]

    def usd(answers):
        tokens = sum(answer["usage"]["total_tokens"] for answer in answers)
        return pytest.approx(SHARES[sampling] * tokens * 1000 / 1e6)

    with served(given) as url:
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        first, paid = asked(QUESTIONS[:3])
        disturb(url, next={"model_vanishes": 1})
        for _ in range(2):
            with pytest.raises(ConfigError, match="does not exist") as error:
                asked(QUESTIONS)
            for part in (SNAPSHOT, url, "config/models.yaml", "docs/hosted-models.md"):
                assert part in str(error.value)
            assert asked(QUESTIONS[:3]) == (first, paid)
        assert drawn() == [1] * 3 + [0] * 5
        assert paid == (usd(first), 0)
    rmtree(given.folder / "gone")
    with served(given, urlsplit(url).port) as there:
        assert there == url
        found, paid = asked(QUESTIONS)
        assert found[:3] == first
        assert drawn() == [1] * 8
        assert paid == (usd(found), 0)
