"""Cutting a store into train and test, and standardising."""

import numpy as np
import pytest
import torch

from skelact.system.world import SkelactError
from skelact.train.task import standardised, task

FEATURES = np.arange(24, dtype=np.float32).reshape(8, 3) ** 2
LABELS = np.array([0, 7, 0, 7, 3, 3, 0, 7])
TRAIN, TEST = np.array([5, 0, 2, 1]), np.array([3, 4])


def test_rows_keep_the_order_of_the_split():
    made = task(FEATURES, LABELS, TRAIN, TEST)
    assert made.train.tolist() == FEATURES[[5, 0, 2, 1]].tolist()
    assert made.train_labels.tolist() == [3, 0, 0, 7]
    assert made.test.tolist() == FEATURES[[3, 4]].tolist()
    assert made.test_labels.tolist() == [7, 3]


def test_gaps_between_class_numbers_are_choices_but_not_present_classes():
    made = task(FEATURES, LABELS, TRAIN, TEST)
    assert (made.classes, made.present) == (8, 3)
    assert task(FEATURES, LABELS, TRAIN, TEST, classes=60).classes == 60


def test_majority_is_the_share_of_test_clips_of_the_commonest_train_class():
    labels = np.array([0, 0, 0, 1, 0, 1, 1, 1])
    assert task(FEATURES, labels, np.arange(3), np.arange(3, 8)).majority == pytest.approx(20)


def test_clips_without_a_label_are_refused_with_their_number():
    labels = np.where(LABELS == 7, -1, LABELS)
    with pytest.raises(SkelactError, match=r"needs labels: 1 of the 4 train clips"):
        task(FEATURES, labels, TRAIN, TEST)


def test_an_unlabelled_clip_outside_the_split_does_no_harm():
    labels = LABELS.copy()
    labels[7] = -1
    assert len(task(FEATURES, labels, TRAIN, TEST).train) == 4


def test_an_empty_side_is_refused():
    with pytest.raises(SkelactError, match="no test clips"):
        task(FEATURES, LABELS, TRAIN, np.array([], dtype=np.int64))


def test_a_clip_on_both_sides_is_refused():
    with pytest.raises(SkelactError, match="1 clips on both sides"):
        task(FEATURES, LABELS, TRAIN, np.array([3, 5]))


def test_standardised_train_features_have_zero_mean_and_unit_variance_however_small_they_were():
    features = 1e-9 * np.random.default_rng(0).normal(5, [1, 2, 3], size=(50, 3)).astype(np.float32)
    made = standardised(task(features, np.arange(50) % 4, np.arange(30), np.arange(30, 50)))
    torch.testing.assert_close(made.train.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(made.train.var(0, correction=0), torch.ones(3))
    by_hand = (features[30:].astype(np.float64) - features[:30].mean(0)) / features[:30].astype(np.float64).std(0)
    np.testing.assert_allclose(made.test.numpy(), by_hand, rtol=1e-4, atol=1e-4)


def test_a_constant_feature_becomes_zero_and_not_amplified_rounding():
    features = np.full((8, 2), 0.1, dtype=np.float32)
    features[:, 1] = np.arange(8)
    features[0, 0] = np.nextafter(np.float32(0.1), np.float32(1))
    made = standardised(task(features, LABELS, TRAIN, TEST))
    assert made.train[:, 0].tolist() == [0, 0, 0, 0]
    assert made.test[:, 0].tolist() == [0, 0]
