"""generation_config.json."""

import json

from broken_bases.fault import DEEP, GENERATION, WORKS, Fault, cut, replaced


def generation(**changes):
    def damage(folder):
        content = json.loads((folder / GENERATION).read_text()) | changes
        (folder / GENERATION).write_text(json.dumps(content))

    return damage


ENDING = "generation_config.json: eos_token_id: expected"
GENERATIONS = [
    *(
        Fault(f"eos_token_id {value!r}", generation(eos_token_id=value), ENDING)
        for value in ("2", -1, 1.5, True, [[2]], ["2"], {"a": 2}, 2**40, 10**6)
    ),
    Fault("unknown keys", generation(evil={"a": [1]}), WORKS),
    Fault(
        "settings that contradict", generation(do_sample=False, temperature=0.6, top_p=0.9), WORKS
    ),
    Fault("a temperature that is text", generation(do_sample=True, temperature="hot"), WORKS),
    Fault(
        "a negative length",
        generation(max_new_tokens=-5),
        "transformers cannot read its generation_config.json",
    ),
    Fault(
        "code to generate with",
        generation(custom_generate="evil/code", trust_remote_code=True),
        WORKS,
    ),
    Fault(
        "a compiler",
        generation(compile_config=7),
        "transformers cannot read its generation_config.json",
    ),
    Fault(
        "a watermark",
        generation(watermarking_config={"evil": 1}),
        "transformers cannot read its generation_config.json",
    ),
    Fault(
        "a cache",
        generation(cache_implementation="evil"),
        "transformers cannot read its generation_config.json",
    ),
    Fault("generation as a list", replaced(GENERATION, "[]"), "generation_config.json is damaged"),
    Fault("deep generation", replaced(GENERATION, '{"a":' + DEEP + "}"), "nested too deeply"),
    Fault("generation cut", cut(GENERATION, 0.5), "generation_config.json is damaged"),
]
