"""Judges of texts: models that are asked, and rules in their place."""
