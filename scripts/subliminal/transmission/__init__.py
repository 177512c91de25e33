"""Transmission between language models: the paper's main kind of experiment."""
