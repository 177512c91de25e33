"""The paper's shuffles under one name: a stable interface for other projects."""

from subliminal.domains.number_variants import shuffle_across, shuffle_within

__all__ = ["shuffle_across", "shuffle_within"]
