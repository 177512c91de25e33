"""The door to Snakemake: the registry of kinds, the project, command lines, warm start."""
