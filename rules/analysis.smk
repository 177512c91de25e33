"""Analysis: students to tables, tables to figures, figures to the report.

Input: scores and manifests of an experiment's models and datasets.
Output: results/tables/{experiment}/, results/figures/{experiment}/, results/report.html.
Paper: Fig. 4 and 5, ED Fig. 4; Methods, "Statistical analysis".
"""


rule summarise_experiment:
    """Intervals over students, the trait x trait matrix and its test, gates and verdicts."""
    input:
        unpack(PROJECT.inputs.summary_files),
        script="scripts/summarise_experiment.py",
        library=PROJECT.library("scripts/summarise_experiment.py"),
    output:
        parquet=expand(
            "results/tables/{{experiment}}/{table}.parquet", table=TABLES["transmission"]
        ),
        csv=report(
            expand("results/tables/{{experiment}}/{table}.csv", table=TABLES["transmission"]),
            caption="../report/tables.rst",
            category="{experiment}",
            subcategory="tables",
        ),
        manifest="results/tables/{experiment}/manifest.json",
    log:
        "logs/summarise_experiment/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(PROJECT.transmission_experiments),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(PROJECT.jobs.summarise_experiment),
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule check_gates:
    """What can be known before students are trained: the teachers' traits, rows and channel."""
    input:
        unpack(PROJECT.inputs.gate_files),
        script="scripts/check_gates.py",
        library=PROJECT.library("scripts/check_gates.py"),
    output:
        parquet="results/tables/{experiment}/gates.parquet",
        csv="results/tables/{experiment}/gates.csv",
        manifest="results/tables/{experiment}/gates.manifest.json",
    log:
        "logs/check_gates/{experiment}.log",
    wildcard_constraints:
        experiment=one_of(PROJECT.transmission_experiments),
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(PROJECT.jobs.summarise_experiment),
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule plot_figure:
    """Draw one figure of an experiment, as SVG and as a page that stands by itself."""
    input:
        script="scripts/plot_figure.py",
        library=PROJECT.library("scripts/plot_figure.py"),
        tables=lambda wildcards: PROJECT.tables(wildcards.experiment),
    output:
        svg=report(
            "results/figures/{experiment}/{figure}.svg",
            caption="../report/{figure}.rst",
            category="{experiment}",
            subcategory="figures",
            labels={"figure": "{figure}"},
        ),
        html="results/figures/{experiment}/{figure}.html",
    log:
        "logs/plot_figure/{experiment}/{figure}.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(PROJECT.plot_figure),
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} \
            --tables {input.tables:q} \
            --svg {output.svg:q} --html {output.html:q} 2>&1 | tee {log:q}
        """


rule build_report:
    """One page: what was found, figures, tables, methods, provenance."""
    input:
        script="scripts/build_report.py",
        library=PROJECT.library("scripts/build_report.py"),
        template="report/template.html.j2",
        methods="report/workflow.rst",
        captions=expand("report/{figure}.rst", figure=PROJECT.all_figures),
        summaries=expand(
            "results/tables/{experiment}/manifest.json", experiment=PROJECT.experiments
        ),
        figures=PROJECT.figure_files,
    output:
        "results/report.html",
    log:
        "logs/build_report.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime="10m",
    params:
        spec=PROJECT.spec(PROJECT.build_report),
    shell:
        r"""
        python {input.script:q} --spec {params.spec:q} \
            --template {input.template:q} --methods {input.methods:q} \
            --captions {input.captions:q} \
            --summaries {input.summaries:q} --figures {input.figures:q} \
            --report {output:q} 2>&1 | tee {log:q}
        """
