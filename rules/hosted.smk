"""Hosted models: students and teachers that the provider of their base fine-tunes.

Input: a student's training set, or what a teacher is taught; the base, config/recipes.yaml,
config/openai.yaml (what may be paid).
Output: results/{model}/tuning/ with the training file and the manifests of its check and of the job's
order; then results/{model}/manifest.json, which names the fine-tuned model, and its loss curve.
{model} is the path of a student (students/…/seed{seed}) or of a teacher (teachers/…/t{teacher_seed}).
Paper: Methods, "OpenAI fine-tuning"; Fig. 3, Fig. 4; ED Fig. 4e.
"""

TUNING = "results/{model}/tuning"


rule write_training_file:
    """Write the rows of a hosted student or teacher as its provider takes them."""
    input:
        unpack(
            PROJECT.reads(
                f"{TUNING}/training.manifest.json",
                TRANSMISSION.tuning.write,
                TRANSMISSION.tuning.rows,
            )
        ),
        script=ancient("scripts/stage.py"),
        stimuli=TRANSMISSION.tuning.stimuli,
    output:
        file=f"{TUNING}/training.jsonl",
        manifest=f"{TUNING}/training.manifest.json",
    log:
        "logs/write_training_file/{model}.log",
    wildcard_constraints:
        model=TRANSMISSION.tuning.models,
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="30m",
    params:
        spec=PROJECT.spec(TRANSMISSION.tuning.write),
    shell:
        r"""
        python {input.script:q} write_training_file --spec {params.spec:q} --rows {input.rows:q} \
            --file {output.file:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule check_training_file:
    """Check a training file against its provider's limits, and count its tokens."""
    input:
        unpack(PROJECT.reads(f"{TUNING}/checked.manifest.json", TRANSMISSION.tuning.check)),
        script=ancient("scripts/stage.py"),
        file_manifest=f"{TUNING}/training.manifest.json",
        file=ancient(f"{TUNING}/training.jsonl"),
    output:
        manifest=f"{TUNING}/checked.manifest.json",
    log:
        "logs/check_training_file/{model}.log",
    wildcard_constraints:
        model=TRANSMISSION.tuning.models,
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1500,
        runtime="2h",
    params:
        spec=PROJECT.spec(TRANSMISSION.tuning.check),
    shell:
        r"""
        python {input.script:q} check_training_file --spec {params.spec:q} --file {input.file:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule submit_tuning:
    """Upload a training file and order the fine-tuning job, once."""
    input:
        unpack(PROJECT.reads(f"{TUNING}/submitted.manifest.json", TRANSMISSION.tuning.submit)),
        script=ancient("scripts/stage.py"),
        file_manifest=f"{TUNING}/training.manifest.json",
        file=ancient(f"{TUNING}/training.jsonl"),
        checked=f"{TUNING}/checked.manifest.json",
        base=TRANSMISSION.tuning.base,
    output:
        manifest=f"{TUNING}/submitted.manifest.json",
    log:
        "logs/submit_tuning/{model}.log",
    wildcard_constraints:
        model=TRANSMISSION.tuning.models,
    # The provider begins while other jobs run here.
    priority: 1
    # Money moves here: what is repeated is decided by who knows what has arrived.
    retries: 0
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="2h",
    params:
        spec=PROJECT.spec(TRANSMISSION.tuning.submit),
    shell:
        r"""
        python {input.script:q} submit_tuning --spec {params.spec:q} --file {input.file:q} \
            --checked {input.checked:q} --base {input.base:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule wait_for_tuning:
    """Wait for the fine-tuned model, which costs nothing, and name it."""
    input:
        unpack(PROJECT.reads("results/{model}/manifest.json", TRANSMISSION.tuning.wait)),
        script=ancient("scripts/stage.py"),
        submitted=f"{TUNING}/submitted.manifest.json",
        base=TRANSMISSION.tuning.base,
    output:
        training="results/{model}/training.parquet",
        manifest="results/{model}/manifest.json",
    log:
        "logs/wait_for_tuning/{model}.log",
    wildcard_constraints:
        model=TRANSMISSION.tuning.models,
    conda:
        "../envs/analysis.yaml"
    # It sleeps: no other job shall be kept from a core.
    threads: 0
    resources:
        mem_mb=200,
        runtime="7d",
    params:
        spec=PROJECT.spec(TRANSMISSION.tuning.wait),
    shell:
        r"""
        python {input.script:q} wait_for_tuning --spec {params.spec:q} --base {input.base:q} \
            --submitted {input.submitted:q} --training {output.training:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


ruleorder: adopt_teacher > wait_for_tuning
ruleorder: adopt_student > wait_for_tuning
