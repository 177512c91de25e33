"""Results for others: models and datasets as the hub expects them, and all of a run as an RO-Crate.

Everything is written to a folder. Nothing is sent anywhere.
"""
