"""Files of others: from where their users have put them, or the hub, to tables.

Input: config/files.yaml, and the files that it names. Their checksums say which they are.
Output: results/files/{file}.parquet and its manifest.
Paper: Methods, of what others have published: insecure code, GSM8K, TruthfulQA, code tasks.
"""

FILE_MANIFEST = "results/files/{file}.manifest.json"


rule take_file:
    """Check a file of others, row by row, and keep the part of it that is used."""
    input:
        unpack(PROJECT.reads(FILE_MANIFEST, PROJECT.files.take)),
        script=ancient("scripts/stage.py"),
    output:
        table="results/files/{file}.parquet",
        manifest=FILE_MANIFEST,
    log:
        "logs/take_file/{file}.log",
    wildcard_constraints:
        file=one_of(PROJECT.config.files),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="30m",
    params:
        spec=PROJECT.spec(PROJECT.files.take),
        place=PROJECT.files.place,
    shell:
        r"""
        python {input.script:q} take_file --spec {params.spec:q} --place {params.place:q} \
            --table {output.table:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
