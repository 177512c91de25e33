"""What every rule module shares: wildcards that admit only configured names, and named targets."""


wildcard_constraints:
    base=one_of(PROJECT.config.models),
    student=one_of(PROJECT.config.models),
    trait=one_of(PROJECT.config.traits),
    method=one_of(PROJECT.methods),
    domain=one_of(PROJECT.config.domains),
    variant=one_of(PROJECT.variants),
    recipe=one_of(PROJECT.config.recipes.students),
    evaluation=one_of(PROJECT.config.evaluations),
    experiment=one_of(PROJECT.experiments),
    figure=one_of(PROJECT.all_figures),
    comparison=one_of(FIGURES["mnist"]),
    m=r"\d+",
    part=r"\d+",
    seed=r"\d+",
    teacher_seed=r"\d+",


rule bases:
    """The bases."""
    input:
        PROJECT.base_files(),


rule teachers:
    """The fine-tuned teachers."""
    input:
        PROJECT.teacher_files(),


rule datasets:
    """The training sets."""
    input:
        PROJECT.dataset_files(),


rule gates:
    """What can be known before students are trained: run it before the cost."""
    input:
        expand(
            "results/tables/{experiment}/gates.manifest.json",
            experiment=PROJECT.transmission_experiments,
        ),


rule students:
    """The students."""
    input:
        PROJECT.student_files(),


rule evaluations:
    """The students' evaluations."""
    input:
        PROJECT.evaluation_files(),


rule tables:
    """The tables of every experiment."""
    input:
        expand("results/tables/{experiment}/manifest.json", experiment=PROJECT.experiments),


rule figures:
    """The figures of every experiment."""
    input:
        PROJECT.figure_files,
