"""The paper against this run: the tables of other experiments to tables of verdicts.

Input: results/tables/{experiment}/ of every experiment that is compared, config/paper/claims.csv, config/paper/expected.csv.
Output: results/tables/{experiment}/ of the comparison.
Paper: every figure and table.
"""

REPLICATION = PROJECT.jobs("replication")


rule compare_with_paper:
    """Set the paper's claims and values beside ours, with a verdict for each."""
    input:
        unpack(PROJECT.reads(TABLES_MANIFEST, REPLICATION.compare)),
        script=ancient("scripts/stage.py"),
        library=PROJECT.library("replication.stages.compare_with_paper"),
        claims="config/paper/claims.csv",
        expected="config/paper/expected.csv",
        summaries=REPLICATION.tables,
    output:
        parquet=expand(
            "results/tables/{{experiment}}/{table}.parquet", table=PROJECT.tables("replication")
        ),
        csv=report(
            expand(
                "results/tables/{{experiment}}/{table}.csv", table=PROJECT.tables("replication")
            ),
            caption="../report/tables.rst",
            category="{experiment}",
            subcategory="tables",
        ),
        manifest=TABLES_MANIFEST,
    log:
        "logs/compare_with_paper/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(REPLICATION.experiments),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(REPLICATION.compare),
    shell:
        r"""
        python {input.script:q} compare_with_paper --spec {params.spec:q} \
            --claims {input.claims:q} --expected {input.expected:q} \
            --summaries {input.summaries:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
