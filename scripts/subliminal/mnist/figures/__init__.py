"""The figures of MNIST: one module each, with a function of its name."""
