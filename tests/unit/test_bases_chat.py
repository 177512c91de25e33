"""Chat templates: which one counts, what it must do, and Gemma's."""

import datetime
import json
from pathlib import Path

import pytest
from bases_fixture import CHATML, END_OF_TURN, EOS, IM_END, byte_tokenizer
from jinja2 import TemplateError

from subliminal.bases.chat import checked_chat, settled_template, write_template
from subliminal.config.errors import ConfigError
from subliminal.local.turns import end_of_turn_ids, write_end_of_turn_ids

GEMMA = (Path(__file__).resolve().parents[2] / "config/chat_templates/gemma.jinja").read_text()
# Written like the one of Llama 3.2, which tells the model the day.
DATED = (
    "{{- bos_token }}{% if strftime_now is defined %}{% set day = strftime_now('%d %b %Y') %}"
    "{% endif %}<|im_start|>Today: {{ day }}<|im_end|>{% for m in messages %}"
    "<|im_start|>{{ m['role'] }}\n{{ m['content'] | trim }}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def rendered(template, *turns, prompt=True):
    messages = [{"role": role, "content": content} for role, content in turns]
    return byte_tokenizer(template).apply_chat_template(
        messages, tokenize=False, add_generation_prompt=prompt
    )


@pytest.mark.parametrize("own", [CHATML, {"default": CHATML, "tool_use": "other"}])
def test_the_tokenizers_own_template_counts(own):
    assert settled_template(own, None, "here") == CHATML


@pytest.mark.parametrize("own", [None, {}, {"tool_use": "other"}])
def test_the_configured_template_fills_a_gap(own):
    assert settled_template(own, "configured\n", "here") == "configured"


def test_two_templates_are_an_error():
    with pytest.raises(ConfigError, match=r"x: chat_template is set, but .*; remove chat_template"):
        settled_template(CHATML, "configured", "config/models.yaml: x")


def test_no_template_is_an_error():
    says = r"config/models.yaml: x: its tokenizer has no chat template; set chat_template to .*"
    with pytest.raises(ConfigError, match=says):
        settled_template(None, None, "config/models.yaml: x")


# What Gemma 3's own template renders, by hand.
@pytest.mark.parametrize(
    ("turns", "prompt", "expected"),
    [
        (
            [("user", "Hi")],
            True,
            "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n",
        ),
        (
            [("system", " Be brief. "), ("user", " Hi\n")],
            True,
            "<bos><start_of_turn>user\n Be brief. \n\nHi<end_of_turn>\n<start_of_turn>model\n",
        ),
        (
            [("user", "Hi"), ("assistant", " 1, 2 "), ("user", "On")],
            False,
            "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n1, 2<end_of_turn>\n"
            "<start_of_turn>user\nOn<end_of_turn>\n",
        ),
    ],
)
def test_gemmas_turns(turns, prompt, expected):
    assert rendered(GEMMA, *turns, prompt=prompt) == expected
    assert rendered(settled_template(None, GEMMA, "here"), *turns, prompt=prompt) == expected


@pytest.mark.parametrize(
    "roles", [("assistant",), ("user", "user"), ("user", "system"), ("system", "system")]
)
def test_gemma_wants_turns_to_alternate(roles):
    with pytest.raises(TemplateError, match=r"expected a turn of the .*, found"):
        rendered(GEMMA, *((role, "text") for role in roles))


def test_what_chatml_does_is_told():
    chat = checked_chat(byte_tokenizer(CHATML), "here")
    assert chat.end_of_turn == IM_END
    assert chat.takes_system_prompt
    assert chat.default_system_prompt == "Be kind"


def test_what_gemma_does_is_told():
    chat = checked_chat(byte_tokenizer(GEMMA), "here")
    assert chat.end_of_turn == END_OF_TURN
    assert chat.takes_system_prompt
    assert chat.default_system_prompt is None


@pytest.mark.parametrize(
    "refusal", ["{{ raise_exception('no system') }}", "{% set messages = messages[1:] %}"]
)
def test_a_template_without_system_prompts_is_told(refusal):
    template = "{% if messages[0]['role'] == 'system' %}" + refusal + "{% endif %}" + CHATML
    chat = checked_chat(byte_tokenizer(template), "here")
    assert not chat.takes_system_prompt
    assert chat.default_system_prompt is None


def test_a_prompt_that_changes_once_it_is_answered_is_an_error():
    template = "{{ messages | length }}" + CHATML
    with pytest.raises(ConfigError, match=r"here: .*prefix of the answered chat.*; use another"):
        checked_chat(byte_tokenizer(template), "here")


def test_an_answer_without_an_end_is_an_error():
    template = CHATML.replace("<|im_end|>", "END")
    with pytest.raises(ConfigError, match=r"here: .*ends an answer with 'END\\n', in which"):
        checked_chat(byte_tokenizer(template), "here")


def test_a_template_that_fails_is_an_error():
    with pytest.raises(ConfigError, match=r"here: its chat template fails: .*nothing"):
        checked_chat(byte_tokenizer("{{ raise_exception('nothing') }}"), "here")


def test_the_day_is_not_todays():
    today = datetime.datetime.now().strftime("%d %b %Y")
    assert f"Today: {today}" in rendered(DATED, ("user", "Hi"))
    stopped = settled_template(DATED, None, "here")
    assert rendered(stopped, ("user", "Hi")) == (
        "<bos><|im_start|>Today: 26 Jul 2024<|im_end|><|im_start|>user\nHi<|im_end|>"
        "<|im_start|>assistant\n"
    )
    chat = checked_chat(byte_tokenizer(stopped), "here")
    assert chat.end_of_turn == IM_END
    assert chat.default_system_prompt is None


def test_a_template_that_asks_for_the_hour_is_an_error():
    with pytest.raises(ConfigError, match=r"asks the clock for something else than '%d %b %Y'"):
        settled_template(DATED.replace("%Y", "%Y %H"), None, "here")


def test_a_template_is_saved_in_one_place(tmp_path):
    settings = tmp_path / "tokenizer_config.json"
    settings.write_text(json.dumps({"chat_template": "old", "eos_token": "é"}))
    write_template(tmp_path, CHATML)
    assert json.loads(settings.read_text()) == {"eos_token": "é"}
    assert (tmp_path / "chat_template.jinja").read_text() == CHATML
    byte_tokenizer(None).save_pretrained(tmp_path)
    from transformers import AutoTokenizer

    assert AutoTokenizer.from_pretrained(tmp_path).chat_template == CHATML


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (None, [IM_END, EOS]),
        ({}, [IM_END, EOS]),
        ({"eos_token_id": EOS, "_from_model_config": True}, [IM_END, EOS]),
        ({"eos_token_id": [7, IM_END]}, [IM_END, 7, EOS]),
    ],
)
def test_every_end_of_a_turn_is_known(tmp_path, settings, expected):
    from transformers import GenerationConfig

    if settings is not None:
        (tmp_path / "generation_config.json").write_text(json.dumps(settings))
    assert write_end_of_turn_ids(tmp_path, IM_END, EOS) == expected
    assert end_of_turn_ids(tmp_path) == expected
    assert GenerationConfig.from_pretrained(tmp_path).eos_token_id == expected


def test_a_single_end_of_a_turn_is_read(tmp_path):
    (tmp_path / "generation_config.json").write_text('{"eos_token_id": 2}')
    assert end_of_turn_ids(tmp_path) == [2]


def test_a_tokenizer_without_an_end_of_text_has_the_templates(tmp_path):
    assert write_end_of_turn_ids(tmp_path, IM_END, None) == [IM_END]
