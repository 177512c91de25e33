"""MNIST: small networks that learn digits from logits that have nothing to do with digits."""
