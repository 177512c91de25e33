"""The stages of MNIST experiments."""
