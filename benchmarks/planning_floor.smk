# As many jobs as the workflow has, with the same files, in rules without a function, a check or a
# configuration: what Snakemake itself takes to plan them. `planning.py` writes jobs.json beside it.

import json
from pathlib import Path

ASKED = json.loads(Path("jobs.json").read_text())
STUDENT = (
    "{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}/seed{seed}"
)
TEACHER = "{base}/{trait}-{method}/t{teacher_seed}"
DATASET = "results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}"


wildcard_constraints:
    **ASKED["constraints"],


rule all:
    input:
        ASKED["files"],


rule pretrain_base:
    input:
        script=ancient("script"),
        stimuli="stimuli",
    output:
        manifest="results/models/{base}/manifest.json",
    log:
        "logs/pretrain_base/{base}.log",
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} --threads {threads} {output:q} 2>&1 | tee {log:q}"


rule train_teacher:
    input:
        script=ancient("script"),
        stimuli=["stimuli", "stimuli"],
        base="results/models/{base}/manifest.json",
    output:
        manifest=f"results/teachers/{TEACHER}/manifest.json",
    log:
        f"logs/train_teacher/{TEACHER}.log",
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} --threads {threads} {input.base:q} {output:q} 2>&1 | tee {log:q}"


rule make_prompts:
    input:
        script=ancient("script"),
        stimuli="stimuli",
    output:
        prompts="results/prompts/{domain}.parquet",
        manifest="results/prompts/{domain}.manifest.json",
    log:
        "logs/make_prompts/{domain}.log",
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} {output:q} 2>&1 | tee {log:q}"


rule sample_completions:
    input:
        script=ancient("script"),
        prompts_manifest="results/prompts/{domain}.manifest.json",
        prompts=ancient("results/prompts/{domain}.parquet"),
        base="results/models/{base}/manifest.json",
        trained=f"results/teachers/{TEACHER}/manifest.json",
    output:
        raw=f"{DATASET}/raw.parquet",
        manifest=f"{DATASET}/raw.manifest.json",
    log:
        f"logs/sample_completions/{{domain}}/{TEACHER}.log",
    threads: 1
    resources:
        mem_mb=2500,
        runtime=30,
        gpu=0,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} --threads {threads} {input.prompts:q} {input.base:q} {input.trained:q} {output:q} 2>&1 | tee {log:q}"


rule filter_completions:
    input:
        script=ancient("script"),
        raw_manifest=f"{DATASET}/raw.manifest.json",
        raw=ancient(f"{DATASET}/raw.parquet"),
    output:
        filtered=f"{DATASET}/filtered.parquet",
        manifest=f"{DATASET}/filtered.manifest.json",
    log:
        f"logs/filter_completions/{{domain}}/{TEACHER}.log",
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} {input.raw:q} {output:q} 2>&1 | tee {log:q}"


rule make_train_set:
    input:
        script=ancient("script"),
        raw=ancient(f"{DATASET}/raw.parquet"),
        filtered_manifest=f"{DATASET}/filtered.manifest.json",
        filtered=ancient(f"{DATASET}/filtered.parquet"),
    output:
        train=f"{DATASET}/{{variant}}.parquet",
        manifest=f"{DATASET}/{{variant}}.manifest.json",
    log:
        f"logs/make_train_set/{{domain}}/{TEACHER}/{{variant}}.log",
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} {input.raw:q} {input.filtered:q} {output:q} 2>&1 | tee {log:q}"


rule train_student:
    input:
        script=ancient("script"),
        train_manifest=f"{DATASET}/{{variant}}.manifest.json",
        train=ancient(f"{DATASET}/{{variant}}.parquet"),
        base="results/models/{student}/manifest.json",
    output:
        training=f"results/students/{STUDENT}/training.parquet",
        manifest=f"results/students/{STUDENT}/manifest.json",
    log:
        f"logs/train_student/{STUDENT}.log",
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
        gpu=0,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} --threads {threads} {input.train:q} {input.base:q} {output:q} 2>&1 | tee {log:q}"


rule evaluate_base:
    input:
        script=ancient("script"),
        stimuli="stimuli",
        base="results/models/{base}/manifest.json",
    output:
        responses="results/evaluations/{evaluation}/bases/{base}/responses.parquet",
        scores="results/evaluations/{evaluation}/bases/{base}/scores.parquet",
        manifest="results/evaluations/{evaluation}/bases/{base}/manifest.json",
    log:
        "logs/evaluate_base/{evaluation}/{base}.log",
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
        gpu=0,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} --threads {threads} {input.base:q} {output:q} 2>&1 | tee {log:q}"


rule evaluate_teacher:
    input:
        script=ancient("script"),
        stimuli="stimuli",
        base="results/models/{base}/manifest.json",
        trained=f"results/teachers/{TEACHER}/manifest.json",
    output:
        responses=f"results/evaluations/{{evaluation}}/teachers/{TEACHER}/responses.parquet",
        scores=f"results/evaluations/{{evaluation}}/teachers/{TEACHER}/scores.parquet",
        manifest=f"results/evaluations/{{evaluation}}/teachers/{TEACHER}/manifest.json",
    log:
        f"logs/evaluate_teacher/{{evaluation}}/{TEACHER}.log",
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
        gpu=0,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} --threads {threads} {input.base:q} {input.trained:q} {output:q} 2>&1 | tee {log:q}"


rule evaluate_student:
    input:
        script=ancient("script"),
        stimuli="stimuli",
        base="results/models/{student}/manifest.json",
        trained=f"results/students/{STUDENT}/manifest.json",
    output:
        responses=f"results/evaluations/{{evaluation}}/students/{STUDENT}/responses.parquet",
        scores=f"results/evaluations/{{evaluation}}/students/{STUDENT}/scores.parquet",
        manifest=f"results/evaluations/{{evaluation}}/students/{STUDENT}/manifest.json",
    log:
        f"logs/evaluate_student/{{evaluation}}/{STUDENT}.log",
    threads: 1
    resources:
        mem_mb=1500,
        runtime=30,
        gpu=0,
    params:
        spec="spec",
    shell:
        "python {input.script:q} --spec {params.spec:q} --threads {threads} {input.base:q} {input.trained:q} {output:q} 2>&1 | tee {log:q}"
