"""What teachers write: prompts, filters and variants, one module per domain."""
