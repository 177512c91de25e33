"""The report: an experiment's tables to its figures, and everything to one page.

Input: results/tables/{experiment}/, report/.
Output: results/figures/{experiment}/, results/report.html.
"""


rule plot_figure:
    """Draw one figure of an experiment, as SVG and as a page that stands by itself."""
    input:
        script=ancient("scripts/stage.py"),
        library=PROJECT.figure_library,
        tables=lambda wildcards: PROJECT.table_files(wildcards.experiment),
        experiment="config/experiments/{experiment}.yaml",
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
        python {input.script:q} plot_figure --spec {params.spec:q} \
            --tables {input.tables:q} \
            --svg {output.svg:q} --html {output.html:q} 2>&1 | tee {log:q}
        """


rule build_report:
    """One page: what was found, figures, tables, methods, provenance."""
    input:
        script=ancient("scripts/stage.py"),
        library=PROJECT.report_library(),
        template="report/template.html.j2",
        methods="report/workflow.rst",
        captions=expand("report/{figure}.rst", figure=PROJECT.all_figures),
        summaries=expand(TABLES_MANIFEST, experiment=PROJECT.experiments),
        figures=PROJECT.figure_files,
        experiments=expand("config/experiments/{experiment}.yaml", experiment=PROJECT.experiments),
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
        python {input.script:q} build_report --spec {params.spec:q} \
            --template {input.template:q} --methods {input.methods:q} \
            --captions {input.captions:q} \
            --summaries {input.summaries:q} --figures {input.figures:q} \
            --report {output:q} 2>&1 | tee {log:q}
        """
