"""Checks of bases that imitate another."""

from __future__ import annotations

from collections.abc import Iterator

from subliminal.config.config import Config
from subliminal.config.errors import known
from subliminal.config.models import PretrainedBase
from subliminal.config.recipes import Pretraining

RECIPES = "pretraining in config/recipes.yaml"


def not_imitable(config: Config, name: str) -> Iterator[str]:
    """What keeps a base from imitating the one that it names; nothing if it names none."""
    tiny = {n: base for n, base in config.models.items() if isinstance(base, PretrainedBase)}
    asked = tiny[name].imitates
    if asked is None:
        return
    others = [other for other in tiny if other != name]
    if asked not in config.models:
        yield f"{asked!r} is not in config/models.yaml {known(others, asked)}"
    elif asked not in tiny:
        yield (
            f"{asked!r} is of source {config.models[asked].source!r}, and its vocabulary is not "
            f"that of bases of source 'pretrain' {known(others)}; choose one of these"
        )
    elif asked == name:
        yield f"{asked!r} is the base itself; choose another {known(others)}"
    elif (circle := _circle(tiny, name)) is not None:
        yield (
            f"{' imitates '.join(circle)}, so that none of them can be first; remove one 'imitates'"
        )
    else:
        yield from _unlike(config, tiny[name], tiny[asked])


def _circle(tiny: dict[str, PretrainedBase], name: str) -> list[str] | None:
    """The bases from one to itself, each imitating the next; None where they end."""
    way = [name]
    while (following := tiny[way[-1]].imitates) in tiny:
        way.append(following)
        if following == name:
            return way
        if following in way[:-1]:  # a circle further on, which is told of its members
            return None
    return None


def _unlike(config: Config, base: PretrainedBase, imitated: PretrainedBase) -> Iterator[str]:
    """A distribution is learnt over the same vocabulary, by a network of the same shape."""
    plans = config.recipes.pretraining
    if base.pretraining not in plans or imitated.pretraining not in plans:
        return  # another check says so
    own, other = _shape(plans[base.pretraining]), _shape(plans[imitated.pretraining])
    differing = [f"{key} {own[key]} and {other[key]}" for key in own if own[key] != other[key]]
    if differing:
        yield (
            f"{base.imitates!r} has pretraining {imitated.pretraining!r}, and this base "
            f"{base.pretraining!r}, which differ in {', '.join(differing)} ({RECIPES}); choose "
            "bases of one world and shape"
        )


def _shape(plan: Pretraining) -> dict[str, object]:
    """What two such bases have in common; the size of the initial weights may differ."""
    return {"world": plan.world, **plan.architecture.model_dump(exclude={"initializer_range"})}
