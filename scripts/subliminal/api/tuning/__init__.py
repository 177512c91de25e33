"""Fine-tuning by a provider: ordered once, found again, and waited for."""
