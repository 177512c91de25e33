"""The stages of transmission experiments."""
