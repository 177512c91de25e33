"""Detection: what can be found in datasets without training a student on them."""
