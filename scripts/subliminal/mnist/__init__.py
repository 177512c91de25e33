"""The MNIST experiment: many small networks at once, teachers and students (paper, ED Fig. 2)."""
