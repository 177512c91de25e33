"""The report's page, and what all figures and findings have in common."""
