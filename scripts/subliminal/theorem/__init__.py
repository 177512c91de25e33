"""Numerical verification of the paper's theorem (Methods, Theory)."""
