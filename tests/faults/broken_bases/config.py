"""config.json."""

import json

from bases_fixture import rewrite

from broken_bases.fault import CONFIG, DEEP, WEIGHTS, WORKS, Fault, cut, replaced


def config(**changes):
    """Keys of config.json; None means null."""

    def damage(folder):
        content = json.loads((folder / CONFIG).read_text()) | changes
        (folder / CONFIG).write_text(json.dumps(content))

    return damage


def many_positions(folder):
    """A model that is small, but makes a mask of the square of its positions when it is loaded."""
    import torch
    from safetensors.torch import save_model
    from transformers import GPTNeoConfig, GPTNeoForCausalLM

    positions, kinds = 300_000, [[["global"], 1]]
    shape = {"vocab_size": 262, "hidden_size": 4, "num_layers": 1, "num_heads": 1}
    small = GPTNeoForCausalLM(
        GPTNeoConfig(**shape, max_position_embeddings=8, attention_types=kinds)
    )
    small.transformer.wpe = torch.nn.Embedding(positions, 4)
    save_model(small, str(folder / WEIGHTS), metadata={"format": "pt"})
    large = GPTNeoConfig(
        **shape, max_position_embeddings=positions, attention_types=kinds, bos_token_id=0
    )
    large.save_pretrained(folder)
    rewrite(folder / CONFIG, architectures=["GPTNeoForCausalLM"])


def experts(folder):
    config(model_type="mixtral", architectures=["MixtralForCausalLM"], num_local_experts=10**6)(
        folder
    )


def vision(folder):
    """A multi-modal model whose text decoder is the sound model."""
    text = json.loads((folder / CONFIG).read_text()) | {"model_type": "gemma3_text"}
    content = {
        "model_type": "gemma3",
        "architectures": ["Gemma3ForConditionalGeneration"],
        "text_config": text,
        "vision_config": {"model_type": "siglip_vision_model", "num_hidden_layers": 10**6},
    }
    (folder / CONFIG).write_text(json.dumps(content))


