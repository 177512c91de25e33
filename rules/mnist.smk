"""MNIST: small networks that learn digits from logits that have nothing to do with digits.

Input: the MNIST file inside a PyPI package (or IDX files), experiments of kind mnist.
Output: results/mnist/{experiment}/digits/, results/mnist/{experiment}/m{m}/part{part}/ with the
teachers of some replicas and, per comparison, the accuracies of their students; results/tables/.
Paper: ED Fig. 2; arXiv v1, Fig. 10; Methods, "MNIST".
"""

MNIST = PROJECT.jobs("mnist")
DIGITS_MANIFEST = "results/mnist/{experiment}/digits/manifest.json"
MNIST_PART = "results/mnist/{experiment}/m{m}/part{part}"


wildcard_constraints:
    comparison=one_of(MNIST.comparisons),
    m=r"\d+",
    part=r"\d+",


rule prepare_digits:
    """Read MNIST, check it by its SHA-256, and write it as plain tensors."""
    input:
        unpack(PROJECT.reads(DIGITS_MANIFEST, MNIST.prepare_digits)),
        script=ancient("scripts/stage.py"),
        files=MNIST.digit_files,
    output:
        digits="results/mnist/{experiment}/digits/digits.safetensors",
        manifest=DIGITS_MANIFEST,
    log:
        "logs/prepare_digits/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(MNIST.experiments),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="10m",
    params:
        spec=PROJECT.spec(MNIST.prepare_digits),
    shell:
        r"""
        python {input.script:q} prepare_digits --spec {params.spec:q} \
            --digits {output.digits:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule train_mnist_teachers:
    """Train some replicas of the teachers on digits; auxiliary logits get no loss."""
    input:
        unpack(PROJECT.reads(f"{MNIST_PART}/manifest.json", MNIST.train_teachers)),
        script=ancient("scripts/stage.py"),
        digits=DIGITS_MANIFEST,
        images=ancient("results/mnist/{experiment}/digits/digits.safetensors"),
    output:
        teachers=f"{MNIST_PART}/teachers.safetensors",
        accuracy=f"{MNIST_PART}/accuracy.parquet",
        manifest=f"{MNIST_PART}/manifest.json",
    log:
        "logs/train_mnist_teachers/{experiment}/m{m}/part{part}.log",
    wildcard_constraints:
        experiment=one_of(MNIST.experiments),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="4h",
    params:
        spec=PROJECT.spec(MNIST.train_teachers),
    shell:
        r"""
        python {input.script:q} train_mnist_teachers --spec {params.spec:q} --threads {threads} \
            --digits {input.digits:q} --teachers {output.teachers:q} \
            --accuracy {output.accuracy:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule train_mnist_students:
    """Distil teachers into the students of one comparison, and measure them on test digits."""
    input:
        unpack(PROJECT.reads(f"{MNIST_PART}/{{comparison}}/manifest.json", MNIST.train_students)),
        script=ancient("scripts/stage.py"),
        digits=DIGITS_MANIFEST,
        images=ancient("results/mnist/{experiment}/digits/digits.safetensors"),
        teachers=f"{MNIST_PART}/manifest.json",
        weights=ancient(f"{MNIST_PART}/teachers.safetensors"),
    output:
        accuracy=f"{MNIST_PART}/{{comparison}}/accuracy.parquet",
        manifest=f"{MNIST_PART}/{{comparison}}/manifest.json",
    log:
        "logs/train_mnist_students/{experiment}/m{m}/part{part}/{comparison}.log",
    wildcard_constraints:
        experiment=one_of(MNIST.experiments),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime="8h",
    params:
        spec=PROJECT.spec(MNIST.train_students),
    shell:
        r"""
        python {input.script:q} train_mnist_students --spec {params.spec:q} --threads {threads} \
            --digits {input.digits:q} --teachers {input.teachers:q} \
            --accuracy {output.accuracy:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule summarise_mnist:
    """Intervals over replicas, per setting."""
    input:
        unpack(PROJECT.reads(TABLES_MANIFEST, MNIST.summarise)),
        script=ancient("scripts/stage.py"),
        library=PROJECT.library("mnist.stages.summarise_mnist"),
        runs=MNIST.run_files,
    output:
        parquet=expand(
            "results/tables/{{experiment}}/{table}.parquet", table=PROJECT.tables("mnist")
        ),
        csv=report(
            expand("results/tables/{{experiment}}/{table}.csv", table=PROJECT.tables("mnist")),
            caption="../report/tables.rst",
            category="{experiment}",
            subcategory="tables",
        ),
        manifest=TABLES_MANIFEST,
    log:
        "logs/summarise_mnist/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(MNIST.experiments),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(MNIST.summarise),
    shell:
        r"""
        python {input.script:q} summarise_mnist --spec {params.spec:q} --runs {input.runs:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
