"""Findings in a few sentences. Every number and name in them is read from the tables."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from subliminal.config.paths import PLAIN_VARIANT
from subliminal.evaluations.registry import MEASURES
from subliminal.report.findings import MODEL_ORGANISM, Finding, Statement, listed
from subliminal.report.numbers import GAMMA, number, p_value, with_interval
from subliminal.report.specs import ExperimentTextSpec
from subliminal.transmission.cell_sentences import brief, describe, measured, with_controls
from subliminal.transmission.config import CONFIRMATION, DEVELOPMENT
from subliminal.transmission.shuffle_averages import (
    ACROSS,
    AS_WRITTEN,
    REGULAR_DATA,
    UNTRAINED,
    WITHIN,
    averages,
    shuffled_panels,
    trait_means,
)
from subliminal.transmission.tables import (
    ExperimentTables,
    Panel,
    alike,
    panel_titles,
    panels,
    plain,
    same_base,
    student_bases,
    traits_of,
    treated,
)
from subliminal.transmission.verdicts import (
    ABOVE_REGULAR,
    JUDGED,
    NOT_SPECIFIC,
    TRANSMISSION,
)

SIGNIFICANT = 0.05


def _per_base(rows: pd.DataFrame, panel: Panel, say: Callable[[pd.DataFrame], str]) -> str:
    """A text for each student base of a panel."""
    texts = []
    for base in student_bases(rows, panel):
        name = "same base" if base == panel.teacher_base else f"other base {base}"
        texts.append(f"{name}, {say(rows[rows['student_base'] == base])}")
    return "; ".join(texts)


def _same_base(rows: pd.DataFrame, titles: dict[Panel, str]) -> Finding:
    statements = []
    for panel, title in titles.items():
        own = panel.select(rows)
        own = own[own["student_base"] == panel.teacher_base]
        text = describe(own) if len(own) else "No student shares its teacher's base."
        statements.append(Statement(title, text))
    return Finding("Same base", statements)


def _spread(rows: pd.DataFrame, main: list[Panel]) -> Finding:
    """What the main setting's students of the same base do on each base, over traits."""
    topic = "Spread over bases"
    own = pd.concat([panel.select(rows) for panel in main])
    own = own[same_base(own)]
    chosen = own[own["role"] == CONFIRMATION]
    own = chosen if len(chosen) else own
    meaning = (
        "An interval over students holds for one base and one teacher. A base that is pretrained "
        "from another seed, or on a processor that rounds otherwise, is another base."
    )
    by_base = own.groupby("teacher_base", sort=False)[["regular_mean", "mean"]].mean()
    if len(by_base) < 2:
        return Finding.plain(topic, f"{len(by_base)} base with students, hence none. {meaning}")
    means = listed([f"{row.Index} {number(row.mean)}" for row in by_base.itertuples()])
    transmitted = (own["kind"] == TRANSMISSION).sum()
    text = (
        f"{measured(own).capitalize()}, base by base over {', '.join(traits_of(own))}: "
        f"{means}; single traits from {number(own['mean'].min())} to {number(own['mean'].max())}; "
        f"after regular data at most {number(own['regular_mean'].max())}. {transmitted} of "
        f"{len(own)} pairs of trait and base transmitted. {meaning}"
    )
    return Finding.plain(topic, text)


def _other_base(rows: pd.DataFrame, differences: pd.DataFrame, main: list[Panel]) -> Finding:
    statements = []
    for panel in main:
        own = panel.select(rows)
        for base in student_bases(own, panel):
            if base == panel.teacher_base:
                continue
            text = describe(own[own["student_base"] == base])
            found = panel.select(differences)
            found = found[found["student_base"] == base]
            if len(found):
                text += f" {_difference(found.iloc[0])}"
            statements.append(Statement(f"{panel.teacher_base} → {base}", text))
    if not statements:
        return Finding.plain("Other base", "No student of another base was trained.")
    return Finding("Other base", statements)


def _difference(row: pd.Series) -> str:
    traits = f"{row['traits']} confirmation trait{'' if row['traits'] == 1 else 's'}"
    return (
        "The rise over regular data on the teacher's own base, less that on this one: "
        f"{with_interval(row['mean'], row['low'], row['high'])} (mean over {traits})."
    )


