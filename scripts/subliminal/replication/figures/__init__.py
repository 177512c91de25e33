"""The figures of a comparison with the paper: one module each, with a function of its name."""
