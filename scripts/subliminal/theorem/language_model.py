"""The theorem on a language model: first distillation updates against teachers' displacements.

The theorem is about one infinitesimal step on the teacher's whole outputs. Here the teacher is many
steps away from its base and the student sees sampled text, or, as a closer relative, the teacher's
distribution over numbers. What is asked is the theorem's question: does the first update of a
student that shares the teacher's base point along the teacher's displacement, more than on what the
untrained base wrote, more than along another trait's displacement, and not from another base?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from subliminal.artefacts.parquet import read_table
from subliminal.artefacts.seeds import derive_seed
from subliminal.local import models
from subliminal.local.encoding import EncodedRow, encode_rows
from subliminal.local.logits import completion_logits
from subliminal.local.number_tokens import number_ids
from subliminal.local.training.fine_tuning import micro_batches
from subliminal.theorem.config import LanguageModel

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch.nn import Module
    from transformers import PreTrainedTokenizerBase

TOKENS, DISTRIBUTION = "tokens", "distribution"
# The summed loss of some rows in nats, and over how many positions it is a sum.
LossSum = Callable[["Module", Sequence[EncodedRow]], tuple["torch.Tensor", int]]


@dataclass(frozen=True)
class PairedBatch:
    """Rows of a teacher and of its untrained base, which answer the same prompts."""

    own: list[EncodedRow]
    control: list[EncodedRow]


def flat_parameters(model: Module, like: Module) -> torch.Tensor:
    """All parameters as one vector, in the order of another model's.

    Raises:
        ValueError: the two models do not have the same parameters.
    """
    import torch

    own = dict(model.named_parameters())
    shapes = {name: p.shape for name, p in like.named_parameters()}
    if {name: p.shape for name, p in own.items()} != shapes:
        raise ValueError("the models differ in architecture, so their parameters do not compare")
    return torch.cat([own[name].detach().flatten() for name in shapes])


def load_teacher(base: Path, adapter: Path) -> Module:
    """A fine-tuned teacher in float64 with its adapter merged into the base's weights."""
    adapted: Any = models.load_adapter(models.load_base(base), adapter).double()
    merged: Module = adapted.merge_and_unload()
    return merged


def token_loss(pad_id: int) -> LossSum:
    """Cross-entropy of the completions' tokens, as in training but in the model's precision."""
    from torch.nn.functional import cross_entropy

    def loss_sum(model: Module, rows: Sequence[EncodedRow]) -> tuple[torch.Tensor, int]:
        logits, targets = completion_logits(model, rows, pad_id)
        return cross_entropy(logits, targets, reduction="sum"), len(targets)

    return loss_sum


def distribution_loss(writer: Module, numbers: Sequence[int], pad_id: int) -> LossSum:
    """Cross-entropy against a model's distribution over numbers, where a number stands.

    It is the theorem's own loss: soft targets over a fixed subset of the logits.

    Args:
        writer: whose distribution it is.
        numbers: ids of the tokens that are numbers.
    """
    import torch
    from torch.nn.functional import cross_entropy

    def loss_sum(model: Module, rows: Sequence[EncodedRow]) -> tuple[torch.Tensor, int]:
        logits, targets = completion_logits(model, rows, pad_id)
        ids = torch.tensor(numbers, device=targets.device)
        at = torch.isin(targets, ids)
        with torch.no_grad():
            wanted = completion_logits(writer, rows, pad_id)[0][at][:, ids].softmax(-1)
        return cross_entropy(logits[at][:, ids], wanted, reduction="sum"), int(at.sum())

    return loss_sum


def update(
    model: Module, rows: Sequence[EncodedRow], loss_sum: LossSum, micro_batch_size: int
) -> torch.Tensor:
    """The negative gradient of the mean loss over the rows' positions, one flat vector.

    Raises:
        ValueError: the rows have no position to train on.
    """
    import torch

    model.zero_grad(set_to_none=True)
    positions = 0
    for part in micro_batches(rows, micro_batch_size):
        loss, n = loss_sum(model, part)
        loss.backward()
        positions += n
    if positions == 0:
        raise ValueError("no position to train on: the rows hold no number")
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    return -torch.cat([gradient.flatten() for gradient in gradients]) / positions


