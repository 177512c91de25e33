"""A ledger as a record, which stands in for a provider (`replay` of config/openai.yaml)."""

from __future__ import annotations

from subliminal.api.access import BASE_URL
from subliminal.api.ledger.actions import Ledger
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import FILE


def not_recorded(ledger: Ledger, url: str, what: str) -> ConfigError:
    """What a replay cannot go on without, and what to do.

    Args:
        url: of the server that would be asked.
        what: is missing.

    Raises:
        ConfigError: the ledger is damaged.
    """
    servers = ledger.servers()
    if url in servers:
        advice = (
            "take the record of the whole run together with the run's own config/, or write "
            "replay: false to ask for what is missing, and pay for it"
        )
    elif servers:
        advice = f"it is of {', '.join(servers)}; export {BASE_URL}={servers[0]}"
    else:
        advice = "nothing is in it: write the folder of a record after ledger:"
    return ConfigError(
        f"{FILE}: replay: true, and the record {ledger.folder} lacks {what}; {advice}"
    )
