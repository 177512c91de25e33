"""The stage that takes a file."""
