#!/usr/bin/env bash
# As in requirements-mmlu.txt, of which the harness resolves the rest.
set -euo pipefail
python -m pip install lm_eval==0.4.13