CONFIGS = [
    *(
        Fault(f"hidden_size {value!r}", config(hidden_size=value), "config.json: hidden_size: exp")
        for value in ("64", -1, 0, 2**63, [32], 32.5, True, {})
    ),
    Fault("hidden_size 10^9", config(hidden_size=10**9), "its config.json asks for"),
    Fault("hidden_size null", config(hidden_size=None), "transformers cannot read its config.json"),
    Fault("vocab_size 10^12", config(vocab_size=10**12), "config.json: vocab_size: expected"),
    Fault("vocab_size 2^31-1", config(vocab_size=2**31 - 1), "its config.json asks for"),
    Fault("vocab_size 0", config(vocab_size=0), "config.json: vocab_size: expected"),
    Fault("a vocabulary that is too small", config(vocab_size=200), "its config.json asks for"),
    Fault("a million layers", config(num_hidden_layers=10**6), "num_hidden_layers: expected at"),
    Fault("layers that are text", config(num_hidden_layers="2"), "num_hidden_layers: expected"),
    Fault("no heads", config(num_attention_heads=0), "transformers cannot read its config.json"),
    Fault("heads that are a list", config(num_attention_heads=[4]), "transformers cannot read its"),
    Fault(
        "positions without end", config(max_position_embeddings=2**40), "max_position_embeddings"
    ),
    Fault("a mask of 90 GB", many_positions, "you tried to allocate 90000000000 bytes"),
    Fault(
        "an unknown model_type",
        config(model_type="evil"),
        "transformers cannot read its config.json",
    ),
    Fault("no model_type", config(model_type=None), "config.json: model_type: expected"),
    Fault("a model_type that is a list", config(model_type=[]), "config.json: model_type"),
    Fault(
        "code of its own",
        config(model_type="evil", auto_map={"AutoModelForCausalLM": "evil.Model"}),
        "transformers cannot read its config.json",
    ),
    Fault(
        "code that nobody needs",
        config(auto_map={"AutoModelForCausalLM": "evil.M", "AutoConfig": "evil.C"}),
        WORKS,
    ),
    Fault("quantised", config(quantization_config={"quant_method": "gptq"}), "quantised"),
    Fault("quantised by a number", config(quantization_config=4), "quantised"),
    Fault("other weights", config(transformers_weights="../outside/x"), "transformers_weights"),
    Fault("fetched attention", config(_attn_implementation="evil/code"), "_attn_implementation"),
    Fault("fetched attention, new", config(attn_implementation="a/b"), "attn_implementation"),
    Fault("attention in a map", config(attn_implementation={"": "a/b"}), "attn_implementation"),
    Fault("fetched experts", config(experts_implementation="a/b"), "experts_implementation"),
    Fault("no language model", config(architectures=["LlamaForSequenceClassification"]), "causal"),
    Fault("architectures by number", config(architectures=[1]), "config.json: architectures"),
    Fault("architectures as text", config(architectures="Llama"), "config.json: architectures"),
    Fault("an encoder", config(is_encoder_decoder=True), "is_encoder_decoder: expected a decoder"),
    Fault("text_config as text", config(text_config="x"), "transformers cannot read its model"),
    Fault("text_config with nonsense", config(text_config={"hidden_size": "9"}), "hidden_size"),
    Fault("an unknown dtype", config(dtype="evil"), "transformers cannot read its config.json"),
    Fault("a dtype that is a number", config(dtype=3), "transformers cannot read its model"),
    Fault("whole numbers as dtype", config(dtype="int8"), "transformers cannot read its model"),
    Fault(
        "rope_scaling with nonsense",
        config(rope_scaling={"rope_type": 3}),
        "transformers cannot read its model",
    ),
    Fault(
        "rope_parameters as text",
        config(rope_parameters="x"),
        "transformers cannot read its config.json",
    ),
    Fault(
        "an unknown activation",
        config(hidden_act="evil"),
        "transformers cannot read its model",
    ),
    Fault(
        "an epsilon that is no number",
        config(rms_norm_eps=float("nan")),
        "its model answers with values that are infinite",
    ),
    Fault(
        "a negative epsilon",
        config(rms_norm_eps=-1e9),
        "its model answers with values that are infinite",
    ),
    Fault(
        "positions divided by zero",
        config(rope_theta=0, rope_parameters=None),
        "its model answers with values that are infinite",
    ),
    Fault(
        "an epsilon that is text",
        config(rms_norm_eps="x"),
        "transformers cannot read its config.json",
    ),
    Fault(
        "padding beyond the vocabulary",
        config(pad_token_id=10**6),
        "transformers cannot read its model",
    ),
    Fault(
        "padding that is text", config(pad_token_id="x"), "transformers cannot read its config.json"
    ),
    Fault("a million experts", experts, "its weights lack"),
    Fault("a million layers of vision", vision, "reading its model was stopped"),
    Fault(
        "layer_types of another length",
        config(layer_types=["full_attention"]),
        "transformers cannot read its config.json",
    ),
    Fault(
        "layer_types that are none",
        config(layer_types=["evil", "evil"]),
        "transformers cannot read its config.json",
    ),
    Fault(
        "an encoder that masks",
        config(model_type="bert", architectures=["BertForMaskedLM"]),
        "causal",
    ),
    Fault(
        "heads that do not divide",
        config(num_attention_heads=3, head_dim=None),
        "transformers cannot read its config.json",
    ),
    Fault(
        "embeddings tied by text",
        config(tie_word_embeddings="x"),
        "transformers cannot read its config.json",
    ),
    Fault("a name of another repository", config(_name_or_path="mistralai/Mistral-7B"), WORKS),
    Fault(
        "ids for labels",
        config(id2label={"x": 1}, num_labels=-1),
        "transformers cannot read its config.json",
    ),
    Fault("config.json as a list", replaced(CONFIG, "[]"), "config.json is damaged"),
    Fault("a deep config.json", replaced(CONFIG, '{"a":' + DEEP + "}"), "nested too deeply"),
    Fault("config.json in UTF-16", replaced(CONFIG, "{}".encode("utf-16")), "is damaged"),
    Fault(
        "config.json with half a character",
        config(model_type="\ud800"),
        "transformers cannot read its config.json",
    ),
    Fault("config.json cut", cut(CONFIG, 0.5), "config.json is damaged"),
]
