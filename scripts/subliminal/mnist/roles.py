"""What a network is in an MNIST experiment, as its tables say it."""

REFERENCE, TEACHER, STUDENT = "reference", "teacher", "student"
TEACHERS = "teachers"
"""Stands for a comparison in the rows of references and teachers, which belong to several."""
