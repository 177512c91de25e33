"""Bases: the reference models that teachers and students start from.

Input: config/models.yaml, config/recipes.yaml (pretraining), config/stimuli/ (of a tiny base's
world); for other bases installed wheels, the hub or a local folder. Of a hosted base there is only
its name.
Output: results/models/{base}/manifest.json and beside it the model, as transformers loads it.
Paper: Methods, "reference model".
"""

BASE_MANIFEST = "results/models/{base}/manifest.json"


rule pretrain_base:
    """Pretrain a tiny base from random weights on the small world, or to imitate another base on it."""
    input:
        unpack(PROJECT.reads(BASE_MANIFEST, PROJECT.bases.pretrain, PROJECT.bases.imitated)),
        script=ancient("scripts/stage.py"),
        stimuli=PROJECT.bases.stimuli,
    output:
        manifest=BASE_MANIFEST,
    log:
        "logs/pretrain_base/{base}.log",
    wildcard_constraints:
        base=one_of(PROJECT.bases.pretrained),
    # Whatever is tiny waits for these, the longest jobs: no core shall be kept from them.
    priority: 1
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="30m",
    params:
        spec=PROJECT.spec(PROJECT.bases.pretrain),
    shell:
        r"""
        python {input.script:q} pretrain_base --spec {params.spec:q} --threads {threads} \
            --imitated {input.imitated:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule prepare_base:
    """Take a base from installed wheels, the hub or a folder, and check it."""
    input:
        unpack(PROJECT.reads(BASE_MANIFEST, PROJECT.bases.prepare, PROJECT.bases.sources)),
        script=ancient("scripts/stage.py"),
    output:
        manifest=BASE_MANIFEST,
    log:
        "logs/prepare_base/{base}.log",
    wildcard_constraints:
        base=one_of(PROJECT.bases.ready),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=PROJECT.bases.memory_mb("prepare_base"),
        runtime=PROJECT.bases.runtime,
    params:
        spec=PROJECT.spec(PROJECT.bases.prepare),
    shell:
        r"""
        python {input.script:q} prepare_base --spec {params.spec:q} --threads {threads} \
            --chat-template {input.chat_template:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule register_base:
    """Write down which snapshot a hosted base is: jobs read the manifest and never weights."""
    input:
        unpack(PROJECT.reads(BASE_MANIFEST, PROJECT.bases.register)),
        script=ancient("scripts/stage.py"),
    output:
        manifest=BASE_MANIFEST,
    log:
        "logs/register_base/{base}.log",
    wildcard_constraints:
        base=one_of(PROJECT.bases.hosted),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime="10m",
    params:
        spec=PROJECT.spec(PROJECT.bases.register),
    shell:
        r"""
        python {input.script:q} register_base --spec {params.spec:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
