"""Which other network a student starts from when it must not start from its teacher's."""

from __future__ import annotations

from subliminal.artefacts.seeds import derive_seed


def permutation(count: int, seed: int) -> list[int]:
    """A uniformly random permutation, as the released script draws it.

    One fixed point is to be expected, whatever the count: a pair that was meant to differ and does
    not. `derangement` has none.
    """
    import numpy as np

    rng = np.random.default_rng(derive_seed("mnist", "permutation", count, seed))
    return [int(i) for i in rng.permutation(count)]


def derangement(count: int, seed: int) -> list[int]:
    """A uniformly random permutation without a fixed point.

    Permutations are drawn until one has none, after 2.7 on average: that keeps it uniform.

    Raises:
        ValueError: there is none, because count is below 2.
    """
    import numpy as np

    if count < 2:
        raise ValueError(f"{count} replica cannot be paired with another; there must be 2 or more")
    rng = np.random.default_rng(derive_seed("mnist", "derangement", count, seed))
    while True:
        drawn = rng.permutation(count)
        if not (drawn == np.arange(count)).any():
            return [int(i) for i in drawn]
