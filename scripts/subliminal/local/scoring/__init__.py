"""Deterministic scores of a model: candidates, next tokens, divergence from its base."""