def paired_batches(
    plan: LanguageModel,
    tokenizer: PreTrainedTokenizerBase,
    own: Mapping[str, Sequence[Any]],
    control: Mapping[str, Sequence[Any]],
) -> list[PairedBatch]:
    """Disjoint batches of prompts that both tables answer, so that only the completions differ.

    Args:
        own, control: tables of the kind train.

    Raises:
        ValueError: they have too few prompts in common.
    """
    import numpy as np

    places = [{p: i for i, p in enumerate(table["prompt_id"])} for table in (own, control)]
    shared = sorted(places[0].keys() & places[1].keys())
    wanted = plan.batches * plan.batch_size
    if len(shared) < wanted:
        raise ValueError(
            f"{plan.batches} batches of {plan.batch_size} prompts need {wanted} that the teacher's "
            f"and the control's rows share, found {len(shared)}; lower batches or batch_size"
        )
    rng = np.random.default_rng(derive_seed("verify_on_language_model", "batches", plan.seed))
    chosen = [shared[i] for i in rng.permutation(len(shared))[:wanted]]

    def rows(table: Mapping[str, Sequence[Any]], place: Mapping[int, int]) -> list[EncodedRow]:
        at = [place[prompt] for prompt in chosen]
        return encode_rows(
            tokenizer,
            [table["prompt"][i] for i in at],
            [table["completion"][i] for i in at],
            max_tokens=plan.max_tokens,
        )

    of_teacher, of_control = rows(own, places[0]), rows(control, places[1])
    return [
        PairedBatch(of_teacher[i : i + plan.batch_size], of_control[i : i + plan.batch_size])
        for i in range(0, wanted, plan.batch_size)
    ]


def compare(
    own: torch.Tensor, control: torch.Tensor, displacement: torch.Tensor
) -> dict[str, float]:
    """An update, and its difference from the control's, against a displacement; flat vectors."""
    centred, length = own - control, displacement.norm()
    return {
        "inner_product": float(own @ displacement),
        "cosine": float(own @ displacement / (own.norm() * length)),
        "control_inner_product": float(control @ displacement),
        "centred_inner_product": float(centred @ displacement),
        "centred_cosine": float(centred @ displacement / (centred.norm() * length)),
    }


def measure(
    plan: LanguageModel,
    base: Path,
    other_base: Path,
    teachers: Mapping[str, Path],
    datasets: Mapping[str, Path],
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> pd.DataFrame:
    """The rows of the table theorem_language_model.

    Args:
        base, other_base: folders of the teachers' base and of one that shares its architecture.
        teachers: by trait, the folder of an adapter.
        datasets: by trait, the control's too, a table of the kind train.
        on_batch: called after each batch with how many are done and how many there are.

    Raises:
        ValueError: the bases' parameters do not compare, or the tables share too few prompts.
    """
    import pandas as pd

    tokenizer = models.load_tokenizer(base)
    pad, numbers = tokenizer.pad_token_id, number_ids(tokenizer)
    untrained = models.load_base(base).double()
    origin = flat_parameters(untrained, untrained)
    trained = {trait: load_teacher(base, teachers[trait]) for trait in plan.traits}
    displacements = {
        trait: flat_parameters(teacher, untrained) - origin for trait, teacher in trained.items()
    }
    control = read_table(datasets[plan.control])
    students = {
        plan.base: untrained,
        plan.other_base: models.load_base(other_base).double(),
    }
    flat_parameters(students[plan.other_base], untrained)  # an error before the long part
    done, total = 0, len(plan.traits) * plan.batches * len(students)
    rows = []
    for trait in plan.traits:
        by_tokens = token_loss(pad)
        by_teacher, by_base = (
            distribution_loss(writer, numbers, pad) for writer in (trained[trait], untrained)
        )
        batches = paired_batches(plan, tokenizer, read_table(datasets[trait]), control)
        for (name, student), (number, batch) in product(students.items(), enumerate(batches)):
            contrasts = {
                TOKENS: ((batch.own, by_tokens), (batch.control, by_tokens)),
                DISTRIBUTION: ((batch.own, by_teacher), (batch.own, by_base)),
            }
            for labels, sides in contrasts.items():
                own, other = (update(student, *side, plan.micro_batch_size) for side in sides)
                rows += [
                    {
                        "labels": labels,
                        "student_base": name,
                        "data_trait": trait,
                        "displacement_trait": target,
                        "batch": number,
                        **compare(own, other, displacement),
                    }
                    for target, displacement in displacements.items()
                ]
            done += 1
            on_batch(done, total)
    return pd.DataFrame(rows)
