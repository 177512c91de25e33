"""Batches of a provider: requests in a file, answered within a day and at half the price."""
