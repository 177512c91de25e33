"""Models behind servers that speak the OpenAI API."""
