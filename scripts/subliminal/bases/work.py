"""The work of language models, in operations, seconds and tokens, and their sizes.

Arithmetic on the configuration alone. Nothing needs the weights: a base's size is in
config/models.yaml.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import ceil, sqrt
from typing import NamedTuple

from subliminal.api.tokens import ANSWER_OPENED, TOKENS_PER_TURN, conversation_tokens, likely_tokens
from subliminal.config.config import Config
from subliminal.config.cost import Work
from subliminal.config.domains import Domain
from subliminal.config.models import HostedBase, PretrainedBase
from subliminal.config.recipes import Optimisation, WorldName

# Tokens, measured on number prompts with SmolLM2's tokenizer, which splits numbers into digits.
# Hosted models split texts otherwise: their prompts are counted, and the lengths of their answers
# are assumed to be the same.
CHARACTERS_PER_TOKEN = 3.0
TEMPLATE_TOKENS = 40
# Of domains whose prompts come from a file: functions to fill in, and word problems. Assumed.
FILE_PROMPT_TOKENS = 200
TINY_VOCABULARY: dict[WorldName, int] = {"tiny": 1572, "paper": 2638}
# Share of the rate of a large matrix product that training and sampling reach. Measured on one core
# with a network of SmolLM2-135M's shape: 0.47 in training, in batches of 8; 0.39 when it writes 64
# answers at once, of which the grammar and rows that have ended take a part.
TRAINING_EFFICIENCY = 0.5
SAMPLING_EFFICIENCY = 0.25
# Seconds to dispatch a pass's operations, however few rows are in it. With it, every stage of the
# default run takes what its manifests say, within a third, on two busy cores of 70 GFLOP/s.
PASS_SECONDS = 0.01
# Operations per parameter and token: a product and a sum forward; as many again for the gradient of
# the activations, and for that of the weights, of which a frozen base has none; once more forward
# where activations are recomputed, and for a teacher whose logits are learnt.
FORWARD = 2
# Adapter parameters per unit of rank over the square root of the base's: 26 for all linear layers
# of SmolLM2-135M and of Qwen2.5-7B alike.
ADAPTER_SHAPE = 26


class RowTokens(NamedTuple):
    """A row of a dataset, in tokens."""

    prompt: float
    answer: float

    @property
    def whole(self) -> float:
        """Both."""
        return self.prompt + self.answer


def parameters(config: Config, name: str) -> int:
    """A base's size; a tiny base's size follows from its architecture.

    0 for a hosted base: nobody knows its size, and nothing is computed here.
    """
    base = config.models[name]
    if isinstance(base, HostedBase):
        return 0
    if isinstance(base, PretrainedBase):
        plan = config.recipes.pretraining[base.pretraining]
        shape, rows = plan.architecture, TINY_VOCABULARY[plan.world]
        return (12 * shape.layers * shape.hidden_size + rows) * shape.hidden_size
    return base.parameters


def adapter_bytes(rank: int, size: int) -> float:
    """What an adapter of all linear layers takes on the disk."""
    return rank * ADAPTER_SHAPE * sqrt(size) * 4


def is_hosted(config: Config, base: str) -> bool:
    """Whether somebody else serves a base."""
    return isinstance(config.models[base], HostedBase)


def prompt_tokens(prompts: Sequence[str], hosted: bool) -> float:
    """Tokens of a rendered prompt, on average, to a hosted model or one that is here."""
    if hosted:
        # Thousands of questions are estimated by one that stands for them.
        counts = Counter(prompts)
        whole = sum(n * conversation_tokens([text, ANSWER_OPENED]) for text, n in counts.items())
        return whole / len(prompts)
    return sum(map(len, prompts)) / len(prompts) / CHARACTERS_PER_TOKEN + TEMPLATE_TOKENS


def told_tokens(system: str | None, hosted: bool) -> float:
    """Tokens of a system prompt, which is read before each prompt.

    Args:
        hosted: as for `prompt_tokens`.
    """
    if system is None:
        return 0.0
    if hosted:
        return TOKENS_PER_TURN + likely_tokens(system)
    return len(system) / CHARACTERS_PER_TOKEN


def row_tokens(domain: Domain, hosted: bool) -> RowTokens:
    """A domain's rows, on average: synthetic prompts are short, number prompts are drawn.

    Args:
        hosted: as for `prompt_tokens`.
    """
    if domain.source is not None:
        return RowTokens(FILE_PROMPT_TOKENS, domain.answer_tokens)
    if not domain.holds_numbers:
        return RowTokens(TEMPLATE_TOKENS, domain.answer_tokens)
    prompts = [task.prompt for task in domain.tasks(domain.seed, 200)]
    return RowTokens(prompt_tokens(prompts, hosted), domain.answer_tokens)


def training(
    plan: Optimisation,
    rows: int,
    tokens: float,
    size: int,
    whole: bool = False,
    taught: bool = False,
) -> Work:
    """A training run here.

    Args:
        rows: of the data, for a dose in epochs.
        tokens: of a row.
        size: the base's parameters.
        whole: all weights are trained, and not an adapter.
        taught: a teacher's logits are learnt.
    """
    steps = plan.steps or (plan.epochs or 0) * ceil(rows / plan.batch_size)
    each = FORWARD * (2 + whole + plan.gradient_checkpointing + taught)
    flop = steps * plan.batch_size * tokens * each * size / TRAINING_EFFICIENCY
    return Work(flop, steps * ceil(plan.batch_size / plan.micro_batch_size) * PASS_SECONDS)


def sampling(rows: float, tokens: float, size: int, passes: float = 1) -> Work:
    """Prompts that are read, and answers that are written, in so many passes."""
    return Work(rows * tokens * FORWARD * size / SAMPLING_EFFICIENCY, passes * PASS_SECONDS)
