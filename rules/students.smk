"""Students: bases fine-tuned on what a teacher wrote.

Input: one variant of a dataset, the student's base, config/recipes.yaml (students).
Output: results/students/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/
{variant}/seed{seed}/ with the loss curve, the manifest and what it lists: an adapter, or a model.
Paper: Methods; the unit of every statistic.
"""

STUDENT = "results/students/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}/seed{seed}"


rule train_student:
    """Fine-tune one student on one dataset with one seed."""
    input:
        unpack(
            PROJECT.reads(
                f"{STUDENT}/manifest.json",
                TRANSMISSION.train_student,
                TRANSMISSION.inputs.learnt_teacher,
            )
        ),
        script=ancient("scripts/stage.py"),
        train_manifest="results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}.manifest.json",
        train=ancient(
            "results/datasets/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}.parquet"
        ),
        base="results/models/{student}/manifest.json",
    output:
        training=f"{STUDENT}/training.parquet",
        manifest=f"{STUDENT}/manifest.json",
    log:
        "logs/train_student/{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}/seed{seed}.log",
    wildcard_constraints:
        student=one_of(TRANSMISSION.tuning.here),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.student_memory_mb,
        runtime=TRANSMISSION.runtime("train_student"),
        gpu=TRANSMISSION.gpus,
    params:
        spec=PROJECT.spec(TRANSMISSION.train_student),
    shell:
        r"""
        python {input.script:q} train_student --spec {params.spec:q} --threads {threads} \
            --train {input.train:q} --base {input.base:q} \
            --teacher-base {input.teacher_base:q} --teacher {input.teacher:q} \
            --training {output.training:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule adopt_student:
    """Take a student that others have trained, instead of training one."""
    input:
        unpack(
            PROJECT.reads(
                "results/students/{adopted}/manifest.json",
                TRANSMISSION.adopt_student,
                TRANSMISSION.inputs.adopted_student,
            )
        ),
        script=ancient("scripts/stage.py"),
    output:
        manifest="results/students/{adopted}/manifest.json",
    log:
        "logs/adopt_student/{adopted}.log",
    wildcard_constraints:
        adopted=one_of(TRANSMISSION.adopted_students),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.adopted_student_memory_mb,
        runtime="30m",
    params:
        spec=PROJECT.spec(TRANSMISSION.adopt_student),
        place=TRANSMISSION.inputs.adopted_student_adapter,
    shell:
        r"""
        python {input.script:q} adopt_student --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} --train {input.train:q} --place {params.place:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


ruleorder: adopt_student > train_student
