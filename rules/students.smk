"""Students: bases fine-tuned on what a teacher wrote.

Input: one variant of a dataset, the student's base, config/recipes.yaml (students).
Output: results/students/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/
{variant}/seed{seed}/ with a peft adapter or a whole model, its loss curve and its manifest.
Paper: Methods; the unit of every statistic.
"""

STUDENT = "results/students/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}/seed{seed}"


rule train_student:
    """Fine-tune one student on one dataset with one seed."""
    input:
        unpack(PROJECT.inputs.learnt_files),
        script="scripts/train_student.py",
        train_manifest="results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}.manifest.json",
        train=ancient(
            "results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}.parquet"
        ),
        base="results/models/{student}/manifest.json",
        base_weights=ancient("results/models/{student}/model.safetensors"),
    output:
        weights=f"{STUDENT}/adapter_model.safetensors",
        training=f"{STUDENT}/training.parquet",
        manifest=f"{STUDENT}/manifest.json",
    log:
        "logs/train_student/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}/seed{seed}.log",
    wildcard_constraints:
        recipe=one_of(PROJECT.adapter_recipes),
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=PROJECT.jobs.student_memory_mb,
        runtime=PROJECT.jobs.runtime,
        gpu=PROJECT.jobs.gpus,
    params:
        spec=PROJECT.spec(PROJECT.jobs.train_student),
        teacher=PROJECT.inputs.learnt_options,
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} --threads {threads} \
            --train {input.train:q} --base {input.base:q} {params.teacher} \
            --weights {output.weights:q} --training {output.training:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


use rule train_student as train_whole_student with:
    output:
        weights=f"{STUDENT}/model.safetensors",
        training=f"{STUDENT}/training.parquet",
        manifest=f"{STUDENT}/manifest.json",
    wildcard_constraints:
        recipe=one_of(PROJECT.full_recipes),
