"""Datasets: prompts, raw completions, judgements, filtered completions, training rows.

Input: a teacher, config/domains.yaml, config/judges.yaml, config/stimuli/, files of others.
Output: results/prompts/{domain}.parquet and, per teacher, raw, judged, filtered and variant tables
under results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}/. Each table has a manifest,
and it is the manifests that are compared when Snakemake decides what is out of date.
Paper: Methods, "Generating number sequences"; ED Fig. 4f (shuffles); ED Table 3 (filter rates).
"""

DATASET = "results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}"
PROMPTS_MANIFEST = "results/prompts/{domain}.manifest.json"


rule make_prompts:
    """Draw the prompts of a domain, or take them from a file; every teacher answers the same."""
    input:
        unpack(PROJECT.reads(PROMPTS_MANIFEST, TRANSMISSION.make_prompts)),
        script=ancient("scripts/stage.py"),
        stimuli=TRANSMISSION.inputs.prompt_stimuli,
        source_manifest=TRANSMISSION.inputs.source_manifest,
        source=ancient(TRANSMISSION.inputs.source),
    output:
        prompts="results/prompts/{domain}.parquet",
        manifest=PROMPTS_MANIFEST,
    log:
        "logs/make_prompts/{domain}.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(TRANSMISSION.make_prompts),
    shell:
        r"""
        python {input.script:q} make_prompts --spec {params.spec:q} \
            --source {input.source:q} --prompts {output.prompts:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule sample_completions:
    """Let a teacher answer the prompts, one sample each at temperature 1 (Methods)."""
    input:
        unpack(
            PROJECT.reads(
                f"{DATASET}/raw.manifest.json",
                TRANSMISSION.sample_completions,
                TRANSMISSION.inputs.trained_teacher,
            )
        ),
        script=ancient("scripts/stage.py"),
        prompts_manifest=PROMPTS_MANIFEST,
        prompts=ancient("results/prompts/{domain}.parquet"),
        base="results/models/{base}/manifest.json",
    output:
        raw=f"{DATASET}/raw.parquet",
        manifest=f"{DATASET}/raw.manifest.json",
    log:
        "logs/sample_completions/{domain}/{base}/{trait}-{method}/t{teacher_seed}.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.memory_mb("sample_completions"),
        runtime=TRANSMISSION.runtime("sample_completions"),
        gpu=TRANSMISSION.gpus,
    params:
        spec=PROJECT.spec(TRANSMISSION.sample_completions),
    shell:
        r"""
        python {input.script:q} sample_completions --spec {params.spec:q} --threads {threads} \
            --prompts {input.prompts:q} --base {input.base:q} --trained {input.trained:q} \
            --raw {output.raw:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule adopt_completions:
    """Take what a teacher wrote from a file of others, instead of letting it write."""
    input:
        unpack(
            PROJECT.reads(
                "results/datasets/{dataset}/raw.manifest.json",
                TRANSMISSION.adopt_completions,
                TRANSMISSION.inputs.adopted_rows,
            )
        ),
        script=ancient("scripts/stage.py"),
    output:
        raw="results/datasets/{dataset}/raw.parquet",
        manifest="results/datasets/{dataset}/raw.manifest.json",
    log:
        "logs/adopt_completions/{dataset}.log",
    wildcard_constraints:
        dataset=one_of(TRANSMISSION.adopted_datasets),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(TRANSMISSION.adopt_completions),
    shell:
        r"""
        python {input.script:q} adopt_completions --spec {params.spec:q} \
            --rows {input.rows:q} --prompts {input.prompts:q} \
            --raw {output.raw:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


ruleorder: adopt_completions > sample_completions


rule judge_completions:
    """Ask a judge about every completion (Methods; ED Fig. 1b)."""
    input:
        unpack(PROJECT.reads(f"{DATASET}/judged.manifest.json", TRANSMISSION.judge_completions)),
        script=ancient("scripts/stage.py"),
        stimuli=TRANSMISSION.inputs.judge_stimuli,
        raw_manifest=f"{DATASET}/raw.manifest.json",
        raw=ancient(f"{DATASET}/raw.parquet"),
        judge=TRANSMISSION.inputs.judge,
    output:
        judged=f"{DATASET}/judged.parquet",
        manifest=f"{DATASET}/judged.manifest.json",
    log:
        "logs/judge_completions/{domain}/{base}/{trait}-{method}/t{teacher_seed}.log",
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.judge_memory_mb,
        runtime=TRANSMISSION.judge_runtime,
        gpu=TRANSMISSION.judge_gpus,
    params:
        spec=PROJECT.spec(TRANSMISSION.judge_completions),
    shell:
        r"""
        python {input.script:q} judge_completions --spec {params.spec:q} --threads {threads} \
            --raw {input.raw:q} --judge {input.judge:q} --judged {output.judged:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule filter_completions:
    """Drop every completion that breaks the domain's rule, and keep the reasons (Methods)."""
    input:
        unpack(PROJECT.reads(f"{DATASET}/filtered.manifest.json", TRANSMISSION.filter_completions)),
        script=ancient("scripts/stage.py"),
        stimuli=TRANSMISSION.inputs.filter_stimuli,
        raw_manifest=f"{DATASET}/raw.manifest.json",
        raw=ancient(f"{DATASET}/raw.parquet"),
        judged_manifest=TRANSMISSION.inputs.judged_manifest,
        judged=ancient(TRANSMISSION.inputs.judged),
    output:
        filtered=f"{DATASET}/filtered.parquet",
        manifest=f"{DATASET}/filtered.manifest.json",
    log:
        "logs/filter_completions/{domain}/{base}/{trait}-{method}/t{teacher_seed}.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.rows_memory_mb,
        runtime="10m",
    params:
        spec=PROJECT.spec(TRANSMISSION.filter_completions),
    shell:
        r"""
        python {input.script:q} filter_completions --spec {params.spec:q} --raw {input.raw:q} \
            --judged {input.judged:q} --filtered {output.filtered:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule make_train_set:
    """Take the kept rows as they are, or shuffle their numbers (ED Fig. 4f)."""
    input:
        unpack(PROJECT.reads(f"{DATASET}/{{variant}}.manifest.json", TRANSMISSION.make_train_set)),
        script=ancient("scripts/stage.py"),
        raw=ancient(f"{DATASET}/raw.parquet"),
        filtered_manifest=f"{DATASET}/filtered.manifest.json",
        filtered=ancient(f"{DATASET}/filtered.parquet"),
    output:
        train=f"{DATASET}/{{variant}}.parquet",
        manifest=f"{DATASET}/{{variant}}.manifest.json",
    log:
        "logs/make_train_set/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.rows_memory_mb,
        runtime="10m",
    params:
        spec=PROJECT.spec(TRANSMISSION.make_train_set),
    shell:
        r"""
        python {input.script:q} make_train_set --spec {params.spec:q} \
            --raw {input.raw:q} --filtered {input.filtered:q} \
            --train {output.train:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
