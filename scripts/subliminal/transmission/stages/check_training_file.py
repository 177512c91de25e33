"""Looking through a training file before anything is paid for it."""

from __future__ import annotations

import logging
from pathlib import Path

from subliminal.api.prices import read_prices
from subliminal.artefacts.manifest import Run
from subliminal.config.errors import ConfigError
from subliminal.config.hosting import read_hosting
from subliminal.transmission.training_file import Row, check_size, read_rows, tokens_of
from subliminal.transmission.tuning import CheckTrainingFileSpec

# Lines that a message names.
SHOWN = 5


def check_training_file(
    spec: CheckTrainingFileSpec, file: Path, manifest: Path, log: logging.Logger
) -> None:
    """Make sure that a provider can take a training file, and count its tokens.

    The manifest holds the counts. The log says what they cost at today's prices, which are no part
    of the result.

    Args:
        file: the JSON lines.

    Raises:
        ConfigError: it is over a limit, or the moderation endpoint refuses rows.
    """
    run = Run.begin("check_training_file", spec, {"file": file.with_suffix(".manifest.json")})
    rows = read_rows(file)
    check_size(file, rows, spec.context)
    hosting = read_hosting(Path.cwd())
    if hosting.moderation and not hosting.replay:
        _moderate(file, rows)
    tokens = tokens_of(rows)
    prices = read_prices(Path.cwd(), spec.base)
    price = prices.training if prices is not None else None
    cost = "at a price that is not known"
    if price is not None:
        cost = f"about {tokens * spec.n_epochs * price / 1e6:.2f} USD"
    log.info("%d rows, about %d tokens, %d epochs: %s", len(rows), tokens, spec.n_epochs, cost)
    facts = {"rows": len(rows), "bytes": file.stat().st_size, "tokens": tokens}
    run.finish(manifest, [], {**facts, "billed_tokens": tokens * spec.n_epochs})


def _moderate(file: Path, rows: list[Row]) -> None:
    from subliminal.api.tuning.provider import Provider

    flagged = Provider.of_environment().flagged(["\n".join(row) for row in rows])
    if flagged:
        some = [f"{i + 1} ({', '.join(why)})" for i, why in list(flagged.items())[:SHOWN]]
        raise ConfigError(
            f"{file}: the moderation endpoint refuses {len(flagged)} of {len(rows)} rows, in lines "
            f"{', '.join(some)}{' …' if len(flagged) > SHOWN else ''}; the provider may refuse the "
            "file as well. To send it nevertheless, set moderation: false in config/openai.yaml"
        )
