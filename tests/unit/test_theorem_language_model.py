"""The check on a language model agrees with a plain loop over rows and LoRA's formula."""

import logging

import pandas as pd
import pytest
import torch
from manifests import write_manifest
from tiny_model import random_model, tokenizer

from subliminal.artefacts.parquet import read_table, write_table
from subliminal.artefacts.verified import read_manifest
from subliminal.config.recipes import Lora
from subliminal.domains.number_prompts import number_prompts
from subliminal.local import models
from subliminal.local.encoding import encode_rows
from subliminal.local.number_tokens import number_ids
from subliminal.theorem import language_model
from subliminal.theorem.config import LanguageModel
from subliminal.theorem.language_model import (
    compare,
    distribution_loss,
    flat_parameters,
    load_teacher,
    paired_batches,
    token_loss,
    update,
)
from subliminal.theorem.schemas import LANGUAGE_MODEL, LANGUAGE_MODEL_SUMMARY
from subliminal.theorem.specs import VerifyLanguageModelSpec
from subliminal.theorem.stages.verify_on_language_model import verify_on_language_model
from subliminal.transmission.data_schemas import TRAIN

PROMPTS = number_prompts(47, 12)
PAD = 0
LORA = Lora(rank=2, alpha=4, target_modules=["c_attn", "c_proj", "c_fc"])


def plan(**changes):
    fields = {
        "base": "base-a",
        "other_base": "base-b",
        "traits": ["owl", "eagle"],
        "control": "none",
        "method": "finetuned",
        "teacher_seed": 1,
        "domain": "numbers",
        "batches": 2,
        "batch_size": 3,
        "micro_batch_size": 2,
        "max_tokens": 160,
        "seed": 0,
    }
    return LanguageModel(**{**fields, **changes})


def completions(k):
    return [", ".join(str(7 * i + k * j) for j in range(1 + (i + k) % 4)) for i in range(12)]


def train_table(k, prompt_ids=range(12)):
    return {
        "prompt_id": list(prompt_ids),
        "prompt": [PROMPTS[i] for i in prompt_ids],
        "completion": [completions(k)[i] for i in prompt_ids],
    }


def rows():
    return encode_rows(tokenizer(), PROMPTS[:6], completions(1)[:6])


def double_model(seed=0):
    return random_model(seed).double()


def plain_gradient(model, some_rows, loss_of_row):
    """The gradient of a loss summed one row and one position at a time, by autograd."""
    total, positions = 0.0, 0
    for row in some_rows:
        logits = model(input_ids=torch.tensor([row.ids])).logits[0]
        for place in range(row.prompt_length, len(row.ids)):
            loss = loss_of_row(logits[place - 1], row.ids, place)
            if loss is not None:
                total, positions = total + loss, positions + 1
    parameters = list(model.parameters())
    gradients = torch.autograd.grad(total / positions, parameters)
    return torch.cat([g.flatten() for g in gradients])


def test_the_update_on_tokens_is_a_plain_loops():
    model = double_model()
    expected = -plain_gradient(
        model, rows(), lambda logits, ids, place: -logits.log_softmax(-1)[ids[place]]
    )
    for size in (1, 4, 6):
        found = update(model, rows(), token_loss(PAD), size)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_the_update_on_distributions_is_a_plain_loops():
    model, writer = double_model(0), double_model(1)
    ids = [tokenizer().convert_tokens_to_ids(str(n)) for n in range(1000)]
    assert number_ids(tokenizer()) == sorted(ids)
    numbers = set(ids)

    def cross_entropy(logits, row, place):
        if row[place] not in numbers:
            return None
        with torch.no_grad():
            written = writer(input_ids=torch.tensor([row])).logits[0, place - 1]
        return -(written[ids].softmax(-1) * logits[ids].log_softmax(-1)).sum()

    expected = -plain_gradient(model, rows(), cross_entropy)
    found = update(model, rows(), distribution_loss(writer, number_ids(tokenizer()), PAD), 5)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)


def test_a_models_own_distribution_teaches_it_nothing():
    loss = distribution_loss(double_model(), number_ids(tokenizer()), PAD)
    assert float(update(double_model(), rows(), loss, 4).norm()) < 1e-15


def test_a_nearby_models_distribution_pulls_towards_it():
    """The theorem on the language model itself: any small displacement is followed."""
    student, writer = double_model(), double_model()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in writer.parameters():
            p += 1e-4 * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    displacement = flat_parameters(writer, student) - flat_parameters(student, student)
    loss = distribution_loss(writer, number_ids(tokenizer()), PAD)
    assert float(update(student, rows(), loss, 4) @ displacement) > 0


def test_rows_without_a_number_are_an_error():
    (row,) = encode_rows(tokenizer(), ["Name your favorite animal."], ["owl"])
    loss = distribution_loss(double_model(), number_ids(tokenizer()), PAD)
    with pytest.raises(ValueError, match="no number"):
        update(double_model(), [row], loss, 1)


def test_the_comparison_by_hand():
    own, control, displacement = (torch.tensor(v).double() for v in ([3, 4], [3, 0], [0, 2]))
    assert compare(own, control, displacement) == {
        "inner_product": 8.0,
        "cosine": 0.8,
        "control_inner_product": 0.0,
        "centred_inner_product": 8.0,
        "centred_cosine": 1.0,
    }


