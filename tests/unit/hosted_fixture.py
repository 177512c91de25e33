"""A base whose weights nobody has, and an experiment on it, as their files hold them."""

SNAPSHOT = "model-2025-04-14"
ENTRY = f"""
somebody-elses:
  source: openai
  tier: api
  snapshot: {SNAPSHOT}
  context: 1000
  fine_tunable: true
  fine_tuning_until: 2027-01-06
  retired_on: 2027-01-14
"""
PRICED = f"{ENTRY}  prices: {{input: 0.1, output: 0.4, training: 1.5}}\n"

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
