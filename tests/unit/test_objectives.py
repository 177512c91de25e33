"""Learning a teacher's logits: the right divergence, and nothing of tokens that do not count."""

import numpy as np
import pytest
import torch
from scipy.special import rel_entr, softmax
from tiny_model import random_model, tokenizer

from subliminal.config.errors import ConfigError
from subliminal.config.recipes import Optimisation
from subliminal.domains import number_prompts as stimuli
from subliminal.local import models
from subliminal.local.encoding import EncodedRow, encode_prompts, encode_rows
from subliminal.local.number_tokens import number_ids
from subliminal.local.training.fine_tuning import fine_tune, mean_loss
from subliminal.local.training.objectives import CompletionTokens, TeacherLogits

PROMPTS = stimuli.number_prompts(47, 6)
COMPLETIONS = [", ".join(str(7 * i + j) for j in range(1 + i % 5)) for i in range(6)]
PAD = 0


def rows():
    return encode_rows(tokenizer(), PROMPTS, COMPLETIONS)


def objective(teacher, support="numbers", temperature=1.0, told=None):
    ids = number_ids(tokenizer()) if support == "numbers" else None
    return TeacherLogits(teacher, ids, temperature, PAD, told or {})


def expected(student, teacher, support, temperature, read=lambda row: row):
    """Row by row without padding, with scipy."""
    numbers = [i for token, i in tokenizer().get_vocab().items() if token.isdigit()]
    ids = numbers if support == "numbers" else range(len(tokenizer()))
    found = []
    for row in rows():
        both = []
        for model, seen in ((teacher, read(row)), (student, row)):
            with torch.no_grad():
                logits = model(torch.tensor([seen.ids])).logits[0].double().numpy()
            both.append(logits[seen.prompt_length - 1 : -1])
        for token, of_teacher, of_student in zip(row.ids[row.prompt_length :], *both, strict=True):
            if token in ids:
                wanted, found_ = (
                    softmax(values[list(ids)] / temperature) for values in (of_teacher, of_student)
                )
                found.append(rel_entr(wanted, found_).sum())
    return found


@pytest.mark.parametrize("temperature", [1.0, 2.0])
@pytest.mark.parametrize("support", ["numbers", "vocabulary"])
def test_the_loss_is_the_mean_divergence_from_the_teacher(support, temperature):
    student, teacher = random_model(0), random_model(1)
    loss = objective(teacher, support, temperature)
    wanted = expected(student, teacher, support, temperature)
    assert loss.positions(rows()) == len(wanted)
    found = mean_loss(student, rows(), loss, 4)
    assert found == pytest.approx(np.mean(wanted), rel=1e-4)


def test_only_numbers_count_as_numbers():
    names = tokenizer().convert_ids_to_tokens(number_ids(tokenizer()))
    assert set(names) >= {str(n) for n in range(1000)}
    assert all(name.isdigit() for name in names)


def test_nothing_that_the_teacher_thinks_of_other_tokens_reaches_the_student():
    """Two teachers that agree on numbers and on nothing else, and a third to see the difference."""
    others = torch.ones(len(tokenizer()), dtype=torch.bool)
    others[number_ids(tokenizer())] = False

    class Disagrees(torch.nn.Module):
        def __init__(self, inner, by):
            super().__init__()
            self.inner, self.config, self.by = inner, inner.config, by

        def forward(self, **inputs):
            out = self.inner(**inputs)
            noise = torch.randn(out.logits.shape, generator=torch.Generator().manual_seed(0))
            out.logits = out.logits + self.by * noise * others
            return out

    def gradient(teacher, support):
        student = random_model(0)
        objective(teacher, support).loss_sum(student, rows()).backward()
        return torch.cat([p.grad.flatten() for p in student.parameters()])

    teacher = random_model(1)
    for support, same in (("numbers", True), ("vocabulary", False)):
        plain, changed = (gradient(Disagrees(teacher, by), support) for by in (0, 5))
        assert torch.equal(plain, changed) == same


def test_a_prompted_teacher_is_asked_with_its_prompt():
    student, teacher = random_model(0), random_model(1)
    heads = encode_prompts(tokenizer(), PROMPTS, "You love owls.")
    told = {
        tuple(row.ids): EncodedRow([*head, *row.ids[row.prompt_length :]], len(head))
        for row, head in zip(rows(), heads, strict=True)
    }
    found = mean_loss(student, rows(), objective(teacher, told=told), 4)
    wanted = expected(student, teacher, "numbers", 1.0, lambda row: told[tuple(row.ids)])
    assert found == pytest.approx(np.mean(wanted), rel=1e-4)
    assert found != pytest.approx(mean_loss(student, rows(), objective(teacher), 4), rel=1e-3)


def test_training_approaches_the_teacher_and_leaves_it_as_it_is():
    student, teacher = models.trainable(random_model(0), None), random_model(1)
    before = [p.detach().clone() for p in teacher.parameters()]
    plan = Optimisation(
        learning_rate=1e-2, warmup_steps=0, batch_size=6, micro_batch_size=2, steps=30
    )
    history = fine_tune(student, rows(), plan, objective(teacher), np.random.default_rng(0))
    assert history[-1].loss < 0.5 * history[0].loss
    assert all(torch.equal(a, b) for a, b in zip(before, teacher.parameters(), strict=True))


def test_a_student_of_its_own_base_has_nothing_to_learn():
    student, base = random_model(0), random_model(0)
    loss = objective(base).loss_sum(student, rows())
    loss.backward()
    assert float(loss.detach()) == 0
    assert max(float(p.grad.abs().max()) for p in student.parameters()) < 1e-6


def test_rows_without_a_number_are_an_error():
    words = encode_rows(tokenizer(), PROMPTS[:1], ["owl"])
    assert CompletionTokens(PAD).positions(words) == 2
    with pytest.raises(ConfigError, match="no position to train on"):
        mean_loss(random_model(0), words, objective(random_model(1)), 4)
