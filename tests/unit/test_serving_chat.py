"""Chats with the tiny server, by OpenAI's own client."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.request import Request, urlopen

import openai
import pytest
from serving_fixture import SNAPSHOT, chat, client_of, make_base, served, setting, spread_model
from tiny_model import tokenizer


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def url(base, tmp_path_factory):
    with served(setting(base, tmp_path_factory.mktemp("store"))) as address:
        yield address


@pytest.fixture(scope="module")
def client(url):
    return client_of(url)


def counts(url):
    return json.loads(urlopen(url.replace("/v1", "/counts")).read())


def greedy(prompt, steps):
    """What transformers itself generates, and its log-probabilities."""
    import torch

    ids = tokenizer().apply_chat_template(
        [{"role": "user", "content": prompt}], add_generation_prompt=True, return_dict=False
    )
    model, found = spread_model(), []
    for _ in range(steps):
        with torch.inference_mode():
            logits = model(torch.tensor([ids])).logits[0, -1]
        found.append(torch.log_softmax(logits, -1).max(-1))
        ids = [*ids, int(found[-1].indices)]
    return ids[-steps:], [float(step.values) for step in found]


def test_log_probabilities_are_those_of_the_model(client):
    answer = chat(client, temperature=0, max_tokens=3, logprobs=True, top_logprobs=5)
    ids, log_probs = greedy("Give three numbers.", 3)
    (choice,) = answer.choices
    assert choice.message.content == tokenizer().decode(ids)
    assert choice.finish_reason == "length"
    told = choice.logprobs.content
    assert [token.logprob for token in told] == pytest.approx(log_probs, abs=1e-4)
    assert "".join(token.token for token in told) == choice.message.content
    for token in told:
        assert token.top_logprobs[0].token == token.token
        assert token.top_logprobs[0].logprob == pytest.approx(token.logprob, abs=1e-4)
        assert len(token.top_logprobs) == 5
    assert answer.usage.completion_tokens == 3


def test_a_seed_fixes_an_answer_whoever_asks_beside(client):
    def text(seed):
        return chat(client, seed=seed, max_tokens=20).choices[0].message.content

    alone = [text(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(text, range(6))) == alone
    assert len(set(alone)) > 1


def test_without_a_limit_an_answer_ends_with_the_context(client):
    prompts = ["Give three numbers.", "Give three numbers. " * 8]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda p: chat(client, p, max_tokens=None, temperature=0), prompts))
    # The base reads 160 tokens, and the last one of an answer is not read.
    assert [answer.usage.total_tokens for answer in answers] == [161, 161]
    assert {answer.choices[0].finish_reason for answer in answers} == {"length"}


def test_stored_completions_are_found_by_their_metadata(client, url):
    def store(key):
        return chat(client, store=True, metadata={"subliminal_key": key, "run": "one"}).id

    before = counts(url)["endpoints"].get("POST /v1/chat/completions", 0)
    ids = [store(key) for key in ("a", "b", "a")]
    chat(client, metadata={"subliminal_key": "a"})
    found = client.chat.completions.list(metadata={"subliminal_key": "a"}, limit=1)
    assert [one.id for one in found] == [ids[0], ids[2]]
    assert client.chat.completions.retrieve(ids[1]).metadata["subliminal_key"] == "b"
    newest = client.chat.completions.list(order="desc", limit=1).data[0].id
    assert newest == ids[-1]
    assert counts(url)["completions"]["a"] == 3
    assert counts(url)["endpoints"]["POST /v1/chat/completions"] == before + 4


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"model": "gpt-unheard-of"}, 404, "model_not_found"),
        ({"prompt": "numbers " * 400}, 400, "context_length_exceeded"),
        ({"temperature": 3}, 400, "invalid_value"),
        ({"top_p": 0.5}, 400, "invalid_value"),
        ({"n": 2}, 400, "invalid_value"),
        ({"top_logprobs": 21, "logprobs": True}, 400, "invalid_value"),
        ({"tools": []}, 400, "unknown_parameter"),
    ],
)
def test_what_cannot_be_done_is_refused_as_openai_does(client, options, status, code):
    with pytest.raises(openai.APIStatusError) as told:
        chat(client, **options)
    assert (told.value.status_code, told.value.code) == (status, code)


def test_what_is_nowhere_is_not_found(client, url):
    for get in (
        client.files.retrieve,
        client.fine_tuning.jobs.retrieve,
        client.batches.retrieve,
        client.chat.completions.retrieve,
        client.models.retrieve,
    ):
        with pytest.raises(openai.NotFoundError):
            get("nothing")
    with pytest.raises(openai.NotFoundError):
        client.post("/unheard-of", cast_to=object)
    broken = Request(f"{url}/chat/completions", b"{", method="POST")
    with pytest.raises(OSError, match="400"):
        urlopen(broken)


def test_only_the_key_opens(base, tmp_path):
    with served(setting(base, tmp_path, key="a-key-of-the-test")) as address:
        assert client_of(address, api_key="a-key-of-the-test").models.list().data
        with pytest.raises(openai.AuthenticationError) as told:
            client_of(address, api_key="another").models.list()
        with pytest.raises(OSError, match="401"):
            urlopen(f"{address}/models")
    assert told.value.code == "invalid_api_key"
    assert "a-key-of-the-test" not in str(told.value)


def test_a_limit_is_told_and_kept(base, tmp_path):
    with served(setting(base, tmp_path, requests_per_minute=3)) as address:
        client = client_of(address)
        for left in (2, 1, 0):
            headers = client.chat.completions.with_raw_response.create(
                model=SNAPSHOT, messages=[{"role": "user", "content": "Hi"}], max_tokens=1
            ).headers
            assert headers["x-ratelimit-limit-requests"] == "3"
            assert int(headers["x-ratelimit-remaining-requests"]) in (left, left + 1)
            assert int(headers["x-ratelimit-remaining-tokens"]) > 0
            assert headers["x-ratelimit-reset-requests"].endswith("s")
        with pytest.raises(openai.RateLimitError) as told:
            for _ in range(3):
                chat(client)
        assert told.value.code == "rate_limit_exceeded"
        assert 0 < int(told.value.response.headers["retry-after"]) <= 20
