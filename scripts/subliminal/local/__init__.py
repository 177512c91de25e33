"""The backend in this process: sampling, scoring and training of language models with torch."""
