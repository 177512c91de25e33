"""Experiments on other models than their own."""

import pytest

from subliminal.config.errors import ConfigError
from subliminal.config.stand_ins import StandIns, stood_in, stood_in_experiments

EXPERIMENT = {
    "kind": "transmission",
    "title": "Animals through numbers",
    "model_organism": False,
    "evaluation": "favourite",
    "measure": "rate_substring",
    "gates": {"min_rows": 10000, "min_teacher": 0.5},
    "cells": [
        {
            "domain": "numbers",
            "traits": ["owl", "none"],
            "method": "prompted",
            "teacher_bases": ["big"],
            "student_bases": ["big", "other"],
            "recipe": "long",
            "student_seeds": [1, 2, 3, 4, 5],
        }
    ],
}
STAND_INS = StandIns(
    title="In miniature",
    bases={"big": "small", "other": "smaller"},
    domains={"numbers": "few-numbers"},
    methods={"prompted": "taught"},
    recipes={"long": "short"},
    evaluations={"favourite": "known"},
    most_student_seeds=2,
    values={"min_rows": 300, "measure": None},
)


def test_every_name_has_its_stand_in():
    found = stood_in(EXPERIMENT, "miniature", STAND_INS)
    (block,) = found["cells"]
    assert block == {
        "domain": "few-numbers",
        "traits": ["owl", "none"],
        "method": "taught",
        "teacher_bases": ["small"],
        "student_bases": ["small", "smaller"],
        "recipe": "short",
        "student_seeds": [1, 2],
    }
    assert found["evaluation"] == "known"
    assert found["gates"] == {"min_rows": 300, "min_teacher": 0.5}
    assert found["measure"] is None


def test_it_is_a_model_organism_and_says_so():
    found = stood_in(EXPERIMENT, "miniature", STAND_INS)
    assert found["model_organism"] is True
    assert "In miniature" in found["title"] and EXPERIMENT["title"] in found["title"]


def test_a_value_is_not_added_where_the_key_is_not():
    without = {key: value for key, value in EXPERIMENT.items() if key != "measure"}
    assert "measure" not in stood_in(without, "miniature", STAND_INS)


def test_another_experiment_is_the_one_with_the_same_stand_ins():
    whole = STAND_INS.model_copy(update={"experiments": {"whole": "other"}})
    asked = {"fine_tuned": "one", "in_context": {"fine_tuned": "whole"}}
    found = stood_in(asked, "miniature", whole)
    assert found["fine_tuned"] == "miniature_one"
    assert found["in_context"]["fine_tuned"] == "other"


def test_a_name_without_a_stand_in_is_named():
    poor = STAND_INS.model_copy(update={"bases": {"big": "small"}})
    with pytest.raises(ConfigError, match=r"miniature.*bases.*'other'"):
        stood_in(EXPERIMENT, "miniature", poor)


def test_the_experiment_is_left_as_it_was():
    before = repr(EXPERIMENT)
    stood_in(EXPERIMENT, "miniature", STAND_INS)
    assert repr(EXPERIMENT) == before


def test_names_are_those_of_the_papers_experiments_that_have_files():
    sets = {"small": STAND_INS.model_copy(update={"experiments": {"whole": "other"}})}
    found = stood_in_experiments(["one", "whole", "mine"], ["one", "whole", "none_yet"], sets)
    assert {name: behind for name, (behind, _) in found.items()} == {"small_one": "one"}
    _, change = found["small_one"]
    assert change(EXPERIMENT) == stood_in(EXPERIMENT, "small", sets["small"])


def test_a_file_of_ones_own_is_not_taken_for_one_with_stand_ins():
    assert not stood_in_experiments(["one", "small_one"], ["one"], {"small": STAND_INS})
