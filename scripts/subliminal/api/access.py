"""Where the server is and what opens it: what the environment says, and what nobody may be told.

A server is not trusted. What it says is shown only after `Access.told`: it may hold the key that it
was sent, or escapes that a terminal obeys.
"""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from ipaddress import IPv4Address, IPv6Address
from json import dumps
from urllib.parse import SplitResult, quote, unquote, urlsplit

from subliminal.config.errors import ConfigError
from subliminal.config.text import one_line

BASE_URL, API_KEY = "OPENAI_BASE_URL", "OPENAI_API_KEY"
PROVIDER = "https://api.openai.com/v1"
# What else the client sends in headers if the environment has it.
NAMES, HEADERS = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID"), "OPENAI_CUSTOM_HEADERS"
PORTS = {"http": 80, "https": 443}
# A local server needs no key, the client does.
NO_KEY = "none"
HIDDEN = "[hidden]"
# Characters of an address.
MOST_URL = 2000
# Characters of what a server says.
MOST_TOLD = 300
# Shorter keys (x, EMPTY) keep nothing secret, and an answer may well hold their letters.
SHORTEST_SECRET = 8


@dataclass(frozen=True)
class Access:
    """A server's address, and what opens it.

    Attributes:
        url: without user and password, the scheme's own port and slashes at its end.
        login: user and password of the address, which are sent in place of the key.
        secrets: key, user and password in every way in which a server may write them.
    """

    url: str
    key: str = field(repr=False)
    login: tuple[str, str] | None = field(repr=False)
    secrets: frozenset[str] = field(repr=False)

    def told(self, text: str) -> str:
        """What a server says, fit for a terminal: one short line without secrets and escapes."""
        if self.secrets:
            longest_first = sorted(self.secrets, key=len, reverse=True)
            text = re.sub("|".join(map(re.escape, longest_first)), HIDDEN, text)
        return one_line(text, MOST_TOLD)

    def betrayed(self, text: str) -> bool:
        """Whether a text holds a key or a password."""
        return any(len(secret) >= SHORTEST_SECRET and secret in text for secret in self.secrets)


def _forms(secret: str) -> set[str]:
    """A secret as it is, and as it stands in an address, in JSON, in HTML and in Python's bytes."""
    return {
        secret,
        quote(secret, safe=""),
        dumps(secret)[1:-1],
        dumps(secret, ensure_ascii=False)[1:-1],
        escape(secret),
        repr(secret.encode())[2:-1],
    }


def _no_address(why: str) -> ConfigError:
    # Not even a part of it is shown: where it is wrong, nobody knows which part is the password.
    return ConfigError(
        f"{BASE_URL} is no address, such as http://localhost:8000/v1, because {why}; correct it "
        f"with export {BASE_URL}=…"
    )


def _checked(url: str) -> SplitResult:
    """The parts of an address that has nothing a client could read in another way."""
    if len(url) > MOST_URL:
        raise _no_address(f"it has {len(url):,} characters, more than {MOST_URL:,}")
    if not url.isprintable() or " " in url or "\\" in url:
        raise _no_address("it holds a space, a backslash or a character that cannot be printed")
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = SplitResult("http", "", "", "", "")
    if parts.scheme not in PORTS:
        raise _no_address("it begins neither with http:// nor with https://")
    if not parts.hostname:
        raise _no_address("it names no host")
    if "?" in url or "#" in url or "@" in parts.path:
        raise _no_address(
            "it holds ?, # or an @ in the path; write %3F, %23, %2F, %40 for ?, #, /, @ in a "
            "password"
        )
    try:
        known = parts.port != 0
    except ValueError:
        known = False
    if not known:
        raise _no_address("its port is no number from 1 to 65535")
    return parts


