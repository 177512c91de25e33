"""An HTTP client for servers that are not trusted: it takes in so many bytes and no more.

It is imported where a server is asked, because httpx2 takes a moment to import.
"""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx2

from subliminal.api.access import Access
from subliminal.config.errors import ConfigError

# All that is read of an answer's headers: by the openai client, by an error message, by our pace.
KEPT = frozenset(
    (
        b"location",
        b"retry-after",
        b"retry-after-ms",
        b"x-should-retry",
        *(
            f"x-ratelimit-{part}-{kind}".encode()
            for part in ("limit", "remaining")
            for kind in ("requests", "tokens")
        ),
    )
)
UNPACKED = "identity"


class BoundedClient(httpx2.AsyncClient):
    """Follows no redirect, unpacks nothing, keeps no cookie, and bounds every body.

    Proxies and certificates are those of the environment.

    Attributes:
        most_bytes: of a body, an error's body included. Headers are bounded by httpx2.
    """

    def __init__(self, access: Access, most_bytes: int, connect_seconds: float) -> None:
        """A client of one server; closed by whoever uses it."""
        super().__init__(
            auth=httpx2.BasicAuth(*access.login) if access.login else None,
            headers={"Accept-Encoding": UNPACKED},
            # Cookies of thousands of answers would pile up, and would be sent back.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # Whoever asks bounds the whole request, repeats included.
            timeout=httpx2.Timeout(None, connect=connect_seconds),
            # Each request looks at every idle connection: hundreds take longer than new ones.
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=100),
        )
        self.access, self.most_bytes = access, most_bytes

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, **how: Any
    ) -> httpx2.Response:
        """A finished response, read within the bound, with the headers that somebody reads.

        Raises:
            ConfigError: the body is longer, or compressed. The openai client repeats neither.
        """
        how["follow_redirects"] = False  # the key must not go where somebody else sends it
        response = await super().send(request, stream=True, **how)
        try:
            body = await self._body(response)
        finally:
            await response.aclose()
        # As bytes: a server may send what is no ASCII.
        headers = [(k, v) for k, v in response.headers.raw if k.lower() in KEPT]
        return httpx2.Response(response.status_code, headers=headers, content=body, request=request)

    async def _body(self, response: httpx2.Response) -> bytes:
        packing = response.headers.get("content-encoding", UNPACKED)
        if packing.strip().lower() != UNPACKED:
            raise ConfigError(
                f"the server at {self.access.url} compresses its answers "
                f"({self.access.told(packing)}), though it was asked not to; switch compression "
                "off there, or in the proxy before it"
            )
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self.most_bytes:
                raise ConfigError(
                    f"the server at {self.access.url} sends more than "
                    f"{self.most_bytes / 1e6:.2f} MB in one answer (status "
                    f"{response.status_code}), which no answer of the length that was asked for "
                    "takes; check what runs there, and extra_body of a domain's server "
                    "(config/domains.yaml)"
                )
        return bytes(body)