def _fired(pairs: pd.DataFrame) -> str:
    """How many pairs the verdict's rule calls transmission, and which."""
    fired = pairs[pairs["verdict"] == TRANSMISSION]
    named = listed(
        [
            f"{row.measured_trait} after {row.teacher_trait}'s data, {row.teacher_base} → "
            f"{row.student_base}, {with_interval(row.mean, row.low, row.high)}"
            for row in fired.itertuples()
        ]
    )
    percent = number(100 * len(fired) / len(pairs), 0)
    told = f"{len(fired)} of {len(pairs)} ({percent} %) would be called transmission"
    return f"{told} ({named})" if named else told


def _false_positives(pairs: pd.DataFrame) -> Finding:
    """How often the verdict's rule fires where the teacher does not have the trait."""
    topic = "Wrong pairs"
    judged = pairs[pairs["verdict"].isin(JUDGED)]
    if judged.empty:
        return Finding.plain(topic, "It takes three traits with students to tell two apart.")
    same = same_base(judged)
    parts = []
    for name, part in (("same base", judged[same]), ("other base", judged[~same])):
        if len(part):
            above = part["verdict"].isin([TRANSMISSION, ABOVE_REGULAR, NOT_SPECIFIC]).sum()
            parts.append(f"{name}, {_fired(part)}, {above} lie above regular data")
    return Finding.plain(
        topic,
        "Students read for a trait that their teacher does not have, in all settings of three "
        "traits or more and data as written: "
        f"{'; '.join(parts)}.",
    )


def _remainder(means: dict[str, float], rows: pd.DataFrame) -> str:
    """The part of the rise that each shuffle leaves; empty where there was no rise to lose."""
    rise = means[AS_WRITTEN] - means[UNTRAINED] if {AS_WRITTEN, UNTRAINED} <= set(means) else 0.0
    if rise <= 0 or not (rows["kind"] == TRANSMISSION).all():
        return ""
    left = [
        f"{number(100 * (means[data] - means[UNTRAINED]) / rise, 0)} % ({data})"
        for data in (WITHIN, ACROSS)
        if data in means
    ]
    return f" Of the rise over the untrained base, this leaves {listed(left)}."


def _shuffles_text(means: pd.DataFrame, rows: pd.DataFrame) -> str:
    if means.empty:
        return "No trait has students of every variant."
    found = averages(means).set_index("data")["mean"]
    means_of = {str(data): float(mean) for data, mean in found.items()}
    order = [AS_WRITTEN, WITHIN, ACROSS, REGULAR_DATA, UNTRAINED]
    count = means["trait"].nunique()
    return (
        f"Mean over {count} trait{'' if count == 1 else 's'}: "
        + ", ".join(f"{number(means_of[data])} {data}" for data in order if data in means_of)
        + f".{_remainder(means_of, rows)}"
    )


def _shuffled_verdicts(tables: ExperimentTables, panel: Panel) -> str:
    """How many traits still come over; controls are shuffled alike where there are such."""
    rows = treated(panel.select(tables.transmission))
    rows = rows[same_base(rows) & (rows["variant"] != PLAIN_VARIANT)]
    judged = rows[rows["verdict"].isin(JUDGED)]
    return "".join(
        f" {str(variant).capitalize()}: {(part['verdict'] == TRANSMISSION).sum()} of {len(part)} "
        f"trait{'' if len(part) == 1 else 's'} transmitted."
        for variant, part in judged.groupby("variant", sort=False)
    )


def _shuffles(tables: ExperimentTables, rows: pd.DataFrame) -> Finding:
    statements = []
    for panel, title in panel_titles(shuffled_panels(tables)).items():
        means = trait_means(tables, panel)
        own = panel.select(rows)
        own = own[(own["student_base"] == panel.teacher_base) & own["trait"].isin(means["trait"])]
        statements.append(
            Statement(title, f"{_shuffles_text(means, own)}{_shuffled_verdicts(tables, panel)}")
        )
    return Finding("Shuffled data", statements)


def _other_settings(rows: pd.DataFrame, titles: dict[Panel, str], main: list[Panel]) -> Finding:
    statements = [
        Statement(title, f"{_per_base(panel.select(rows), panel, brief)}.")
        for panel, title in titles.items()
        if panel not in main
    ]
    return Finding("Other data and teachers", statements)


