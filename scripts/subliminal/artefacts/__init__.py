"""What jobs leave behind: tables, manifests, journals, provenance, and the seeds behind them."""
