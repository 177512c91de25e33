"""What models are asked and which measures come of it, one module per kind of evaluation."""
