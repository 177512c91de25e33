"""The figures of the theorem: one module each, with a function of its name."""
