"""The attention mask against torch's own attention, written another way, and the released layout by hand."""

import pytest
import torch
from torch import nn

from skelact.maths.mham import AttentionMask, released_layout


def made(features: int = 12, heads: int = 3, steepness: float = 1.7) -> AttentionMask:
    torch.manual_seed(0)
    attention = AttentionMask(features, heads, steepness).double()
    with torch.no_grad():
        for parameter in attention.parameters():
            parameter.normal_(0, 0.5)
    return attention


def test_equals_attention_layer_by_layer():
    attention, x = made(), torch.randn(4, 12, 5, 3, dtype=torch.float64)
    reference = nn.MultiheadAttention(12, 3, batch_first=True, dtype=torch.float64)
    reference.in_proj_weight, reference.in_proj_bias = attention.qkv.weight, attention.qkv.bias
    reference.out_proj.load_state_dict(attention.projection.state_dict())
    mask = attention(x)
    for person in range(4):
        tokens = torch.stack([x[person, :, t, v] for t in range(5) for v in range(3)])[None]
        normed = nn.functional.layer_norm(tokens, (12,), attention.norm.weight, attention.norm.bias)
        out, _ = reference(normed, normed, normed)
        expected = 1 / (1 + torch.exp(-1.7 * out[0]))
        for t in range(5):
            for v in range(3):
                torch.testing.assert_close(mask[person, :, t, v], expected[3 * t + v])


def test_a_joint_that_moves_moves_its_row_of_the_mask():
    attention, x = made(), torch.randn(2, 12, 5, 3, dtype=torch.float64)
    torch.testing.assert_close(attention(x[:, :, :, [2, 0, 1]]), attention(x)[:, :, :, [2, 0, 1]])


def test_a_fresh_mask_is_close_to_one_half_everywhere():
    torch.manual_seed(0)
    mask = AttentionMask(64, 8, 2.0)(torch.randn(2, 64, 6, 5))
    assert (mask - 0.5).abs().max() < 0.1
    assert mask.std() > 0


def test_heads_that_do_not_divide_the_features_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match="that 5 heads divide, found 12"):
        AttentionMask(12, 5, 2.0)


def test_the_released_layout_of_one_person_changes_nothing_and_of_two_mixes_them():
    one = torch.randn(3, 4, 2, 5)
    assert torch.equal(released_layout(one, 1), one)
    # One clip, two persons, two channels, two frames, one joint; the number says person, channel, frame.
    apart = torch.tensor([[[[0.0], [1]], [[10], [11]]], [[[100], [101]], [[110], [111]]]])
    # In the order channel, frame, person: the first channel of both fills the first "person", the second the other.
    mixed = [[[[0.0], [100]], [[1], [101]]], [[[10], [110]], [[11], [111]]]]
    assert released_layout(apart, 2).tolist() == mixed


def test_the_released_layout_equals_a_reshape_of_the_axes_as_they_are_published():
    published = torch.randn(3, 8, 4, 5, 2)
    apart = published.permute(0, 4, 1, 2, 3).reshape(6, 8, 4, 5)
    assert torch.equal(released_layout(apart, 2), published.reshape(6, 8, 4, 5))
