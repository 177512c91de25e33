"""The server's address: however it is written, the ledger knows the server by one spelling."""

import pytest

from subliminal.api.access import PROVIDER, hosted_access


@pytest.mark.parametrize(
    "spelt",
    [
        "https://api.openai.com/v1/",
        "https://api.openai.com/v1//",
        "https://api.openai.com:443/v1",
        "https://api.openai.com:/v1",
        "HTTPS://API.OpenAI.com:443/v1/",
        "https://me:secret@api.openai.com/v1/",
    ],
)
def test_spellings_of_one_address(monkeypatch, spelt):
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert hosted_access().url == PROVIDER
    monkeypatch.setenv("OPENAI_BASE_URL", spelt)
    assert hosted_access().url == PROVIDER


@pytest.mark.parametrize(
    ("spelt", "url"),
    [
        ("http://localhost:80/v1/", "http://localhost/v1"),
        ("http://localhost:443/", "http://localhost:443"),
        ("https://localhost:80/v1", "https://localhost:80/v1"),
        ("http://[0:0:0:0:0:0:0:1]:8000/v1", "http://[::1]:8000/v1"),
        ("http://localhost:8000/V1", "http://localhost:8000/V1"),
    ],
)
def test_what_tells_servers_apart_stays(monkeypatch, spelt, url):
    monkeypatch.setenv("OPENAI_BASE_URL", spelt)
    assert hosted_access().url == url
