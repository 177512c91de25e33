"""The stages of theorem experiments."""
