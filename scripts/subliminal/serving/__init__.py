"""A small server that speaks OpenAI's API: its snapshots are bases, and its jobs train them."""
