"""The figures of transmission: one module each, with a function of its name."""
