"""What every rule module shares: wildcards that admit only configured names, and named targets."""

TABLES_MANIFEST = "results/tables/{experiment}/manifest.json"


wildcard_constraints:
    base=one_of(PROJECT.config.models),
    student=one_of(PROJECT.config.models),
    trait=one_of(PROJECT.config.traits),
    domain=one_of(PROJECT.config.domains),
    recipe=one_of(PROJECT.config.recipes.students),
    evaluation=one_of(PROJECT.config.evaluations),
    experiment=one_of(PROJECT.config.experiments),
    figure=one_of(PROJECT.all_figures),
    seed=r"[0-9]{1,10}",
    teacher_seed=r"[0-9]{1,10}",


rule tables:
    """The tables of every experiment."""
    input:
        PROJECT.table_manifests(PROJECT.experiments),


rule figures:
    """The figures of every experiment."""
    input:
        PROJECT.figure_files(PROJECT.experiments),
