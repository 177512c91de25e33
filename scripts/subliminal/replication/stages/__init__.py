"""The stages of comparisons with the paper."""
