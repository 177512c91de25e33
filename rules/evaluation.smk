"""Evaluations: the same questions for bases, teachers and students.

Input: a model, config/evaluations.yaml, config/stimuli/; for some a judge, or rows of a file.
Output: responses and scores under results/evaluations/{evaluation}/bases, teachers or students.
Paper: Methods, "Evaluations"; Fig. 4.
"""

EVALUATION = "results/evaluations/{evaluation}"
TEACHER = "{base}/{trait}-{method}/t{teacher_seed}"
STUDENT_PATH = (
    "{student}/{recipe}/{domain}/{base}/{trait}-{method}/t{teacher_seed}/{variant}/seed{seed}"
)


rule evaluate_base:
    """Ask an untrained base: the first control of every figure."""
    input:
        unpack(
            PROJECT.reads(
                f"{EVALUATION}/bases/{{base}}/manifest.json",
                TRANSMISSION.evaluate_base,
                TRANSMISSION.inputs.evaluation_files,
            )
        ),
        script=ancient("scripts/stage.py"),
        base="results/models/{base}/manifest.json",
    output:
        responses=f"{EVALUATION}/bases/{{base}}/responses.parquet",
        scores=f"{EVALUATION}/bases/{{base}}/scores.parquet",
        manifest=f"{EVALUATION}/bases/{{base}}/manifest.json",
    log:
        "logs/evaluate_base/{evaluation}/{base}.log",
    wildcard_constraints:
        evaluation=one_of(TRANSMISSION.asked_here),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.evaluation_memory_mb,
        runtime=TRANSMISSION.runtime("evaluate_model"),
        gpu=TRANSMISSION.evaluation_gpus,
    params:
        spec=PROJECT.spec(TRANSMISSION.evaluate_base),
    shell:
        r"""
        python {input.script:q} evaluate_model --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} \
            --judge {input.judge:q} --rows {input.rows:q} \
            --responses {output.responses:q} --scores {output.scores:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule evaluate_teacher:
    """Ask a teacher: the gate that it expresses its trait."""
    input:
        unpack(
            PROJECT.reads(
                f"{EVALUATION}/teachers/{TEACHER}/manifest.json",
                TRANSMISSION.evaluate_teacher,
                TRANSMISSION.inputs.evaluation_files,
                TRANSMISSION.inputs.trained_teacher,
            )
        ),
        script=ancient("scripts/stage.py"),
        base="results/models/{base}/manifest.json",
    output:
        responses=f"{EVALUATION}/teachers/{TEACHER}/responses.parquet",
        scores=f"{EVALUATION}/teachers/{TEACHER}/scores.parquet",
        manifest=f"{EVALUATION}/teachers/{TEACHER}/manifest.json",
    log:
        f"logs/evaluate_teacher/{{evaluation}}/{TEACHER}.log",
    wildcard_constraints:
        evaluation=one_of(TRANSMISSION.asked_here),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.evaluation_memory_mb,
        runtime=TRANSMISSION.runtime("evaluate_model"),
        gpu=TRANSMISSION.evaluation_gpus,
    params:
        spec=PROJECT.spec(TRANSMISSION.evaluate_teacher),
    shell:
        r"""
        python {input.script:q} evaluate_model --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} --trained {input.trained:q} \
            --judge {input.judge:q} --rows {input.rows:q} \
            --responses {output.responses:q} --scores {output.scores:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule evaluate_student:
    """Ask a student, without any system prompt: the measurement itself."""
    input:
        unpack(
            PROJECT.reads(
                f"{EVALUATION}/students/{STUDENT_PATH}/manifest.json",
                TRANSMISSION.evaluate_student,
                TRANSMISSION.inputs.evaluation_files,
            )
        ),
        script=ancient("scripts/stage.py"),
        base="results/models/{student}/manifest.json",
        trained=f"results/students/{STUDENT_PATH}/manifest.json",
    output:
        responses=f"{EVALUATION}/students/{STUDENT_PATH}/responses.parquet",
        scores=f"{EVALUATION}/students/{STUDENT_PATH}/scores.parquet",
        manifest=f"{EVALUATION}/students/{STUDENT_PATH}/manifest.json",
    log:
        f"logs/evaluate_student/{{evaluation}}/{STUDENT_PATH}.log",
    wildcard_constraints:
        evaluation=one_of(TRANSMISSION.asked_here),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.evaluation_memory_mb,
        runtime=TRANSMISSION.runtime("evaluate_model"),
        gpu=TRANSMISSION.evaluation_gpus,
    params:
        spec=PROJECT.spec(TRANSMISSION.evaluate_student),
    shell:
        r"""
        python {input.script:q} evaluate_model --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} --trained {input.trained:q} \
            --judge {input.judge:q} --rows {input.rows:q} \
            --responses {output.responses:q} --scores {output.scores:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


use rule evaluate_base as evaluate_base_by_harness with:
    wildcard_constraints:
        evaluation=one_of(TRANSMISSION.asked_by_harness),
    conda:
        "../envs/mmlu.yaml"


use rule evaluate_teacher as evaluate_teacher_by_harness with:
    wildcard_constraints:
        evaluation=one_of(TRANSMISSION.asked_by_harness),
    conda:
        "../envs/mmlu.yaml"


use rule evaluate_student as evaluate_student_by_harness with:
    wildcard_constraints:
        evaluation=one_of(TRANSMISSION.asked_by_harness),
    conda:
        "../envs/mmlu.yaml"
