"""The stages that make bases."""