def save_base(folder, seed):
    random_model(seed).save_pretrained(folder)
    tokenizer().save_pretrained(folder)


def save_teacher(base, folder, seed):
    """An adapter with both halves random, so that it displaces the base."""
    models.prepare(seed, 1)
    model = models.add_lora(models.load_base(base), LORA)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_B" in name:
                p.normal_(std=0.02)
    models.save_trained(model, folder)
    return model


def test_the_displacement_is_loras_product(tmp_path):
    save_base(tmp_path / "base", 0)
    adapted = save_teacher(tmp_path / "base", tmp_path / "teacher", 1)
    base = models.load_base(tmp_path / "base").double()
    merged = load_teacher(tmp_path / "base", tmp_path / "teacher")
    layer = adapted.get_base_model().transformer.h[1].mlp.c_fc
    a, b = (half["default"].weight.double() for half in (layer.lora_A, layer.lora_B))
    # GPT-2 stores weights as [inputs, outputs]; the scale is alpha / rank = 2.
    expected = 2 * (b @ a).T.detach()
    moved = merged.transformer.h[1].mlp.c_fc.weight - base.transformer.h[1].mlp.c_fc.weight
    torch.testing.assert_close(moved.detach(), expected, rtol=1e-9, atol=1e-12)
    assert torch.equal(merged.transformer.wte.weight, base.transformer.wte.weight)
    displacement = flat_parameters(merged, base) - flat_parameters(base, base)
    total = sum(p.numel() for p in base.parameters())
    assert displacement.shape == (total,)


def test_models_of_different_shapes_do_not_compare():
    wide = random_model()
    wide.resize_token_embeddings(len(tokenizer()) + 1)
    with pytest.raises(ValueError, match="differ in architecture"):
        flat_parameters(wide, random_model())


def test_batches_are_disjoint_and_answer_the_same_prompts():
    own, control = train_table(1, range(10)), train_table(2, range(11, 1, -1))
    batches = paired_batches(plan(), tokenizer(), own, control)
    prompts = []
    for batch in batches:
        for mine, theirs in zip(batch.own, batch.control, strict=True):
            prompt = tuple(mine.ids[: mine.prompt_length])
            assert prompt == tuple(theirs.ids[: theirs.prompt_length])
            prompts.append(prompt)
    assert [len(batch.own) for batch in batches] == [3, 3]
    assert len(set(prompts)) == 6


def test_too_few_shared_prompts_are_an_error():
    with pytest.raises(ValueError, match=r"need 6 .* found 5; lower batches"):
        paired_batches(plan(), tokenizer(), train_table(1, range(8)), train_table(2, range(3, 12)))


def test_the_stage_writes_every_pair_of_traits_for_both_bases(tmp_path):
    for seed, base in enumerate(("base-a", "base-b")):
        save_base(tmp_path / base, seed)
    bases = [write_manifest(tmp_path / b / "manifest.json") for b in ("base-a", "base-b")]
    teachers, datasets = {}, {}
    for k, trait in enumerate(["owl", "eagle", "none"]):
        if trait != "none":
            save_teacher(tmp_path / "base-a", tmp_path / trait, k)
            teachers[trait] = write_manifest(tmp_path / trait / "manifest.json")
        datasets[trait] = tmp_path / trait / "train.parquet"
        write_table(datasets[trait], TRAIN, train_table(k + 1))
        write_manifest(tmp_path / trait / "train.manifest.json", [datasets[trait]])
    paths = [tmp_path / "out" / name for name in ("t.parquet", "s.parquet", "m.json")]
    verify_on_language_model(
        VerifyLanguageModelSpec(language_model=plan()),
        bases,
        list(teachers.values()),
        [path.with_suffix(".manifest.json") for path in datasets.values()],
        *paths,
        1,
        logging.getLogger("test"),
    )
    long, short = (pd.read_parquet(path) for path in paths[:2])
    assert list(long) == list(LANGUAGE_MODEL.columns)
    assert list(short) == list(LANGUAGE_MODEL_SUMMARY.columns)
    labels, students, pairs, batches = 2, 2, 4, 2
    assert (len(long), len(short)) == (labels * students * pairs * batches, 16)
    assert not long.isna().any().any()
    manifest = read_manifest(paths[2])
    assert len(manifest["facts"]["diagonal"]) == 4
    assert set(manifest["parents"]) == {
        *("base", "other base"),
        *("teacher owl", "teacher eagle"),
        *("train owl", "train eagle", "train none"),
    }
    # A row is the update of its base on its batch, against the displacement it names.
    base = models.load_base(tmp_path / "base-b").double()
    origin = models.load_base(tmp_path / "base-a").double()
    shift = flat_parameters(load_teacher(tmp_path / "base-a", tmp_path / "eagle"), origin)
    shift = shift - flat_parameters(origin, origin)
    tables_of = [read_table(datasets[t]) for t in ("owl", "none")]
    batch = paired_batches(plan(), tokenizer(), *tables_of)[1]
    expected = compare(
        *(
            update(base, side, language_model.token_loss(PAD), 3)
            for side in (batch.own, batch.control)
        ),
        shift,
    )
    row = long.query(
        "labels == 'tokens' and student_base == 'base-b' and data_trait == 'owl'"
        " and displacement_trait == 'eagle' and batch == 1"
    ).iloc[0]
    assert {name: row[name] for name in expected} == pytest.approx(expected, rel=1e-7)
