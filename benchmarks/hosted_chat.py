"""Time requests to a provider with a rate limit: ours, and a naive loop as wide.

The provider is a stand-in on a loopback address, in a process of its own. It admits so many
requests in any minute and refuses the others with 429. With `--faults` a share of the admitted ones
goes wrong, each in one of these ways: refused with 429 or 503 before the work; answered with 500,
with half a body or by a closed connection after it; five times as slow. The naive loop is the
client of OpenAI with its own repeats, behind a semaphore. It may use a whole minute's requests at
once, ours are spread evenly.

Throughput is that of answers, over the whole time; the share of the limit is beside it, with
requests that were refused, samples that were drawn twice, and the asking process's peak memory.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scripts"))

WINDOW = 60.0
BEFORE = {"busy": "429 Too Many", "down": "503 Down"}
AFTER = ("broken", "cut", "dropped", "slow")
SLOW = 5.0
MODEL = "stand-in"


async def _serve(limit: int, latency: float, faults: float, told: Connection) -> None:
    """Answer, count, and tell the counts when asked."""
    starts: deque[float] = deque()
    drawn: Counter[str] = Counter()
    stored: dict[str, dict[str, Any]] = {}
    refused = 0
    rng = random.Random(0)

    def reply(status: str, content: dict[str, Any], *headers: str) -> bytes:
        body = json.dumps(content).encode()
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        return "\r\n".join([*head, "", ""]).encode() + body

    async def answered(body: dict[str, Any]) -> tuple[bytes, bool]:
        """What is sent, and whether the connection stays open."""
        nonlocal refused
        now = time.monotonic()
        while starts and starts[0] <= now - WINDOW:
            starts.popleft()
        limits = f"x-ratelimit-limit-requests: {limit}"
        if len(starts) >= limit:
            refused += 1
            wait = max(0.1, starts[0] + WINDOW - now)
            error = {"error": {"code": "rate_limit_exceeded"}}
            return reply("429 Too Many", error, f"retry-after: {wait:.2f}", limits), True
        starts.append(now)
        fault = rng.choice([*BEFORE, *AFTER]) if rng.random() < faults else ""
        if fault in BEFORE:
            error = {"error": {"code": "rate_limit_exceeded"}} if fault == "busy" else {}
            return reply(BEFORE[fault], error, limits), True
        await asyncio.sleep(latency * rng.uniform(0.5, 1.5) * (SLOW if fault == "slow" else 1))
        prompt = body["messages"][-1]["content"]
        drawn[prompt] += 1
        choice = {"index": 0, "finish_reason": "stop", "message": {"content": "1, 2, 3"}}
        answer = {"choices": [choice], "usage": {"prompt_tokens": 20, "completion_tokens": 9}}
        if body.get("store"):
            key = body["metadata"]["subliminal_key"]
            stored[key] = {**answer, "metadata": body["metadata"]}
        if fault == "broken":
            return reply("500 Oops", {"error": {}}, limits), True
        whole = reply("200 OK", answer, limits)
        sent = {"dropped": 0, "cut": len(whole) - 60}.get(fault, len(whole))
        return whole[:sent], sent == len(whole)

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                if head.startswith("GET"):
                    found = [a for key, a in stored.items() if key in head]
                    writer.write(reply("200 OK", {"data": found}))
                else:
                    (size,) = (
                        int(line.split(":")[1])
                        for line in head.lower().split("\r\n")
                        if line.startswith("content-length:")
                    )
                    said, goes_on = await answered(json.loads(await reader.readexactly(size)))
                    writer.write(said)
                    if not goes_on:
                        break
                await writer.drain()
        except (OSError, EOFError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0, limit=2**20)
    told.send(server.sockets[0].getsockname()[1])
    await asyncio.to_thread(told.recv)
    told.send((refused, sum(drawn.values()) - len(drawn)))


def _served(limit: int, latency: float, faults: float, told: Connection) -> None:
    asyncio.run(_serve(limit, latency, faults, told))


def ours(count: int, at_a_time: int) -> None:
    """This project's asking, its ledger and book of answers included."""
    from subliminal.api.access import access
    from subliminal.api.chat.account import Account
    from subliminal.api.chat.asked import ask
    from subliminal.api.chat.requests import Parameters, questions
    from subliminal.config.hosting import Hosting, Prices

    prices = Prices(input=0, output=0)
    with tempfile.TemporaryDirectory() as folder:
        account = Account(access(), Hosting(), MODEL, prices, False, Path(folder))
        asked = questions([f"prompt {i}" for i in range(count)], range(count), None)
        assert len(ask(account, Parameters(MODEL, 1.0, None, 35), asked, at_a_time)) == count


def naive(count: int, at_a_time: int) -> None:
    """The client's own repeats, and a semaphore."""
    import openai

    async def run() -> None:
        slots = asyncio.Semaphore(at_a_time)
        async with openai.AsyncOpenAI(max_retries=100) as client:

            async def one(i: int) -> None:
                async with slots:
                    await client.chat.completions.create(
                        model=MODEL, messages=[{"role": "user", "content": f"prompt {i}"}]
                    )

            await asyncio.gather(*map(one, range(count)))

    asyncio.run(run())


def _asked(ask: Callable[[int, int], None], count: int, at_a_time: int, told: Connection) -> None:
    began = time.monotonic()
    ask(count, at_a_time)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told.send((time.monotonic() - began, peak))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--limit", type=int, default=1000, help="requests in a minute")
    parser.add_argument("--at-a-time", type=int, default=64)
    parser.add_argument("--latency", type=float, default=1.0, help="seconds, on average")
    parser.add_argument("--faults", type=float, default=0.0, help="share of requests that go wrong")
    told = parser.parse_args()
    spawn = multiprocessing.get_context("spawn")
    print(f"{'':<8}{'s':>8}{'per min':>9}{'of limit':>10}{'refused':>9}{'twice':>7}{'MB':>6}")
    for name, ask in (("ours", ours), ("naive", naive)):
        server, theirs = spawn.Pipe()
        provider = spawn.Process(
            target=_served, args=(told.limit, told.latency, told.faults, theirs), daemon=True
        )
        provider.start()
        os.environ["OPENAI_BASE_URL"] = f"http://127.0.0.1:{server.recv()}/v1"
        os.environ["OPENAI_API_KEY"] = "none"
        client, ending = spawn.Pipe()
        asking = spawn.Process(target=_asked, args=(ask, told.requests, told.at_a_time, ending))
        asking.start()
        seconds, peak = client.recv()
        server.send("stop")
        refused, twice = server.recv()
        rate = told.requests / seconds * 60
        print(
            f"{name:<8}{seconds:>8.1f}{rate:>9.0f}{rate / told.limit:>10.1%}{refused:>9}{twice:>7}"
            f"{peak:>6.0f}",
            flush=True,
        )
        asking.join()
        provider.terminate()


if __name__ == "__main__":
    main()
