"""The theorem: one small student step, on random networks and on the tiny language model.

Input: experiments of kind theorem; for the language model two bases, teachers and their rows.
Output: results/theorem/{experiment}/networks/, results/theorem/{experiment}/language_model/,
results/tables/{experiment}/.
Paper: Methods, "Theory"; Lemma 1 and Theorem 1.
"""

THEOREM = PROJECT.jobs("theorem")
THEOREM_PARTS = "results/theorem/{experiment}"


rule verify_theorem:
    """Measure the theorem's identities on random networks, in float64, with exact gradients."""
    input:
        unpack(PROJECT.reads(f"{THEOREM_PARTS}/networks/manifest.json", THEOREM.verify)),
        script=ancient("scripts/stage.py"),
    output:
        table=f"{THEOREM_PARTS}/networks/theorem.parquet",
        summary=f"{THEOREM_PARTS}/networks/theorem_summary.parquet",
        manifest=f"{THEOREM_PARTS}/networks/manifest.json",
    log:
        "logs/verify_theorem/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(THEOREM.experiments),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="30m",
    params:
        spec=PROJECT.spec(THEOREM.verify),
    shell:
        r"""
        python {input.script:q} verify_theorem --spec {params.spec:q} \
            --table {output.table:q} --summary {output.summary:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule verify_on_language_model:
    """Compare first distillation updates with the displacements of teachers."""
    input:
        unpack(
            PROJECT.reads(
                f"{THEOREM_PARTS}/language_model/manifest.json",
                THEOREM.verify_on_language_model,
                THEOREM.manifests,
            )
        ),
        script=ancient("scripts/stage.py"),
    output:
        table=f"{THEOREM_PARTS}/language_model/theorem_language_model.parquet",
        summary=f"{THEOREM_PARTS}/language_model/theorem_language_model_summary.parquet",
        manifest=f"{THEOREM_PARTS}/language_model/manifest.json",
    log:
        "logs/verify_on_language_model/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(THEOREM.experiments),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="30m",
    params:
        spec=PROJECT.spec(THEOREM.verify_on_language_model),
    shell:
        r"""
        python {input.script:q} verify_on_language_model --spec {params.spec:q} --threads {threads} \
            --bases {input.bases:q} --teachers {input.teachers:q} --datasets {input.datasets:q} \
            --table {output.table:q} --summary {output.summary:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule summarise_theorem:
    """Put the tables of both parts together."""
    input:
        unpack(PROJECT.reads(TABLES_MANIFEST, THEOREM.summarise)),
        script=ancient("scripts/stage.py"),
        library=PROJECT.library("theorem.stages.summarise_theorem"),
        parts=[
            f"{THEOREM_PARTS}/networks/manifest.json",
            f"{THEOREM_PARTS}/language_model/manifest.json",
        ],
    output:
        parquet=expand(
            "results/tables/{{experiment}}/{table}.parquet", table=PROJECT.tables("theorem")
        ),
        csv=report(
            expand("results/tables/{{experiment}}/{table}.csv", table=PROJECT.tables("theorem")),
            caption="../report/tables.rst",
            category="{experiment}",
            subcategory="tables",
        ),
        manifest=TABLES_MANIFEST,
    log:
        "logs/summarise_theorem/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(THEOREM.experiments),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(THEOREM.summarise),
    shell:
        r"""
        python {input.script:q} summarise_theorem --spec {params.spec:q} --parts {input.parts:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
