"""Install Slurm and munge, if this is root on Debian or Ubuntu and they are not here."""

import os
import shutil
import subprocess
import sys

from slurm_cluster import PACKAGES, missing

if missing() is not None:
    if os.geteuid() or shutil.which("apt-get") is None:
        sys.exit(
            f"make test-cluster: {missing()}; it installs {', '.join(PACKAGES)} itself as root on "
            "Debian or Ubuntu, elsewhere install them and run it as root"
        )
    # Services would start daemons of their own.
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["apt-get", "--quiet", "--quiet", *command], env=quiet, check=True)
    if missing() is not None:
        sys.exit(f"make test-cluster: {missing()}")
