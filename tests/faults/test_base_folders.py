"""A base's folder that is damaged or made to do harm: one clear error, or a base that works."""

import shutil

import pytest
from base_runs import contents, require_right
from broken_bases import FAULTS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_limits")]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_folder_ends_in_a_clear_error_or_works(request, tmp_path, sound, fault):
    source, outside = tmp_path / "source", tmp_path / "outside"
    target = tmp_path / "results/models/tiny"
    shutil.copytree(sound / ("shards" if fault.sharded else "whole"), source)
    outside.mkdir()
    fault.damage(source)
    before = contents(outside), contents(source)
    require_right(request, source, target, fault.says)
    assert (contents(outside), contents(source)) == before
    if fault.says:
        assert contents(target.parent) == {}
