"""The theorem: one small student step, on random networks and on a tiny language model."""
