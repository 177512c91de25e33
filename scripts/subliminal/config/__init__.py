"""The configuration: strict models of its files, and errors that say what to type."""
