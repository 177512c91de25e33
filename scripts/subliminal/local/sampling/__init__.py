"""Sampling completions in full batches, one random stream per sample."""
