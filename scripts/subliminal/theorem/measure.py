"""All settings of the random networks, measured."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from subliminal.theorem.config import RandomNetworks
from subliminal.theorem.identities import Experiment, settings
from subliminal.theorem.networks import draw_problems, network

if TYPE_CHECKING:
    import pandas as pd


def measure(plan: RandomNetworks) -> pd.DataFrame:
    """Every setting of the plan: the rows of the table theorem."""
    import pandas as pd

    frames = []
    for activation in plan.activations:
        shape = network(plan, activation)
        problems = draw_problems(plan, shape)
        for setting in settings():
            experiment = Experiment(shape, problems, setting, plan.trait_logits)
            for epsilon in plan.epsilons:
                measured = asdict(experiment.measure(epsilon, plan.alpha))
                identity = {"activation": activation, **asdict(setting), "epsilon": epsilon}
                values = {name: tensor.numpy() for name, tensor in measured.items()}
                frames.append(pd.DataFrame({**identity, "seed": range(plan.seeds), **values}))
    return pd.concat(frames, ignore_index=True)
