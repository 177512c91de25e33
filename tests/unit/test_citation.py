"""One version, in one place, as others define the file that holds it."""

import json
import re

import jsonschema
import yaml
from crate_judge import data_of
from working_copy import REPOSITORY

from subliminal.sharing.citation import citation


def test_the_citation_file_has_the_form_that_its_makers_define():
    content = yaml.load((REPOSITORY / "CITATION.cff").read_text(), Loader=yaml.BaseLoader)
    # Numbers and texts look the same there.
    content["references"][0]["volume"] = int(content["references"][0]["volume"])
    for key in ("year",):
        content["references"][0][key] = int(content["references"][0][key])
    jsonschema.validate(content, json.loads(data_of("cffconvert")))


def test_the_newest_release_of_the_changelog_is_the_version():
    changes = (REPOSITORY / "CHANGELOG.md").read_text()
    version, day = re.findall(r"^## (\d\S*) - (\d{4}-\d\d-\d\d)$", changes, re.MULTILINE)[0]
    assert (citation().version, citation().released) == (version, day)
