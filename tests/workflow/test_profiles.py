"""A profile takes the place of `default` as a whole, so each has to repeat its entries."""

import pytest
import yaml
from working_copy import REPOSITORY

PROFILES = {path.parent.name: path for path in REPOSITORY.glob("profiles/*/profile.yaml")}
# What a file system decides, which may be another one on a cluster.
OWN = {"latency-wait"}


def entries(name):
    return yaml.safe_load(PROFILES[name].read_text())


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_profile_repeats_what_the_default_one_says(name):
    common = {key: value for key, value in entries("default").items() if key not in OWN}
    assert common and common.items() <= entries(name).items()
    assert entries(name).keys() >= OWN
