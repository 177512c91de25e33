"""Asking hosted models: each answer is kept as it comes, and none is paid for twice."""
