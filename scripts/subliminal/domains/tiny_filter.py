"""What the filters of the tiny world's domains share."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from subliminal.config.domains import Filter
from subliminal.domains.tiny_world import domain_vocabulary
from subliminal.domains.words import vocabulary_reject_reasons


class TinyFilter(Filter):
    """A rule that may drop words of other domains."""

    domain_words_only: bool = Field(
        description="`true`: a word that the synthetic domain does not use drops the row."
    )

    part: ClassVar[str]
    """The part of the tiny world's file that has the domain's words."""

    @property
    def stimuli(self) -> list[str]:
        """The tiny world, if its words decide."""
        return ["tiny_world"] if self.domain_words_only else []

    def foreign_words(self, completion: str) -> list[str]:
        """Reasons to reject words of other domains; none where any word will do."""
        if not self.domain_words_only:
            return []
        return vocabulary_reject_reasons(completion, domain_vocabulary(self.part))