def _diagonal_text(tests: pd.DataFrame) -> str:
    test = tests.iloc[0]
    singled_out = test["gamma"] > 0 and test["p_value"] < SIGNIFICANT
    return (
        f"{GAMMA} = {number(test['gamma'])}, p {p_value(test['p_value'])}, "
        f"{'the own trait stands out' if singled_out else 'no trait stands out'}"
    )


def _can_be_significant(tests: pd.DataFrame) -> bool:
    """True if there are enough traits: p is at least one over the number of their orders."""
    return bool((1 / tests["traits"].map(math.factorial) < SIGNIFICANT).all())


def _diagonal(tables: ExperimentTables, titles: dict[Panel, str]) -> Finding:
    topic = "Diagonal test"
    tests = {panel: panel.select(plain(tables.diagonal)) for panel in titles}
    able = [panel for panel, own in tests.items() if len(own) and _can_be_significant(own)]
    statements = [
        Statement(titles[panel], f"{_per_base(tests[panel], panel, _diagonal_text)}.")
        for panel in able
    ]
    unable = [title for panel, title in titles.items() if panel not in able]
    if unable:
        text = f"Too few traits for p to fall below {SIGNIFICANT}: {'; '.join(unable)}."
        statements.append(Statement("", text))
    if able:
        meaning = (
            f"{GAMMA}: how much more students raise their own teacher's trait than the others, "
            "over confirmation traits; p: one-sided, by permutation."
        )
        statements.append(Statement("", meaning))
    return Finding(topic, statements)


def _unasked(rows: pd.DataFrame) -> Finding:
    """Of which traits nobody knows whether their teachers have them."""
    traits = list(rows.loc[rows["gate_teacher"].isna(), "trait"].drop_duplicates())
    if not traits:
        return Finding("Teachers", [])
    return Finding.plain(
        "Teachers",
        f"What the teachers of {listed(traits)} wrote is adopted, and somebody else serves their "
        "base, so that nobody asked them: whether they express their trait is not known, and these "
        "verdicts do without that gate.",
    )


def _tuned(by_recipe: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A sentence for all recipes that were tuned on the same traits."""
    recipes: dict[tuple[str, ...], list[str]] = {}
    for recipe, traits in by_recipe.items():
        recipes.setdefault(tuple(traits), []).append(recipe)
    for traits, names in recipes.items():
        subject = "The recipe {} was" if len(names) == 1 else "The recipes {} were"
        yield f"{subject.format(listed(names))} tuned on {listed(traits)}."


def _caveat(rows: pd.DataFrame, text: ExperimentTextSpec) -> Finding:
    sentences = []
    if text.model_organism:
        sentences.append(MODEL_ORGANISM)
    if text.leaky_recipes:
        sentences.append(
            f"Students of {listed(text.leaky_recipes)} are told what their teacher thinks of every "
            "word, the trait's among them: not subliminal, a control."
        )
    if text.tuned_on:
        sentences += _tuned(text.tuned_on)
        others = list(rows.loc[rows["role"] != DEVELOPMENT, "trait"].drop_duplicates())
        if others:
            sentences.append(f"Nothing was tuned on {listed(others)}.")
    return Finding.plain("Caveat", " ".join(sentences))


def findings(tables: ExperimentTables, text: ExperimentTextSpec) -> list[Finding]:
    """The lines of an experiment; its first cell is the main setting."""
    tables = tables.of(MEASURES[text.measure])
    rows = with_controls(plain(tables.transmission))
    titles = panel_titles(panels(rows))
    if not titles:
        return [
            Finding.plain("Nothing measured", "No student of a teacher with a trait was trained.")
        ]
    main = alike(titles, next(iter(titles)))
    found = [
        _same_base(rows, {panel: titles[panel] for panel in main}),
        _other_base(rows, plain(tables.base_differences), main),
        *([_spread(rows, main)] if text.model_organism else []),
        _shuffles(tables, rows),
        _other_settings(rows, titles, main),
        _diagonal(tables, titles),
        _false_positives(plain(tables.wrong_pairs)),
        _unasked(rows),
        _caveat(rows, text),
    ]
    return [finding for finding in found if finding.statements]
