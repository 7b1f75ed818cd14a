"""Baselines on raw poses, without learned features: logistic regression and nearest neighbour."""

import numpy as np
from jaxtyping import Float, Float32
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from skelact.config import Config
from skelact.data.measurable import check_measurable, labelled
from skelact.data.splits import split as split_of
from skelact.data.store import Store
from skelact.skeleton import Skeleton
from skelact.train.task import Task, task

FRAMES = 32


class Baseline(Config):
    """Test accuracy in per cent on 32 resampled frames relative to the hips, heading optionally normalised."""

    logistic: float
    """Logistic regression (C = 0.01) on standardised coordinates."""
    nearest: float
    """Nearest neighbour, Euclidean, on standardised coordinates."""
    nearest_metres: float
    """Nearest neighbour, Euclidean, on the coordinates as they are."""


def baseline(store: Store, split: str, heading: bool = True) -> Baseline:
    """Fit both on the train clips of a split. `heading`: turn each clip so that its first frame faces one way."""
    rows = split_of(store, split)
    check_measurable(store, rows)
    rows = labelled(rows, store.table["action"])
    poses = np.stack([pose(recording.joints, store.skeleton, heading) for recording in store.recordings()])
    given = task(poses.reshape(len(poses), -1), store.table["action"], rows.train, rows.test, len(store.classes))
    return score(given)


def score(given: Task) -> Baseline:
    """Both classifiers on flattened poses."""
    train, labels, test = given.train.numpy(), given.train_labels.numpy(), given.test.numpy()
    scaler = StandardScaler().fit(train)
    scaled, scaled_test = scaler.transform(train), scaler.transform(test)

    def percent(predicted: np.ndarray) -> float:
        return 100 * float((predicted == given.test_labels.numpy()).mean())

    return Baseline(
        logistic=percent(LogisticRegression(C=0.01, max_iter=2000).fit(scaled, labels).predict(scaled_test)),
        nearest=percent(KNeighborsClassifier(1).fit(scaled, labels).predict(scaled_test)),
        nearest_metres=percent(KNeighborsClassifier(1).fit(train, labels).predict(test)),
    )


def pose(joints: Float32[np.ndarray, "t m v 3"], skeleton: Skeleton, heading: bool) -> Float[np.ndarray, "32 m v 3"]:
    """32 frames of a clip, linear over time from first to last; hips (else the centre) of the first person at zero.

    With `heading`, all frames are turned about the up axis so that the hip line of the first person in the first frame
    lies along the first of the two level axes.
    """
    times = np.linspace(0, len(joints) - 1, FRAMES)
    before = np.floor(times).astype(int)
    after = np.minimum(before + 1, len(joints) - 1)
    share = (times - before)[:, None, None, None]
    frames = joints[before] * (1 - share) + joints[after] * share
    root = skeleton.index("hip_center") if "hip_center" in skeleton.joints else skeleton.centre
    frames = frames - frames[:, :1, root : root + 1]
    if not heading:
        return frames
    level = [axis for axis in range(3) if axis != "xyz".index(skeleton.up[1])]
    line = frames[0, 0, skeleton.index("left_hip")] - frames[0, 0, skeleton.index("right_hip")]
    angle = np.arctan2(line[level[1]], line[level[0]])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = frames.copy()
    turned[..., level] = frames[..., level] @ turn
    return turned
