"""Bases that somebody else has trained: where they are taken from, and what is checked."""