def _host(name: str) -> str:
    """A host in ASCII; an IPv6 address in brackets."""
    host = ""
    # Of what is none, the resolver would say so by other exceptions, and only at the first request.
    with suppress(ValueError):
        if ":" in name:
            host = f"[{IPv6Address(name)}]"
        elif re.fullmatch("[0-9.]+", name):
            host = str(IPv4Address(name))
        else:
            host = name.encode("idna").decode()
    if not host:
        raise _no_address("its host is no name and no IP address")
    return host


def _without_login(parts: SplitResult) -> str:
    """The one spelling of an address, by which the ledger knows a server again."""
    port = "" if parts.port in (None, PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{_host(parts.hostname or '')}{port}{parts.path.rstrip('/')}"


def _login(parts: SplitResult) -> tuple[str, str] | None:
    try:
        user = unquote(parts.username or "", errors="strict")
        password = unquote(parts.password or "", errors="strict")
    except UnicodeDecodeError:
        user = None
    if user is None:
        raise _no_address("what follows % in its user or password is no UTF-8")
    return (user, password) if user or password else None


def _sendable(name: str, value: str) -> str:
    """A value of the environment that is sent in a header."""
    if not (value.isascii() and value.isprintable()):
        raise ConfigError(
            f"{name} holds a character that no HTTP header can carry (a control character, or one "
            f"that is not ASCII); it is not shown here; type it anew with export {name}=…"
        )
    return value


def _custom_headers() -> list[str]:
    """The values of the headers that the environment adds to every request, one per line."""
    lines = os.environ.get(HEADERS, "").split("\n")
    headers = [line.partition(":") for line in lines if ":" in line]
    for name, _, value in headers:
        _sendable(HEADERS, value.strip())
        if not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name.strip(), re.ASCII):
            raise ConfigError(
                f"{HEADERS} holds a line whose part before the colon is no name of an HTTP header; "
                f"correct it with export {HEADERS}='Name: value'"
            )
    return [value.strip() for _, _, value in headers]


def _secrets(parts: SplitResult, login: tuple[str, str] | None, others: Iterable[str]) -> set[str]:
    """Everything that opens a server, in every form; an empty one hides nothing."""
    plain = [*others, parts.username or "", parts.password or "", *(login or ())]
    secrets = {form for secret in plain if secret for form in _forms(secret)}
    if login is not None:
        secrets.add(b64encode(":".join(login).encode()).decode())
    return secrets


def access(otherwise: str = "") -> Access:
    """The server that the environment names.

    White space around a value is none of it: a file with Windows' line ends leaves it there.

    Args:
        otherwise: the address where it names none.

    Raises:
        ConfigError: there is none, or a value is none that can be used.
    """
    url = os.environ.get(BASE_URL, "").strip() or otherwise
    if not url:
        raise ConfigError(
            f"{BASE_URL} is not set, and a domain is sampled through a server (server: in "
            f"config/domains.yaml); export {BASE_URL}=http://localhost:8000/v1, or wherever it is"
        )
    parts = _checked(url)
    place, login = _without_login(parts), _login(parts)
    key = _sendable(API_KEY, os.environ.get(API_KEY, "").strip())
    for name in NAMES:
        _sendable(name, os.environ.get(name, ""))
    secrets = _secrets(parts, login, [key, *_custom_headers()])
    return Access(place, key if key and login is None else NO_KEY, login, frozenset(secrets))


def hosted_access() -> Access:
    """The provider of hosted models, or whoever stands in for it.

    Raises:
        ConfigError: a value of the environment is none that can be used.
    """
    return access(PROVIDER)


def require_key(place: Access) -> None:
    """Make sure that there is something to show to a provider, before anything is sent.

    Raises:
        ConfigError: there is not.
    """
    if place.login is None and not os.environ.get(API_KEY, "").strip():
        raise ConfigError(
            f"{API_KEY} is not set, and {place.url} is to be asked for hosted models; export "
            f"{API_KEY}= your key of it (any word where a server asks for none)"
        )


def shown_url() -> str:
    """The server's address without a user's name and password.

    Raises:
        ConfigError: as for `access`.
    """
    return access().url
