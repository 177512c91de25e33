"""The paper against this run: its values beside ours, with a verdict for each."""
