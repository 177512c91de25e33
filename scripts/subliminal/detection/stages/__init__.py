"""The stages of detection experiments."""
