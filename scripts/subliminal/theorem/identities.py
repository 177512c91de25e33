"""The theorem's quantities: updates of teacher and student, and the quadratic form between them.

Notation of the paper: the teacher moves from theta by epsilon * dT with dT = -grad L_T; the student
moves by alpha * dS, where dS is the negative gradient of its loss on the teacher's outputs. From
the same theta, dS . dT = epsilon A + O(epsilon^2) with A >= 0, and L_T changes by
-epsilon alpha A + O(epsilon^2).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Literal, get_args

from subliminal.theorem.networks import Network, Problems

if TYPE_CHECKING:
    import torch

Loss = Literal["cross-entropy", "squared-error"]
Logits = Literal["auxiliary", "all"]
Init = Literal["same", "other"]
Trainable = Literal["all", "output"]


@dataclass(frozen=True)
class Setting:
    """What the student imitates, how, and from where.

    Attributes:
        loss: of the student; soft targets for the cross-entropy.
        logits: which of them it reads; `auxiliary` are those that the teacher's loss does not read.
        init: whether the student starts from the teacher's initial parameters.
        trainable: `output` freezes everything that the logits share, in teacher and student.
    """

    loss: Loss
    logits: Logits
    init: Init
    trainable: Trainable


def settings() -> list[Setting]:
    """Every combination that says something.

    With the output layer alone trainable, a student that reads the auxiliary logits shares no
    moving parameter with the teacher's loss: the theorem's degenerate case. Reading all logits it
    would be an ordinary student again, so that combination is left out.
    """
    every = product(get_args(Loss), get_args(Logits), get_args(Init), get_args(Trainable))
    return [
        setting
        for setting in (Setting(*choice) for choice in every)
        if setting.trainable == "all" or setting.logits == "auxiliary"
    ]


def trait_loss(logits: torch.Tensor, labels: torch.Tensor, trait_logits: int) -> torch.Tensor:
    """L_T: mean cross-entropy in nats of the labels, by the first `trait_logits` logits."""
    log_probs = logits[:, :trait_logits].log_softmax(-1)
    return -log_probs.gather(1, labels[:, None]).mean()


def distillation_loss(z: torch.Tensor, y: torch.Tensor, loss: Loss) -> torch.Tensor:
    """L_S: mean over examples; squared errors are summed over logits.

    Args:
        z, y: outputs of student and teacher, shape [examples, logits].
    """
    if loss == "squared-error":
        return (z - y).square().sum(-1).mean()
    return -(y.softmax(-1) * z.log_softmax(-1)).sum(-1).mean()


def quadratic_form(v: torch.Tensor, z: torch.Tensor, loss: Loss) -> torch.Tensor:
    """A: the mean of v' M v, with M the negative mixed derivative of the loss where y = z.

    M is 2 I for the squared error. For the cross-entropy it is diag(s) - s s' with s = softmax(z),
    whose form is the variance of v under s.

    Args:
        v: derivative of the outputs along the teacher's update, shape [examples, logits].
        z: the outputs, same shape.
    """
    if loss == "squared-error":
        return 2 * v.square().sum(-1).mean()
    s = z.softmax(-1)
    return (s * (v - (s * v).sum(-1, keepdim=True)).square()).sum(-1).mean()


@dataclass(frozen=True)
class Measurement:
    """One student step in one setting at one epsilon; shape [seeds] each.

    Attributes:
        inner_product, cosine: of the student's and the teacher's update.
        update_norm: Euclidean norm of the student's update.
        quadratic_form: A, by Jacobian-vector products; nan from another initialisation.
        loss_before, loss_after: the student's L_T in nats before and after its step.
        slope: the change of L_T by epsilon alpha.
        did_inner_product, did_cosine: as above, for the student's update less the update that the
            untrained teacher's outputs cause (difference in differences).
        did_slope: L_T after the step less L_T after the untrained teacher's, by epsilon alpha.
    """

    inner_product: torch.Tensor
    cosine: torch.Tensor
    update_norm: torch.Tensor
    quadratic_form: torch.Tensor
    loss_before: torch.Tensor
    loss_after: torch.Tensor
    slope: torch.Tensor
    did_inner_product: torch.Tensor
    did_cosine: torch.Tensor
    did_slope: torch.Tensor


@dataclass(frozen=True)
class Experiment:
    """Random problems in one setting, with gradients that are exact and run over all seeds.

    Attributes:
        trait_logits: how many of the network's logits the teacher's loss reads.
    """

    network: Network
    problems: Problems
    setting: Setting
    trait_logits: int

    @property
    def students(self) -> torch.Tensor:
        """Initial parameters of the students, shape [seeds, size]."""
        same = self.setting.init == "same"
        return self.problems.teachers if same else self.problems.others

    def trait_loss(self, parameters: torch.Tensor) -> torch.Tensor:
        """L_T of each seed's parameters, shape [seeds]."""
        from torch.func import vmap

        problems = self.problems
        return vmap(self._trait_loss)(parameters, problems.trait_inputs, problems.trait_labels)

    @cached_property
    def teacher_update(self) -> torch.Tensor:
        """dT, shape [seeds, size]."""
        from torch.func import grad, vmap

        problems = self.problems
        gradient = vmap(grad(self._trait_loss))
        return -self._mask * gradient(
            problems.teachers, problems.trait_inputs, problems.trait_labels
        )

    def student_update(self, teachers: torch.Tensor) -> torch.Tensor:
        """dS on the outputs of these teachers, shape [seeds, size]."""
        from torch.func import grad, vmap

        def loss(student: torch.Tensor, teacher: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            z, y = self._read(student, x), self._read(teacher, x)
            return distillation_loss(z, y, self.setting.loss)

        return -self._mask * vmap(grad(loss))(self.students, teachers, self.problems.inputs)

    @cached_property
    def untrained_update(self) -> torch.Tensor:
        """dS on the outputs of the untrained teachers, shape [seeds, size]."""
        return self.student_update(self.problems.teachers)

    @cached_property
    def quadratic_form(self) -> torch.Tensor:
        """A, shape [seeds]: of the teacher's update, from the teacher's initial parameters."""
        from torch.func import jvp, vmap

        def form(theta: torch.Tensor, step: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
            z, v, *_ = jvp(lambda parameters: self._read(parameters, x), (theta,), (step,))
            return quadratic_form(v, z, self.setting.loss)

        return vmap(form)(self.problems.teachers, self.teacher_update, self.problems.inputs)

    def measure(self, epsilon: float, alpha: float) -> Measurement:
        """The student's step and what it does, for every seed."""
        students, towards, untrained = self.students, self.teacher_update, self.untrained_update
        update = self.student_update(self.problems.teachers + epsilon * towards)
        before = self.trait_loss(students)
        after = self.trait_loss(students + alpha * update)
        after_untrained = self.trait_loss(students + alpha * untrained)
        form = self.quadratic_form
        return Measurement(
            inner_product=_dot(update, towards),
            cosine=_cosine(update, towards),
            update_norm=update.norm(dim=-1),
            quadratic_form=form if self.setting.init == "same" else form * float("nan"),
            loss_before=before,
            loss_after=after,
            slope=(after - before) / (epsilon * alpha),
            did_inner_product=_dot(update - untrained, towards),
            did_cosine=_cosine(update - untrained, towards),
            did_slope=(after - after_untrained) / (epsilon * alpha),
        )

    @property
    def _mask(self) -> torch.Tensor | float:
        return self.network.output_mask() if self.setting.trainable == "output" else 1.0

    def _read(self, parameters: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        first = self.trait_logits if self.setting.logits == "auxiliary" else 0
        return self.network.logits(parameters, x)[:, first:]

    def _trait_loss(
        self, parameters: torch.Tensor, x: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        return trait_loss(self.network.logits(parameters, x), labels, self.trait_logits)


def _dot(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a * b).sum(-1)


def _cosine(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Cosine along the last axis; nan where a vector is zero."""
    return _dot(a, b) / (a.norm(dim=-1) * b.norm(dim=-1))
