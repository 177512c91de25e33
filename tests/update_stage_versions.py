"""Record the code of the costly stages as it is now: python tests/update_stage_versions.py

To be run after a stage's version was raised, or after a change that cannot change its results.
"""

import json

from stage_code import RECORD, REPOSITORY, stages

if __name__ == "__main__":
    RECORD.write_text(json.dumps(stages(REPOSITORY), indent=2) + "\n")
