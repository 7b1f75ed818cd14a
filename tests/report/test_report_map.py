"""The map of features that t-SNE cannot place: none that vary, few, doubles."""

import re
import subprocess
import sys

import numpy as np
import pytest

from skelact.report import report
from skelact.report.map import embedding, remark
from skelact.system.world import SkelactError

RNG = np.random.default_rng(0)
CLOUD = RNG.normal(size=(40, 16))

AWKWARD = {
    "all the same": np.ones((60, 16)),
    "all zero": np.zeros((60, 16)),
    "the same but for rounding": 1 + 1e-7 * RNG.normal(size=(60, 16)),
    "hardly different": 1 + 1e-4 * RNG.normal(size=(60, 16)),
    "at the limit of rounding": 1 + 3e-6 * RNG.normal(size=(300, 16)),
    "two values": np.repeat(CLOUD[:2], 30, axis=0),
    "five values": np.repeat(CLOUD[:5], 30, axis=0),
    "one outlier": np.concatenate([np.ones((59, 16)), -np.ones((1, 16))]),
    "one clip": CLOUD[:1],
    "two clips": CLOUD[:2],
    "five clips": CLOUD[:5],
    "fewer clips than the perplexity": CLOUD[:12],
    "one number a clip": CLOUD[:, :1],
    "huge": CLOUD * 1e30,
    "tiny": CLOUD * 1e-30,
}


@pytest.mark.parametrize("kind", AWKWARD)
def test_every_clip_has_a_finite_place_and_equal_features_have_one(kind):
    features = AWKWARD[kind].astype(np.float32)
    points = embedding(features)
    assert points.shape == (len(features), 2)
    assert np.isfinite(points).all()
    _, place = np.unique(features, axis=0, return_inverse=True)
    for group in np.unique(place):
        assert len(np.unique(points[place.reshape(-1) == group], axis=0)) == 1


def test_features_that_do_not_vary_do_not_end_the_process():
    # In a process of its own, for it was a segmentation fault.
    code = "import numpy as np; from skelact.report.map import embedding; print(embedding(np.ones((60, 16))).any())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip()) == (0, "False")


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (np.ones((60, 4)), "do not vary: all 60 clips"),
        (CLOUD[:1], "One clip"),
        (CLOUD[:4], "Too few for t-SNE"),
        (np.repeat(CLOUD[:3], 2, axis=0), "6 clips have 3 different features; .* Too few for t-SNE"),
        (np.concatenate([CLOUD, CLOUD[:1]]), "41 clips have 40 different features"),
    ],
)
def test_the_page_says_what_such_a_map_is(features, words):
    assert re.search(words, remark(features))
    assert remark(CLOUD) == ""


def test_a_run_whose_features_do_not_vary_has_a_report_that_says_so(run):
    (file,) = (run / "features").glob("*.npz")
    kept = dict(np.load(file))
    np.savez(file, **{**kept, "features": np.ones_like(kept["features"])})
    page = report([run]).read_text(encoding="utf-8")
    assert "The features do not vary: all 12 clips have the same" in page


def test_features_that_are_not_finite_are_called_damaged(run):
    (file,) = (run / "features").glob("*.npz")
    kept = dict(np.load(file))
    np.savez(file, **{**kept, "features": kept["features"] * np.nan})
    with pytest.raises(SkelactError, match=r"\.npz: damaged .*remove it and evaluate again"):
        report([run])
