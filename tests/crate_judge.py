"""An independent validator of RO-Crates, without a network, if it is installed."""

import hashlib
from importlib import metadata
from io import BytesIO

import pytest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

REASON = "requirements-crate.txt is not installed"
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
# Data files of packages, none of whose code is run.
FILES = {
    "rocrate": (
        "rocrate/data/ro-crate.jsonld",
        "bb5dd0a79ebd5a3b074e2faf96f437503234f8a4b8e84c7149de91eae0d2222a",
    ),
    "cffconvert": (
        "cffconvert/schemas/1.2.0/schema.json",
        "0b8d22140da702d766df318dcff3a91af2f39521298dcf36d76315fd99cc169b",
    ),
}


def data_of(package):
    """The data file of a package."""
    file, sha256 = FILES[package]
    try:
        content = metadata.distribution(package).locate_file(file).read_bytes()
    except (metadata.PackageNotFoundError, FileNotFoundError):
        pytest.skip(REASON)
    assert hashlib.sha256(content).hexdigest() == sha256
    return content


class _Stored(HTTPAdapter):
    def send(self, request, **options):
        assert request.url == CONTEXT
        told = {"Content-Type": "application/ld+json"}
        body = BytesIO(data_of("rocrate"))
        raw = HTTPResponse(body=body, status=200, headers=told, preload_content=False)
        return self.build_response(request, raw)


def violations(crate, profile, cache):
    """What a crate lacks of what a profile requires, in the validator's words.

    Args:
        cache: where the validator keeps what it would fetch; the crate's context is put there.
    """
    services = pytest.importorskip("rocrate_validator.services", reason=REASON)
    from requests_cache import CachedSession

    session = CachedSession(str(cache), backend="sqlite", expire_after=-1)
    session.mount("https://", _Stored())
    assert session.get(CONTEXT).ok
    session.close()
    settings = services.ValidationSettings(
        rocrate_uri=str(crate), profile_identifier=profile, offline=True, cache_path=cache
    )
    result = services.validate(settings)
    found = [f"{issue.check.identifier}: {issue.message}" for issue in result.get_issues()]
    assert result.passed() == (not found)
    return found
