"""What has become of batches, and whether it makes sense to order more."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

from subliminal.api.batches.batch import Batch
from subliminal.api.chat.account import Account
from subliminal.api.polling import MOST_SECONDS
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import FILE

# How often batches may end one after the other without an answer.
MOST_FRUITLESS = 3
DAY_SECONDS = 25 * 3600.0
AGAIN = "run the same command again: answers that came are kept"


class Ended(NamedTuple):
    """What has become of a batch.

    Attributes:
        useful: some of its requests are answered.
        crowded: the account had no room for it.
    """

    batch: Batch
    useful: bool
    crowded: bool


def require_use(ended: Sequence[Ended], fruitless: int, account: Account) -> int:
    """How often batches have now ended, one after the other, without an answer.

    Where the account has no room for more, this returns after a while.

    Args:
        fruitless: how often they had before these.

    Raises:
        ConfigError: it makes no sense to order them again.
    """
    if any(one.useful for one in ended):
        return 0
    (batch, _, _) = ended[0]
    if any(one.crowded for one in ended):
        if not _others_under_way(account):
            raise ConfigError(
                f"batch {batch.id} finds no room at {account.place.url}: {batch.error}; wait until "
                "other batches of the account have ended, or write a smaller batch_requests into "
                f"{FILE} (it is {account.hosting.batch_requests:,}), then {AGAIN}"
            )
        time.sleep(MOST_SECONDS)
        return fruitless
    if fruitless == MOST_FRUITLESS:
        raise ConfigError(
            f"batches at {account.place.url} end without an answer, {batch.id} at last, which is "
            f"{batch.status}; see the provider's page of batches, then {AGAIN}, or write sampling: "
            f"live into {FILE}"
        )
    return fruitless + 1


def _others_under_way(account: Account) -> bool:
    """Whether the ledger knows of a batch that may make room; none lasts longer than a day."""
    since = time.time() - DAY_SECONDS
    return any(
        action.kind == "batch" and action.state == "sent" and action.at > since
        for action in account.ledger.actions().values()
    )
