"""The stages of figures and report, which know all kinds of experiment."""
