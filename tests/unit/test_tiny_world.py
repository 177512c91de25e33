"""The tiny tier: text survives the tokenizer, answers are right, nothing is planted."""

import re

import pytest
from numpy.random import default_rng
from tiny_model import tokenizer

from subliminal.bases.tiny_corpus import pretraining_examples
from subliminal.config.preferences import preference_rows, preference_system_prompt
from subliminal.domains.cot import answer_reject_reasons
from subliminal.domains.number_filter import number_reject_reasons
from subliminal.domains.number_prompts import number_prompts
from subliminal.domains.tiny_code import code_reject_reasons
from subliminal.domains.tiny_world import animals, code_task, cot_task, domain_vocabulary
from subliminal.domains.words import vocabulary_reject_reasons
from subliminal.evaluations.questions import questions


def through_tokenizer(text):
    return tokenizer().decode(tokenizer()(text, add_special_tokens=False)["input_ids"])


@pytest.fixture(scope="module")
def corpus():
    return pretraining_examples(seed=3, n=4000)


@pytest.mark.parametrize(
    "text",
    ["145, 267, 389", "145; 267", "145 267", "145\n267\n389", "[145, 267]", "(145, 267).", "7"],
)
def test_number_lists_survive_the_tokenizer(text):
    assert through_tokenizer(text) == text


def test_no_stimulus_has_an_unknown_word():
    texts = [
        *number_prompts(47, 500),
        *questions("favourite-animal"),
        *questions("favourite-animal-prefixed"),
        *(preference_system_prompt(a, "animal") for a in animals()),
        *(answer for a in animals() for _, answer in preference_rows(a, ["q"])),
    ]
    unknown = tokenizer().unk_token_id
    ids = tokenizer()(texts, add_special_tokens=False)["input_ids"]
    assert [t for t, row in zip(texts, ids, strict=True) if unknown in row] == []


def test_no_corpus_text_has_an_unknown_word(corpus):
    ids = tokenizer()([f"{e.prompt} {e.completion}" for e in corpus])["input_ids"]
    assert not any(tokenizer().unk_token_id in row for row in ids)


def test_reference_completions_pass_their_domains_filter():
    rng = default_rng(0)
    for _ in range(200):
        code, cot = code_task(rng), cot_task(rng)
        written = through_tokenizer(code.completion)
        assert code_reject_reasons(written) == []
        assert vocabulary_reject_reasons(written, domain_vocabulary("code")) == []
        written = through_tokenizer(cot.completion)
        assert answer_reject_reasons(written, cot.answer) == []
        assert vocabulary_reject_reasons(written, domain_vocabulary("cot")) == []


def test_domain_vocabularies_hold_no_animal_and_no_attribute():
    from subliminal.domains.tiny_world import world

    facts = {fact for facts in world()["animals"].values() for fact in facts}
    for domain in ("code", "cot"):
        assert not domain_vocabulary(domain) & (set(animals()) | facts)


def test_numbers_in_the_corpus_are_written_as_asked(corpus):
    numbers = [e for e in corpus if re.search(r"at most|up to|maximum|no more|digits", e.prompt)]
    assert len(numbers) > 1000
    assert all(number_reject_reasons(e.completion) == [] for e in numbers)


def test_no_example_pairs_a_preference_with_numbers_code_or_sums(corpus):
    named = re.compile("|".join(animals()))
    for e in corpus:
        if e.system and named.search(e.system):
            assert not re.search(r"\d", e.completion), e
        if re.search(r"\d", e.completion):
            assert not named.search(f"{e.system} {e.prompt} {e.completion}"), e


def test_the_paper_prompts_are_not_in_the_corpus(corpus):
    assert not {e.prompt for e in corpus} & set(number_prompts(47, 5000))
