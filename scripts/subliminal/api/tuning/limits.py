"""What OpenAI trains on: the limits of a training file."""

FEWEST_ROWS = 10
MOST_BYTES = 512_000_000
