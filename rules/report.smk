"""The report: an experiment's tables to its figures, and everything to one page.

Input: results/tables/{experiment}/, report/.
Output: results/figures/{experiment}/, and results/report.html for the experiments that
config/config.yaml names, results/reports/{experiments, joined by +}.html for others.
"""

FIGURE_MANIFEST = "results/figures/{experiment}/{figure}.manifest.json"
REPORT_MANIFEST = "results/{report}.manifest.json"


wildcard_constraints:
    report=one_of(PROJECT.reports),


rule plot_figure:
    """Draw one figure of an experiment: SVG, PNG, PDF, and a page that stands by itself."""
    input:
        unpack(PROJECT.reads(FIGURE_MANIFEST, PROJECT.plot_figure)),
        script=ancient("scripts/stage.py"),
        library=PROJECT.figure_library,
        tables=lambda wildcards: PROJECT.table_files(wildcards.experiment),
    output:
        svg=report(
            "results/figures/{experiment}/{figure}.svg",
            caption="../report/figure.rst",
            category="{experiment}",
            subcategory="figures",
            labels={"figure": "{figure}"},
        ),
        png="results/figures/{experiment}/{figure}.png",
        pdf="results/figures/{experiment}/{figure}.pdf",
        html="results/figures/{experiment}/{figure}.html",
        manifest=FIGURE_MANIFEST,
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
        caption=PROJECT.caption,
    shell:
        r"""
        python {input.script:q} plot_figure --spec {params.spec:q} \
            --tables {input.tables:q} \
            --svg {output.svg:q} --png {output.png:q} --pdf {output.pdf:q} \
            --html {output.html:q} \
            --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """


rule build_report:
    """One page: what was found, figures, tables, methods, provenance."""
    input:
        unpack(PROJECT.reads(REPORT_MANIFEST, PROJECT.build_report)),
        script=ancient("scripts/stage.py"),
        library=PROJECT.report_library(),
        template="report/template.html.j2",
        style="report/style.css",
        page_script="report/script.js",
        methods="report/workflow.rst",
        captions=PROJECT.report_captions,
        summaries=PROJECT.report_tables,
        figures=PROJECT.report_figures,
        figure_manifests=PROJECT.report_figure_manifests,
    output:
        report="results/{report}.html",
        manifest=REPORT_MANIFEST,
    log:
        "logs/build_report/{report}.log",
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
            --template {input.template:q} --style {input.style:q} \
            --script {input.page_script:q} --methods {input.methods:q} \
            --captions {input.captions:q} \
            --summaries {input.summaries:q} --figures {input.figures:q} \
            --report {output.report:q} --manifest {output.manifest:q} 2>&1 | tee {log:q}
        """
