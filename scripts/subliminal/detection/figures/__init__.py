"""The figures of detection: one module each, with a function of its name."""
