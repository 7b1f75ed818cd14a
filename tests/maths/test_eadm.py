"""Energy-based drop against the published arrays and against a plain loop over neurons."""

import numpy as np
import pytest
import torch

from skelact.maths.eadm import LAMBDA, attention, energy_drop


@pytest.mark.parametrize("margin", ["0.65", "0.7", "0.9"])
def test_equals_the_published_module(shared, margin):
    golden = np.load(shared / "golden/eadm.npz")
    made = energy_drop(torch.tensor(golden["x"]), float(margin)).numpy()
    expected = golden[f"out_keep_{margin}"]
    np.testing.assert_allclose(made, expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max())


def test_attention_is_the_sigmoid_of_the_inverse_energy_of_each_neuron():
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64)
    for n in range(2):
        for channel in range(3):
            neurons = x[n, channel].flatten().numpy()
            for place, neuron in enumerate(neurons):
                above = (neuron - neurons.mean()) ** 2 + 2 * neurons.var(ddof=1) + 2 * LAMBDA
                energy = 4 * (neurons.var(ddof=1) + LAMBDA) / above  # Eq. 3
                found = attention(x)[n, channel].flatten()[place].item()
                assert found == pytest.approx(1 / (1 + np.exp(-1 / energy)), abs=1e-9)


def test_dropping_is_two_masks_and_two_rescalings_over_the_whole_batch():
    x, margin = torch.randn(3, 4, 5, 6, dtype=torch.float64), 0.68
    alpha = attention(x).numpy()
    joints = alpha.mean((1, 2)) < margin
    neurons = alpha < margin
    expected = x.numpy() * joints[:, None, None, :] * (joints.size / joints.sum())
    expected = expected * neurons * (neurons.size / neurons.sum())
    np.testing.assert_allclose(energy_drop(x, margin).numpy(), expected, rtol=1e-12)


def test_no_gradient_goes_through_the_masks():
    x = torch.randn(2, 3, 4, 5, dtype=torch.float64, requires_grad=True)
    out = energy_drop(x)
    out.sum().backward()
    assert x.grad is not None
    torch.testing.assert_close(x.grad, torch.where(out == 0, 0.0, out / x).detach())


def test_nothing_stands_out_of_a_constant_map_and_all_can_be_dropped():
    flat = torch.ones(2, 3, 4, 5)
    assert torch.equal(energy_drop(flat), flat)
    assert energy_drop(torch.randn(2, 3, 4, 5), keep_margin=0.5).abs().max() == 0
