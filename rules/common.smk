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


# A cluster's scheduler takes longer to start these than they take, and some ask the network, which a
# compute node may lack.
localrules:
    take_file,
    register_base,
    make_prompts,
    prepare_digits,
    check_gates,
    summarise_experiment,
    summarise_detection,
    summarise_mnist,
    summarise_theorem,
    compare_with_paper,
    plot_figure,
    build_report,


rule tables:
    """The tables of every experiment."""
    input:
        PROJECT.table_manifests(PROJECT.experiments),


rule figures:
    """The figures of every experiment."""
    input:
        PROJECT.figure_files(PROJECT.experiments),
