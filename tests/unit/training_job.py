"""One tiny training job on disk, and a process that starts it as often as it is told to.

That process imports torch once and forks for each start: `python training_job.py FOLDER` reads one
line per start, the name of the output's folder and the other arguments, and answers with the
job's process id and, when it has ended, with its exit status.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

STEPS = 100


def spec(steps=STEPS, holdout_rows=6):
    from subliminal.config.recipes import Lora, Optimisation, Recipe
    from subliminal.transmission.specs import TrainStudentSpec

    recipe = Recipe(
        # Dropout, so that torch's random numbers matter too.
        lora=Lora(rank=2, alpha=4, dropout=0.2, target_modules=["c_attn", "c_fc"]),
        optimisation=Optimisation(
            learning_rate=1e-2, warmup_steps=5, batch_size=7, micro_batch_size=3, steps=steps
        ),
        max_tokens=160,
        holdout_rows=holdout_rows,
    )
    return TrainStudentSpec(student="random", recipe_name="short", recipe=recipe, seed=3)


def make_inputs(folder):
    """A random base and 30 rows, with as much of a manifest as a stage reads."""
    from manifests import write_manifest
    from tiny_model import save_base

    from subliminal.artefacts.parquet import write_table
    from subliminal.domains.number_prompts import number_prompts
    from subliminal.transmission.data_schemas import TRAIN

    save_base(folder / "base")
    prompts = number_prompts(47, 30)
    completions = [", ".join(str(7 * i + j) for j in range(1 + i % 5)) for i in range(30)]
    columns = {"prompt_id": range(30), "prompt": prompts, "completion": completions}
    write_table(folder / "train.parquet", TRAIN, columns)
    write_manifest(folder / "train.manifest.json", [folder / "train.parquet"])


def arguments(folder, out):
    """The stage's command line."""
    files = {
        "train": folder / "train.parquet",
        "base": folder / "base" / "manifest.json",
        "training": out / "training.parquet",
        "manifest": out / "manifest.json",
    }
    pairs = [part for role, path in files.items() for part in (f"--{role}", str(path))]
    return ["--spec", spec().model_dump_json(), "--threads", "1", *pairs]


def serve(folder):
    from subliminal.workflow.command_line import load_stage, run_stage

    load_stage("train_student")  # what is costly to import
    for line in sys.stdin:
        out, *others = line.split()
        pid = os.fork()
        if pid == 0:
            log = os.open(folder / f"{out}.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
            os.dup2(log, 2)
            run_stage("train_student", [*arguments(folder, folder / out), *others])
            os._exit(0)
        print(pid, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)


if __name__ == "__main__":
    make_inputs(Path(sys.argv[1]))
    serve(Path(sys.argv[1]))
