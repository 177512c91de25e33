"""Students: bases fine-tuned on what a teacher wrote.

Input: one variant of a dataset, the student's base, config/recipes.yaml (students).
Output: results/students/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/
{variant}/seed{seed}/ with a peft adapter, its loss curve and its manifest.
Paper: Methods; the unit of every statistic.
"""

STUDENT = "results/students/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}/seed{seed}"


rule train_student:
    """Fine-tune one student on one dataset with one seed."""
    input:
        script="scripts/train_student.py",
        train_manifest="results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}.manifest.json",
        train=ancient(
            "results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}.parquet"
        ),
        base="results/models/{student}/manifest.json",
        weights=ancient("results/models/{student}/model.safetensors"),
    output:
        adapter=f"{STUDENT}/adapter_model.safetensors",
        training=f"{STUDENT}/training.parquet",
        manifest=f"{STUDENT}/manifest.json",
    log:
        "logs/train_student/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}/seed{seed}.log",
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=PROJECT.memory_mb("train_student"),
        runtime=PROJECT.runtime,
        gpu=PROJECT.gpus,
    params:
        spec=PROJECT.spec(PROJECT.train_student),
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} --threads {threads} \
            --train {input.train:q} --base {input.base:q} \
            --adapter {output.adapter:q} --training {output.training:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
