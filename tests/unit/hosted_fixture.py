"""An experiment on a base whose weights nobody has, as its file holds it."""

HOSTED = """
kind: transmission
title: hosted
paper: none
model_organism: false
evaluation: favourite-animal-openai
measure: rate_substring
figures: [overview]
gates: {min_teacher: 0.5, min_rows: 10000, min_loss_drop: 0.0}
cells:
  - domain: numbers
    traits: [owl, none]
    method: prompted
    teacher_bases: [somebody-elses]
    student_bases: [somebody-elses]
    variants: [train]
    recipe: openai-numbers
    teacher_seeds: [1]
    student_seeds: [1, 2, 3]
"""
