"""Noise is uniform and the same every time; orders and pairings are what they say."""

import numpy as np
import pytest
import torch
from scipy import stats

from subliminal.mnist.inputs import DigitInputs, NoiseInputs, Order, splitmix, wrapped
from subliminal.mnist.pairing import derangement, permutation

GAMMA = 0x9E3779B97F4A7C15


def noise(which, streams=(0,), seed=0):
    return NoiseInputs(seed, 60_000).draw(torch.tensor([which] * len(streams)), streams)


def test_splitmix_gives_its_published_numbers():
    # Seed 1234567: the numbers of the reference implementation in C (Vigna, splitmix64.c).
    states = torch.tensor([wrapped(1234567 + k * GAMMA) for k in range(1, 6)])
    assert [int(x) % 2**64 for x in splitmix(states)] == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]


def test_an_image_is_the_same_whatever_is_drawn_beside_it():
    many = noise(range(600))
    torch.testing.assert_close(noise([577, 3]), many[:, [577, 3]], rtol=0, atol=0)


def test_noise_is_uniform_from_minus_one_to_one():
    values = noise(range(500)).flatten().numpy()
    assert values.min() >= -1
    assert values.max() < 1
    assert stats.kstest(values, stats.uniform(-1, 2).cdf).pvalue > 0.01


def test_pixels_and_images_do_not_depend_on_one_another():
    images = noise(range(4000))[0]
    # Correlations of neighbours, below 5 standard errors.
    for a, b in ((images[:, :-1], images[:, 1:]), (images[:-1], images[1:])):
        together = (a * b).mean() / (1 / 3)
        assert abs(float(together)) < 5 / a.numel() ** 0.5


def test_streams_and_seeds_differ():
    two = noise(range(50), streams=(1, 2))
    other = noise(range(50), streams=(1,), seed=1)
    torch.testing.assert_close(two[:1], noise(range(50), streams=(1,)), rtol=0, atol=0)
    for a, b in ((two[0], two[1]), (two[0], other[0])):
        assert abs(float(np.corrcoef(a.flatten(), b.flatten())[0, 1])) < 0.03


def test_digits_are_scaled_as_torchvision_would():
    pixels = torch.arange(256, dtype=torch.uint8).repeat(4)[:784].expand(3, -1).contiguous()
    images = DigitInputs(pixels).draw(torch.tensor([[2, 0]]), [0])
    expected = (pixels[:2].float() / 255 - 0.5) / 0.5
    torch.testing.assert_close(images[0], expected, rtol=0, atol=2e-7)
    assert float(images.min()) == -1
    assert float(images.max()) == 1


@pytest.mark.parametrize("shared", [True, False])
def test_every_epoch_is_a_permutation_of_its_own(shared):
    order = Order(3, shared)
    streams = order.streams([4, 7])
    first, second = order.epoch(0, 500, streams), order.epoch(1, 500, streams)
    assert first.shape == (1 if shared else 2, 500)
    rows = [*first, *second]
    assert all(row.sort().values.tolist() == list(range(500)) for row in rows)
    assert len({tuple(row.tolist()) for row in rows}) == len(rows)
    assert torch.equal(order.epoch(1, 500, streams), second)


def test_a_replica_has_the_same_order_whichever_others_there_are():
    order = Order(3, shared=False)
    alone, beside = order.streams([7]), order.streams([4, 7])
    assert torch.equal(order.epoch(0, 90, alone)[0], order.epoch(0, 90, beside)[1])


@pytest.mark.parametrize("count", [2, 3, 4, 100])
def test_a_derangement_is_a_permutation_without_fixed_points(count):
    for seed in range(50):
        drawn = derangement(count, seed)
        assert sorted(drawn) == list(range(count))
        assert all(a != b for a, b in enumerate(drawn))


def test_all_derangements_are_equally_likely():
    # There are nine of four.
    found = [tuple(derangement(4, seed)) for seed in range(1800)]
    counts = [found.count(kind) for kind in set(found)]
    assert len(counts) == 9
    assert stats.chisquare(counts).pvalue > 0.001


def test_there_is_no_derangement_of_one():
    with pytest.raises(ValueError, match="2 or more"):
        derangement(1, 0)


def test_a_permutation_may_have_fixed_points():
    drawn = [permutation(10, seed) for seed in range(500)]
    assert all(sorted(p) == list(range(10)) for p in drawn)
    fixed = sum(a == b for p in drawn for a, b in enumerate(p))
    # One is to be expected in each, with a variance of one.
    assert abs(fixed - 500) < 5 * 500**0.5
    assert permutation(10, 3) == drawn[3]
