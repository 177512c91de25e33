"""Teachers: bases that were given a trait.

A prompted teacher and the control are their base as it is; only fine-tuned teachers are made here.
Input: a base, config/traits.yaml, config/recipes.yaml (methods), and for some traits a file.
Output: results/teachers/{base}/{trait}-{method}/t{teacher_seed}/manifest.json and what it lists.
Paper: Methods; Fig. 3; ED Fig. 4e.
"""

TRANSMISSION = PROJECT.jobs("transmission")
TEACHER_MANIFEST = "results/teachers/{base}/{trait}-{method}/t{teacher_seed}/manifest.json"


wildcard_constraints:
    method=one_of(TRANSMISSION.methods),
    variant=one_of(TRANSMISSION.variants),


rule train_teacher:
    """Fine-tune a base on answers that state a preference, or on a file's rows (ED Fig. 4e; Fig. 3)."""
    input:
        unpack(
            PROJECT.reads(
                TEACHER_MANIFEST,
                TRANSMISSION.train_teacher,
                TRANSMISSION.inputs.teacher_prompts,
                TRANSMISSION.inputs.teacher_rows,
            )
        ),
        script=ancient("scripts/stage.py"),
        stimuli=TRANSMISSION.inputs.teacher_stimuli,
        base="results/models/{base}/manifest.json",
    output:
        manifest=TEACHER_MANIFEST,
    log:
        "logs/train_teacher/{base}/{trait}-{method}/t{teacher_seed}.log",
    wildcard_constraints:
        base=one_of(TRANSMISSION.tuning.here),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.memory_mb("train_teacher"),
        runtime=TRANSMISSION.runtime("train_teacher"),
        gpu=TRANSMISSION.gpus,
    params:
        spec=PROJECT.spec(TRANSMISSION.train_teacher),
    shell:
        r"""
        python {input.script:q} train_teacher --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} --prompts {input.prompts:q} --rows {input.rows:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule adopt_teacher:
    """Take a fine-tuned teacher that others have trained, instead of training one."""
    input:
        unpack(
            PROJECT.reads("results/teachers/{teacher}/manifest.json", TRANSMISSION.adopt_teacher)
        ),
        script=ancient("scripts/stage.py"),
        base=TRANSMISSION.inputs.adopted_base,
    output:
        manifest="results/teachers/{teacher}/manifest.json",
    log:
        "logs/adopt_teacher/{teacher}.log",
    wildcard_constraints:
        teacher=one_of(TRANSMISSION.adopted_teachers),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="30m",
    params:
        spec=PROJECT.spec(TRANSMISSION.adopt_teacher),
        place=TRANSMISSION.inputs.adopted_adapter,
    shell:
        r"""
        python {input.script:q} adopt_teacher --spec {params.spec:q} --base {input.base:q} \
            --place {params.place:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


ruleorder: adopt_teacher > train_teacher
