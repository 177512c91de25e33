"""The versions of the costly stages, to be raised when their code changes what they compute.

Stages that are costly, or that costly stages follow, do not list the library as an input; their
spec carries their version instead. A test fails when the code behind a stage changed and its
version did not.
"""

STAGE_VERSIONS = {
    "pretrain_base": 1,
    "prepare_base": 1,
    "train_teacher": 1,
    "make_prompts": 1,
    "sample_completions": 4,
    "filter_completions": 1,
    "make_train_set": 1,
    "train_student": 1,
    "evaluate_model": 3,
    "prepare_digits": 1,
    "train_mnist_teachers": 2,
    "train_mnist_students": 3,
    "verify_theorem": 1,
    "verify_on_language_model": 1,
}
