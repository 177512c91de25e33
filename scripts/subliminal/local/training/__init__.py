"""Completion-only fine-tuning that a killed job can go on with."""
