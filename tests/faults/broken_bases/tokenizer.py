"""Tokenizers."""

import json

from broken_bases.fault import (
    DEEP,
    READS,
    SETTINGS,
    TOKENIZER,
    WORKS,
    Fault,
    cut,
    replaced,
    settings,
)


def tokenizer(change):
    def damage(folder):
        content = json.loads((folder / TOKENIZER).read_text())
        change(content)
        (folder / TOKENIZER).write_text(json.dumps(content))

    return damage


def vocabulary(change):
    return tokenizer(lambda content: change(content["model"]["vocab"]))


def normalizer(**rule):
    return tokenizer(lambda content: content.update(normalizer=rule))


def split_by(pattern):
    rule = {"type": "Split", "behavior": "Isolated", "invert": False, "pattern": {"Regex": pattern}}
    return tokenizer(lambda content: content.update(pre_tokenizer=rule))


def added(**changes):
    def change(content):
        content["added_tokens"].append({**content["added_tokens"][0], **changes})

    return tokenizer(change)


def without_digits(vocab):
    for digit in "0123456789":
        vocab[f"no{digit}"] = vocab.pop(digit)


def with_code(folder):
    """Code beside the tokenizer that would write outside."""
    marker = folder.parent / "outside" / "was-run"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w')\nclass Evil: pass\n")
    settings(tokenizer_class="Evil", auto_map={"AutoTokenizer": ["evil.Evil", None]})(folder)


def only(name, content):
    """The tokenizer is another file."""

    def damage(folder):
        (folder / TOKENIZER).unlink()
        (folder / name).write_bytes(content)

    return damage


TOKENIZERS = [
    Fault("a tokenizer cut", cut(TOKENIZER, 0.5), READS),
    Fault("a tokenizer of nothing", replaced(TOKENIZER, "{}"), READS),
    Fault("a tokenizer that is a list", replaced(TOKENIZER, "[]"), READS),
    Fault("a deep tokenizer", replaced(TOKENIZER, DEEP), READS),
    Fault("a tokenizer of bytes", replaced(TOKENIZER, bytes(range(256))), READS),
    Fault(
        "an id beyond the model", vocabulary(lambda v: v.update(more=10**6)), "its tokenizer has"
    ),
    Fault("an id of 2^40", vocabulary(lambda v: v.update(more=2**40)), READS),
    Fault("a negative id", vocabulary(lambda v: v.update(more=-1)), READS),
    Fault("an id that is text", vocabulary(lambda v: v.update(more="1")), READS),
    Fault("an id twice", vocabulary(lambda v: v.update(more=7)), WORKS),
    Fault("no vocabulary", vocabulary(dict.clear), "its tokenizer makes"),
    Fault("no digits", vocabulary(without_digits), "its tokenizer makes"),
    Fault("all digits alike", vocabulary(lambda v: v.update({d: v["0"] for d in "123"})), "makes"),
    Fault("an unknown model", tokenizer(lambda c: c["model"].update(type="Evil")), READS),
    Fault(
        "merges of unknown tokens", tokenizer(lambda c: c["model"].update(merges=["a zz"])), READS
    ),
    Fault("a pattern that searches for ever", split_by(r"(a|a|aa)+$"), "its tokenizer"),
    Fault("a pattern that looks behind", split_by(r"(?:(?:a+)+)+\1?b"), READS),
    Fault("a pattern that is none", split_by("("), READS),
    Fault(
        "texts that grow",
        normalizer(type="Replace", pattern={"String": "a"}, content="b" * 10**6),
        "its tokenizer",
    ),
    Fault(
        "texts that begin with a megabyte",
        normalizer(type="Prepend", prepend="1" * 10**5),
        "its tokenizer makes",
    ),
    Fault(
        "texts that vanish",
        normalizer(type="Replace", pattern={"Regex": "."}, content=""),
        "its tokenizer makes",
    ),
    Fault("an added token beyond the model", added(id=9999, content="<x>"), "its model knows 262"),
    Fault("an added token twice", added(id=3), WORKS),
    Fault("an added token that is empty", added(id=262, content=""), WORKS),
    Fault("an added token that is a number", added(id=0, content=3), READS),
    Fault(
        "cut by a rule",
        tokenizer(
            lambda c: c.update(
                truncation={
                    "max_length": 1,
                    "strategy": "LongestFirst",
                    "stride": 0,
                    "direction": "Right",
                }
            )
        ),
        WORKS,
    ),
    Fault("another library's tokenizer", only("tokenizer.model", b"\n\x05evil"), READS),
    Fault("a pickle for a tokenizer", only("tokenizer.model", b"\x80\x04cposix\nsystem\n."), READS),
    Fault("a vocabulary without merges", only("vocab.json", b'{"a": 0}'), READS),
    Fault("a vocabulary that is a list", only("vocab.json", b"[]"), READS),
    Fault(
        "special tokens in a list",
        replaced("special_tokens_map.json", "[]"),
        "special_tokens_map.json is damaged",
    ),
    Fault(
        "special tokens that are none",
        replaced("special_tokens_map.json", "{"),
        "special_tokens_map.json is damaged",
    ),
    Fault(
        "added tokens that are none",
        replaced("added_tokens.json", "{"),
        "added_tokens.json is damaged",
    ),
    Fault(
        "added tokens at 10^9",
        replaced("added_tokens.json", '{"<x>": 1000000000}'),
        "its tokenizer has 263 tokens",
    ),
    Fault("settings as a list", replaced(SETTINGS, "[]"), "tokenizer_config.json is damaged"),
    Fault("settings cut", cut(SETTINGS, 0.5), "tokenizer_config.json is damaged"),
    Fault("an unknown class", settings(tokenizer_class="Evil"), WORKS),
    Fault("a class that is a list", settings(tokenizer_class=[]), READS),
    Fault("a class that is a number", settings(tokenizer_class=7), READS),
    Fault("a tokenizer with code", with_code, READS),
    Fault("auto_map as a number", settings(auto_map=7), READS),
    Fault(
        "a file elsewhere", settings(tokenizer_file="/etc/passwd", vocab_file="/etc/passwd"), WORKS
    ),
    Fault("the end of a text as a number", settings(eos_token=5), READS),
    Fault("the end of a text as a list", settings(eos_token=["a"]), READS),
    Fault("an end of a text that is new", settings(eos_token="<new>"), "its tokenizer has 263"),
    Fault(
        "no end of a text", settings(eos_token=None, pad_token=None), "neither an end of text nor"
    ),
    Fault("longest as text", settings(model_max_length="x"), "its tokenizer fails"),
    Fault("decoded ids as text", settings(added_tokens_decoder={"x": {"content": "a"}}), READS),
    Fault("special tokens as a number", settings(extra_special_tokens=7), READS),
]
