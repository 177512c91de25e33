"""Teachers: bases that were given a trait.

A prompted teacher and the control are their base as it is; only fine-tuned teachers are made here.
Input: a base, config/traits.yaml, config/recipes.yaml (methods).
Output: results/teachers/{base}/{trait}-{method}/t{teacher_seed}/ with a peft adapter.
Paper: Methods; ED Fig. 4e.
"""


rule train_teacher:
    """Fine-tune a base on 400 answers that state a preference (ED Fig. 4e)."""
    input:
        script="scripts/train_teacher.py",
        stimuli=PROJECT.inputs.stimuli("train_teacher"),
        base="results/models/{base}/manifest.json",
        weights=ancient("results/models/{base}/model.safetensors"),
    output:
        adapter="results/teachers/{base}/{trait}-{method}/t{teacher_seed}/adapter_model.safetensors",
        manifest="results/teachers/{base}/{trait}-{method}/t{teacher_seed}/manifest.json",
    log:
        "logs/train_teacher/{base}/{trait}-{method}/t{teacher_seed}.log",
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=PROJECT.jobs.memory_mb("train_teacher"),
        runtime=PROJECT.jobs.runtime,
        gpu=PROJECT.jobs.gpus,
    params:
        spec=PROJECT.spec(PROJECT.jobs.train_teacher),
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} --threads {threads} \
            --base {input.base:q} \
            --adapter {output.adapter:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
