"""Repositories of the hub that would write elsewhere, fill the disk, or give another commit.

The client reads its environment when it is imported: one process asks for all of them.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from outcomes import RIGHT, outcome_of, record

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "unit"))

from bases_fixture import published
from hub_stand_in import StandIn

pytestmark = pytest.mark.slow

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
COMMIT = "a" * 40
PREPARE = """
import json, logging, sys, time, traceback
from pathlib import Path
time.sleep = lambda seconds: None  # the client waits between its tries
from subliminal.bases.specs import PrepareBaseSpec
from subliminal.bases.stages.prepare_base import prepare_base
from subliminal.config.errors import ConfigError
from subliminal.config.models import HubBase

answers, folder = {}, Path(sys.argv[1])
for name in sys.argv[2:]:
    source = HubBase(
        source="hub", tier="open", repository=name, revision="a" * 40, parameters=1, licence="none"
    )
    try:
        spec = PrepareBaseSpec(base="tiny", source=source)
        manifest = folder / name / "manifest.json"
        prepare_base(spec, manifest, None, 1, logging.getLogger("test"))
        answers[name] = (0, "")
    except ConfigError as error:
        answers[name] = (1, str(error))
    except Exception:
        answers[name] = (1, traceback.format_exc())
print(json.dumps(answers))
"""


class Promised(bytes):
    """A file that the hub says is a petabyte."""

    def __len__(self):
        return 10**15


def escaping(files):
    for name in ("../../config.json", "/config.json", "model-/../-of-/../.safetensors", "a/b.json"):
        files[name] = b"{}"


def enormous(files):
    files["model.safetensors"] = Promised(files["model.safetensors"])


def no_safetensors(files):
    files["pytorch_model.bin"] = files.pop("model.safetensors")


def odd_names(files):
    files["config.json\n"] = files["config.json\x1b[2J"] = b"{}"


REPOSITORIES = {
    "someone/sound": (lambda files: None, ""),
    "someone/escaping": (escaping, ""),
    "someone/odd-names": (odd_names, ""),
    "someone/enormous": (enormous, "preparing it takes 2000000.0 GB of disk"),
    "someone/pickled": (no_safetensors, "neither model.safetensors nor"),
    "someone/empty": (dict.clear, "gave none of a model's files"),
    "someone/other-commit": (lambda files: None, "gave none of a model's files at aaaa"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder, hub = tmp_path_factory.mktemp("hub"), StandIn()
    model = published(folder / "model")
    for name, (change, _) in REPOSITORIES.items():
        hub.add(name, COMMIT, model)
        change(hub.files[name])
    hub.told["someone/other-commit"] = "b" * 40
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    with hub.running() as endpoint:
        done = subprocess.run(
            [sys.executable, "-c", PREPARE, folder / "results", *REPOSITORIES],
            capture_output=True,
            text=True,
            timeout=100,
            env={
                **kept,
                "PYTHONPATH": str(SCRIPTS),
                "HF_ENDPOINT": endpoint,
                "HF_HOME": str(folder / "home"),
                "HF_HUB_DISABLE_XET": "1",
            },
        )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_ends_in_a_clear_error_or_works(request, answers, name):
    folder, told = answers
    (status, output), says = told[name], REPOSITORIES[name][1]
    made = (folder / "results" / name / "manifest.json").is_file()
    outcome = outcome_of(status, output, ["config/models.yaml: tiny", says], made)
    record(request, outcome)
    assert outcome in RIGHT, output
    assert made == (not says), output


def test_nothing_is_written_beside_the_cache(answers):
    folder, _ = answers
    assert {path.name for path in folder.iterdir()} == {"model", "home", "results"}
    repositories = {path.name for path in (folder / "home/hub").iterdir() if path.is_dir()}
    assert all(name.startswith("models--") or name.startswith(".") for name in repositories)
