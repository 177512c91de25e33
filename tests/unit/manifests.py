"""Manifests as a stage writes them, of whatever content a test needs."""

import json

from subliminal.artefacts.hashing import file_sha256
from subliminal.artefacts.verified import identity, place_of


def write_manifest(path, outputs=(), parents=None, **content):
    """Write a manifest that lists these files of its folder, and give its path.

    Args:
        outputs: files, or digests by name for files that nobody reads.
        parents: manifests by role.
        content: what else it says, or says otherwise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not isinstance(outputs, dict):
        outputs = {file.name: file_sha256(file) for file in outputs}
    origins = {
        role: {"path": str(parent), "id": json.loads(parent.read_text())["id"]}
        for role, parent in (parents or {}).items()
    }
    told = {
        "stage": "test",
        "about": "",
        "path": place_of(path),
        "spec": {},
        "parents": origins,
        "outputs": outputs,
        "facts": {},
        "run": {},
        **content,
    }
    path.write_text(json.dumps({"id": identity(told), **told}))
    return path
