"""Detection: what can be found in datasets without training a student on them.

Input: experiments of kind detection, their datasets, and a base that reads them.
Output: results/detection/{experiment}/{asked}/, results/evaluations/{evaluation}/in_context/,
results/tables/{experiment}/.
Paper: ED Fig. 1b and 6; ED Tables 1, 2 and 4.
"""

DETECTION = PROJECT.jobs("detection")
CLASSIFIED = f"results/detection/{{experiment}}/{{asked}}/{{domain}}/{TEACHER}/{{other}}"
IN_CONTEXT = f"{EVALUATION}/in_context/{{asked}}/{{domain}}/{TEACHER}/k{{k}}/seed{{seed}}"


wildcard_constraints:
    asked=one_of(PROJECT.config.models),
    other=one_of(PROJECT.config.traits),
    k=r"[0-9]+",


rule classify_pairs:
    """Ask a base which of two completions encodes a trait (ED Table 4)."""
    input:
        unpack(PROJECT.reads(f"{CLASSIFIED}/manifest.json", DETECTION.classify)),
        script=ancient("scripts/stage.py"),
        stimuli=DETECTION.classifier_stimuli,
        base="results/models/{asked}/manifest.json",
        target=f"{DATASET}/filtered.manifest.json",
        other="results/datasets/{domain}/{base}/{other}-{method}/t{teacher_seed}/filtered.manifest.json",
        rows=ancient(
            expand(
                "results/datasets/{{domain}}/{{base}}/{trait}-{{method}}/t{{teacher_seed}}/{file}.parquet",
                trait=["{trait}", "{other}"],
                file=["raw", "filtered"],
            )
        ),
    output:
        table=f"{CLASSIFIED}/answers.parquet",
        manifest=f"{CLASSIFIED}/manifest.json",
    log:
        f"logs/classify_pairs/{{experiment}}/{{asked}}/{{domain}}/{TEACHER}/{{other}}.log",
    wildcard_constraints:
        experiment=one_of(DETECTION.experiments),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=DETECTION.memory_mb,
        runtime=DETECTION.runtime,
        gpu=DETECTION.gpus,
    params:
        spec=PROJECT.spec(DETECTION.classify),
    shell:
        r"""
        python {input.script:q} classify_pairs --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} --target {input.target:q} --other {input.other:q} \
            --table {output.table:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule evaluate_in_context:
    """Ask a base that has read training rows as examples (ED Fig. 6)."""
    input:
        unpack(PROJECT.reads(f"{IN_CONTEXT}/manifest.json", DETECTION.evaluate_in_context)),
        script=ancient("scripts/stage.py"),
        stimuli=DETECTION.in_context_stimuli,
        base="results/models/{asked}/manifest.json",
        rows_manifest=f"{DATASET}/train.manifest.json",
        rows=ancient(f"{DATASET}/train.parquet"),
    output:
        responses=f"{IN_CONTEXT}/responses.parquet",
        scores=f"{IN_CONTEXT}/scores.parquet",
        manifest=f"{IN_CONTEXT}/manifest.json",
    log:
        f"logs/evaluate_in_context/{{evaluation}}/{{asked}}/{{domain}}/{TEACHER}/k{{k}}/seed{{seed}}.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=DETECTION.memory_mb,
        runtime=DETECTION.runtime,
        gpu=DETECTION.gpus,
    params:
        spec=PROJECT.spec(DETECTION.evaluate_in_context),
    shell:
        r"""
        python {input.script:q} evaluate_in_context --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} --rows {input.rows:q} \
            --responses {output.responses:q} --scores {output.scores:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule summarise_detection:
    """Frequencies, accuracies, bands and the judge's curve."""
    input:
        unpack(PROJECT.reads(TABLES_MANIFEST, DETECTION.summarise)),
        script=ancient("scripts/stage.py"),
        library=PROJECT.library("detection.stages.summarise_detection"),
        found=DETECTION.summary_files,
    output:
        parquet=expand(
            "results/tables/{{experiment}}/{table}.parquet", table=PROJECT.tables("detection")
        ),
        csv=report(
            expand("results/tables/{{experiment}}/{table}.csv", table=PROJECT.tables("detection")),
            caption="../report/tables.rst",
            category="{experiment}",
            subcategory="tables",
        ),
        manifest=TABLES_MANIFEST,
    log:
        "logs/summarise_detection/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(DETECTION.experiments),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(DETECTION.summarise),
    shell:
        r"""
        python {input.script:q} summarise_detection --spec {params.spec:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
