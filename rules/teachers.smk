"""Teachers: bases that were given a trait.

A prompted teacher and the control are their base as it is; only fine-tuned teachers are made here.
Input: a base, config/traits.yaml, config/recipes.yaml (methods).
Output: results/teachers/{base}/{trait}-{method}/t{teacher_seed}/manifest.json and what it lists.
Paper: Methods; ED Fig. 4e.
"""

TRANSMISSION = PROJECT.jobs("transmission")
TEACHER_MANIFEST = "results/teachers/{base}/{trait}-{method}/t{teacher_seed}/manifest.json"


wildcard_constraints:
    method=one_of(TRANSMISSION.methods),
    variant=one_of(TRANSMISSION.variants),


rule train_teacher:
    """Fine-tune a base on answers that state a preference (ED Fig. 4e)."""
    input:
        unpack(TRANSMISSION.inputs.teacher_prompts),
        script=ancient(PROJECT.script(TEACHER_MANIFEST, TRANSMISSION.train_teacher)),
        stimuli=TRANSMISSION.inputs.teacher_stimuli,
        base="results/models/{base}/manifest.json",
    output:
        manifest=TEACHER_MANIFEST,
    log:
        "logs/train_teacher/{base}/{trait}-{method}/t{teacher_seed}.log",
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=TRANSMISSION.memory_mb("train_teacher"),
        runtime=TRANSMISSION.runtime,
        gpu=TRANSMISSION.gpus,
    params:
        spec=PROJECT.spec(TRANSMISSION.train_teacher),
    shell:
        r"""
        python {input.script:q} train_teacher --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} --prompts {input.prompts:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
