"""Results of invented models: the manifests of teachers, their data and students."""

from manifests import write_manifest

SPECS = {
    "tiny-a": {"seed": 1},
    "tiny-b": {"seed": 2},
    # The same initial weights as tiny-a; and a clone of it with other ones.
    "tiny-a-other-data": {"seed": 1, "data_seed": 9},
    "tiny-a-clone": {"seed": 3, "imitates": "tiny-a"},
}
DOMAIN = "numbers"


def base(results, name):
    """A base that was pretrained."""
    manifest = results / f"models/{name}/manifest.json"
    if manifest.exists():
        return manifest
    plan = {"architecture": {"layers": 2}, "world": "tiny"}
    return write_manifest(
        manifest,
        {"model.safetensors": f"weights of {name}"},
        stage="pretrain_base",
        about=f"base {name}",
        spec={"base": name, "pretraining": plan, **SPECS[name]},
    )


def train_set(results, teacher_base="tiny-a", name="owl-finetuned", word="owl", prompt=None):
    """The data of a teacher: trained if it has a word, prompted or a control if not."""
    folder = results / f"datasets/{DOMAIN}/{teacher_base}/{name}/t1"
    parents = {"base": base(results, teacher_base)}
    if word is not None:
        parents["teacher"] = write_manifest(
            results / f"teachers/{teacher_base}/{name}/t1/manifest.json",
            stage="train_teacher",
            about=f"teacher that prefers {word}",
            spec={"base": teacher_base, "word": word},
            parents={"base": parents["base"]},
        )
    raw = write_manifest(
        folder / "raw.manifest.json",
        stage="sample_completions",
        about="raw",
        spec={"system_prompt": prompt},
        parents=parents,
    )
    return write_manifest(
        folder / "train.manifest.json", stage="make_train_set", about="rows", parents={"raw": raw}
    )


def student(results, train, student_base="tiny-a", files=None, **content):
    """A student of a training set; None for one that nobody knows.

    Args:
        files: texts of the files that it consists of, by name.
    """
    data = "/".join(train.parts[-5:-1]) if train else f"{DOMAIN}/tiny-a/owl-finetuned/t1"
    known = {"train": train} if train else {}
    folder = results / f"students/{student_base}/tiny/{data}/train/seed1"
    folder.mkdir(parents=True)
    for name, text in (files or {}).items():
        (folder / name).write_text(text)
    return write_manifest(
        folder / "manifest.json",
        [folder / name for name in files or {}],
        stage="train_student",
        about=f"student on {student_base}",
        spec={"student": student_base},
        parents={"base": base(results, student_base), **known},
        **content,
    )
