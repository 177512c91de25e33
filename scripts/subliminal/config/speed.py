"""How fast a provider answers and fine-tunes: what estimates of hours assume."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from subliminal.config.strict import Positive, Strict

Some = Annotated[float, Field(gt=0)]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Speed(Strict):
    """What a provider does in a time, and allows an account to ask for. No run depends on it.

    Limits are of a base together with all that was fine-tuned from it.
    """

    requests_per_minute: Positive = Field(description="Requests that an account may start.")
    tokens_per_minute: Positive = Field(description="Tokens that they may read and write.")
    seconds_to_answer: Some = Field(description="Until an answer begins.")
    tokens_per_second: Some = Field(description="In which one answer is written.")
    tuning_tokens_per_hour: Positive = Field(
        description="That a fine-tuning job trains on, once per epoch."
    )
    tuning_queue_hours: Annotated[float, Field(ge=0)] = Field(
        description="That a fine-tuning job takes beside its training: checks and a queue."
    )
    tuning_jobs: Positive = Field(description="Fine-tuning jobs that an account has at a time.")
    tuning_jobs_per_day: Positive | None = Field(
        None,
        description="Fine-tuning jobs that it may begin in a day. `null`: as many as it likes.",
    )

    def asking(self, requests: float, tokens: float, written: float, at_a_time: int) -> float:
        """Seconds until so many requests are answered.

        Args:
            tokens: that are read and written.
            written: of these.
            at_a_time: requests that are under way.
        """
        answering = requests * self.seconds_to_answer + written / self.tokens_per_second
        return max(answering / at_a_time, self.least(requests, tokens))

    def least(self, requests: float, tokens: float) -> float:
        """Seconds in which the account's limits let so much through."""
        return MINUTE * max(requests / self.requests_per_minute, tokens / self.tokens_per_minute)

    def tuning(self, tokens: float) -> float:
        """Seconds of a fine-tuning job.

        Args:
            tokens: of the file, once for each epoch.
        """
        return HOUR * (self.tuning_queue_hours + tokens / self.tuning_tokens_per_hour)

    def tuning_side_by_side(self, seconds: float) -> float:
        """Fine-tuning jobs of such a length that an account has at a time, on average over days."""
        a_day = self.tuning_jobs_per_day
        return min(self.tuning_jobs, a_day * seconds / DAY) if a_day else self.tuning_jobs
