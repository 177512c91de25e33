"""The backend behind an API: any server that speaks the OpenAI protocol."""
