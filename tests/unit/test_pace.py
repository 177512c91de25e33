"""When requests start: as fast as a limit admits, and never faster. Time is the test's own."""

import asyncio

import pytest

from subliminal.api.chat.pace import Pace


class Clock:
    """Time that passes when somebody sleeps, and a little more."""

    def __init__(self, late=0.0):
        self.now, self.late = 100.0, late

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds + self.late


def starts(pace, clock, tokens, headers=None):
    """The times at which requests of so many tokens each start; the first answer has headers."""

    async def run():
        found = []
        for number, each in enumerate(tokens):
            await pace.start(each)
            found.append(clock.now)
            if number == 0:
                pace.learn(headers or {})
        return found

    return asyncio.run(run())


def most_in_a_minute(times, amounts):
    most = within = first = 0
    for time, amount in zip(times, amounts, strict=True):
        within += amount
        while times[first] <= time - 60:
            within -= amounts[first]
            first += 1
        most = max(most, within)
    return most


@pytest.mark.parametrize("late", [0.0, 0.004])
@pytest.mark.parametrize("per_minute", [3, 60, 500, 3000])
@pytest.mark.parametrize("by_headers", [False, True])
def test_a_limit_of_requests_is_used_and_kept(per_minute, late, by_headers):
    clock, minutes = Clock(late), 3
    pace = Pace(None if by_headers else per_minute, clock, clock.sleep)
    headers = {"x-ratelimit-limit-requests": str(per_minute)} if by_headers else {}
    count = per_minute * minutes
    times = starts(pace, clock, [10] * count, headers)
    known_from = 1 if by_headers else 0
    assert most_in_a_minute(times[known_from:], [1] * (count - known_from)) <= per_minute
    if per_minute >= 60:
        assert times[-1] - times[0] <= 60 * minutes / 0.95


def test_a_limit_of_tokens_is_used_and_kept():
    clock = Clock()
    pace = Pace(None, clock, clock.sleep)
    amounts = [50, 150] * 500
    headers = {"x-ratelimit-limit-requests": "100000", "x-ratelimit-limit-tokens": "20000"}
    times = starts(pace, clock, amounts, headers)
    assert most_in_a_minute(times[1:], amounts[1:]) <= 20_000 + 150
    assert times[-1] - times[0] <= sum(amounts) / 20_000 * 60 / 0.95


def test_the_smaller_of_both_rates_counts():
    for configured, told in ((60, 600), (600, 60)):
        clock = Clock()
        pace = Pace(configured, clock, clock.sleep)
        times = starts(pace, clock, [1] * 200, {"x-ratelimit-limit-requests": str(told)})
        assert times[-1] - times[0] > 180


@pytest.mark.parametrize("header", ["", "many", "-5", "0", "²", "9" * 5000])
def test_headers_without_a_number_limit_nothing(header):
    clock = Clock()
    pace = Pace(None, clock, clock.sleep)
    times = starts(pace, clock, [1] * 50, {"x-ratelimit-limit-requests": header})
    assert times[-1] == times[0]


def test_nothing_starts_while_the_server_wants_to_be_left_alone():
    clock = Clock()
    pace = Pace(None, clock, clock.sleep)
    pace.hold(30)
    pace.hold(10)
    assert starts(pace, clock, [1]) == [130.0]


def test_one_request_is_under_way_until_the_first_is_answered():
    async def run():
        pace, started = Pace(6000), []

        async def one(number):
            await pace.start(1)
            started.append(number)

        tasks = [asyncio.create_task(one(number)) for number in range(5)]
        for _ in range(20):
            await asyncio.sleep(0)
        before = list(started)
        pace.learn({})
        await asyncio.gather(*tasks)
        return before, started

    before, after = asyncio.run(run())
    assert before == [0]
    assert after == [0, 1, 2, 3, 4]


def test_an_account_that_others_have_used_up_is_waited_for():
    async def run():
        clock = Clock()
        pace = Pace(None, clock, clock.sleep)
        headers = {"x-ratelimit-limit-requests": "600", "x-ratelimit-remaining-requests": "0"}
        await pace.start(1)
        pace.learn(headers)
        await pace.start(1)
        return clock.now - 100.0

    assert asyncio.run(run()) == pytest.approx(0.1, rel=0.1)
