"""Transmission experiments: from scores and manifests to final tables, and named targets.

Input: scores and manifests of an experiment's models and datasets.
Output: results/tables/{experiment}/.
Paper: Fig. 4 and 5, ED Fig. 4; Methods, "Statistical analysis".
"""

GATES_MANIFEST = "results/tables/{experiment}/gates.manifest.json"


localrules:
    bases,
    teachers,
    datasets,
    gates,
    students,
    evaluations,


rule bases:
    """The bases."""
    input:
        TRANSMISSION.base_files(),
        PROJECT.jobs("detection").base_files(),


rule teachers:
    """The fine-tuned teachers."""
    input:
        TRANSMISSION.teacher_files(),


rule datasets:
    """The training sets, and what else is read of datasets."""
    input:
        TRANSMISSION.dataset_files(),
        PROJECT.jobs("detection").dataset_files(),


rule students:
    """The students."""
    input:
        TRANSMISSION.student_files(),


rule evaluations:
    """The students' evaluations."""
    input:
        TRANSMISSION.evaluation_files(),


rule gates:
    """What can be known before students are trained: run it before the cost."""
    input:
        expand(GATES_MANIFEST, experiment=TRANSMISSION.chosen),


rule summarise_experiment:
    """Intervals over students, the trait x trait matrix and its test, gates and verdicts."""
    input:
        unpack(
            PROJECT.reads(
                TABLES_MANIFEST,
                TRANSMISSION.summarise_experiment,
                TRANSMISSION.inputs.summary_files,
            )
        ),
        script=ancient("scripts/stage.py"),
        library=PROJECT.library("transmission.stages.summarise_experiment"),
    output:
        parquet=expand(
            "results/tables/{{experiment}}/{table}.parquet", table=PROJECT.tables("transmission")
        ),
        csv=report(
            expand(
                "results/tables/{{experiment}}/{table}.csv", table=PROJECT.tables("transmission")
            ),
            caption="../report/tables.rst",
            category="{experiment}",
            subcategory="tables",
        ),
        manifest=TABLES_MANIFEST,
    log:
        "logs/summarise_experiment/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(TRANSMISSION.experiments),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(TRANSMISSION.summarise_experiment),
    shell:
        r"""
        python {input.script:q} summarise_experiment --spec {params.spec:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule check_gates:
    """What can be known before students are trained: the teachers' traits, rows and channel."""
    input:
        unpack(
            PROJECT.reads(
                GATES_MANIFEST, TRANSMISSION.summarise_experiment, TRANSMISSION.inputs.gate_files
            )
        ),
        script=ancient("scripts/stage.py"),
        library=PROJECT.library("transmission.stages.check_gates"),
    output:
        parquet="results/tables/{experiment}/gates.parquet",
        csv="results/tables/{experiment}/gates.csv",
        manifest=GATES_MANIFEST,
    log:
        "logs/check_gates/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(TRANSMISSION.experiments),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(TRANSMISSION.summarise_experiment),
    shell:
        r"""
        python {input.script:q} check_gates --spec {params.spec:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
