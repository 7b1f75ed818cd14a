"""A made-up store and made-up runs with everything that a report reads, in the forms that the real programs write."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from skelact.data.recording import Recording
from skelact.data.splits import split
from skelact.data.store import Store, write_store
from skelact.encoders.config import STGCNConfig
from skelact.encoders.file import EncoderCard, load_encoder, random_encoder, save_encoder
from skelact.evaluation.features import cached_features, encoder_hash
from skelact.evaluation.results.files import write_result
from skelact.evaluation.results.outcome import Control, PublishedNumber, Result
from skelact.layouts import KINECT_V1
from skelact.maths.accuracy import Accuracy
from skelact.maths.hits import accuracy
from skelact.system.world import write_json

POSE = np.array(
    [
        *((0, 0.9, 3), (0, 1.15, 3), (0, 1.4, 3), (0, 1.6, 3)),
        *((-0.18, 1.38, 3), (-0.3, 1.12, 3), (-0.34, 0.88, 3), (-0.35, 0.8, 3)),
        *((0.18, 1.38, 3), (0.3, 1.12, 3), (0.34, 0.88, 3), (0.35, 0.8, 3)),
        *((-0.1, 0.88, 3), (-0.11, 0.48, 3), (-0.12, 0.08, 3), (-0.13, 0.02, 2.9)),
        *((0.1, 0.88, 3), (0.11, 0.48, 3), (0.12, 0.08, 3), (0.13, 0.02, 2.9)),
    ]
)
"""A standing body of KINECT_V1, metres, facing the sensor at 3 m."""


def body(frames: int, action: int, phase: float, place: float) -> np.ndarray:
    """(frames, v, 3): the standing body beside `place`, with one joint after the other swinging more, by action."""
    time = np.arange(frames)[:, None] / frames * 2 * math.pi + phase
    joints = np.repeat(POSE[None], frames, axis=0)
    weight = np.linspace(0, 1, 20)[(np.arange(20) * (action + 3)) % 20]
    joints[..., 1] += 0.25 * weight * np.sin(time * (1 + action % 2))
    joints[..., 0] += 0.15 * weight * np.cos(time) + place
    return joints


def recording(name: str, action: int, subject: int, frames: int = 24, persons: int = 1) -> Recording:
    bodies = [body(frames, action, subject + person, 0.8 * person) for person in range(persons)]
    identity = np.tile(np.arange(persons), (frames, 1))
    return Recording(name, np.stack(bodies, axis=1).astype(np.float32), identity, action, subject, 1, 1, 1)


def make_store(path: Path, classes: list[str], subjects: int = 4) -> Store:
    """One clip a class and subject; the last class has two persons. Subjects 1, 3, ... train in split xsub."""
    clips = (
        recording(f"P{subject:03d}A{action:03d}", action, subject, persons=2 if action == len(classes) - 1 else 1)
        for subject in range(1, subjects + 1)
        for action in range(len(classes))
    )
    return write_store(
        path, dataset="synthetic", skeleton=KINECT_V1, classes=classes, units="m", frame_rate=30.0, recordings=clips
    )


def make_run(path: Path, store: Store, protocols: tuple[str, ...] = ("knn", "linear"), **settings: Any) -> Path:
    """A run folder: configuration, 120 logged steps, an encoder, its features, evaluations that are often right."""
    config = {
        "skelact": "0.1.0",
        "started": "2026-11-21T02:00:00+00:00",
        "machine": {"processor": "made-up processor", "cores": 2, "threads": 1, "accelerator": None},
        "config": {
            "recipe": "aimclr-small",
            "method": {"name": "aimclr", "temperature": 0.1, "bank": 256} | settings,
            "stream": "joint",
            "preparation": "robust",
            "epochs": 6,
            "seed": 0,
        },
        "stores": [{"path": str(store.path), "name": store.name, "hash": "0" * 64, "split": "xsub"}],
        "train_clips": 12,
    }
    write_json(path / "config.json", config)
    write_metrics(path, 120, seed=len(path.name))
    made = STGCNConfig(width=1, features=8)
    card = EncoderCard(
        encoder=made,
        skeleton=store.skeleton,
        preparation="robust",
        frames=8,
        persons=2,
        method="aimclr",
        origin="made up",
    )
    save_encoder(path / "encoder.safetensors", random_encoder(card, 0).network, card)
    encoder = load_encoder(path)
    prepared = store.prepared("robust", 8, progress=False)
    cached_features(encoder, prepared, store.skeleton, path / "features", progress=False)
    for protocol in protocols:
        write_evaluation(path, store, protocol, prepared.hash, encoder_hash(encoder))
    return path


def write_metrics(run: Path, steps: int, seed: int) -> None:
    """A loss that falls from log(1 + K) with noise, and what else is logged."""
    noise = np.random.default_rng(seed).normal(size=(steps, 3))
    with open(run / "metrics.jsonl", "w", encoding="utf-8") as file:
        for step in range(steps):
            share = step / steps
            info = math.log(257) * (1 - 0.4 * share) + 0.25 * noise[step, 0]
            entry = {
                "step": step + 1,
                "epoch": step * 6 // steps,
                "loss": info + 1.5 - share,
                "info_nce": info,
                "d1": 1.5 - share + 0.1 * noise[step, 1],
                "lr": 0.05 * 0.5 * (1 + math.cos(math.pi * share)),
                "clips_per_second": 180 + 9 * noise[step, 2],
                "seconds": 0.4 * step,
            }
            file.write(json.dumps(entry) + "\n")
            if step % 20 == 19:
                look = {"knn": 30 + 35 * share, "feature_std": 0.3 + 0.4 * share, "effective_rank": 12 + 30 * share}
                file.write(json.dumps({"step": step + 1, "epoch": entry["epoch"], **look}) + "\n")


def write_evaluation(run: Path, store: Store, protocol: str, store_hash: str, encoder: str) -> Result:
    """Scores that are right for about seven clips of ten and else near a neighbouring class."""
    import torch

    rows = split(store, "xsub").test
    labels = store.table["action"][rows]
    count = len(store.classes)
    rng = np.random.default_rng(3)
    scores = rng.normal(0, 0.3, (len(rows), count)).astype(np.float32)
    aim = np.where(rng.random(len(rows)) < 0.7, labels, (labels + 1) % count)
    scores[np.arange(len(rows)), aim] += 3
    last = accuracy(torch.from_numpy(scores), torch.from_numpy(labels))
    low = Accuracy(top1=31.25, top5=60.0)
    result = Result(
        protocol=protocol,
        recipe={"epochs": 100, "lr": 3.0} if protocol == "linear" else {"k": [1, 20]},
        store=store.name,
        store_hash=store_hash,
        dataset=store.meta.dataset,
        split="xsub",
        rule=split(store, "xsub").rule,
        method="aimclr",
        stream="joint",
        encoder_hash=encoder,
        classes=count,
        train_clips=len(store) - len(rows),
        test_clips=len(rows),
        last=last,
        best=Accuracy(top1=min(100.0, last.top1 + 1.5), top5=last.top5),
        last_per_seed=(last,),
        best_per_seed=(last,),
        best_epochs=(73,) if protocol == "linear" else (),
        std=0.8 if protocol == "linear" else None,
        by_k={1: low, 20: last} if protocol == "knn" else {},
        k_used={1: 1, 20: 20} if protocol == "knn" else {},
        standardised=last,
        control=Control(
            top1=33.5,
            plain=low,
            standardised=Accuracy(top1=33.5, top5=61.0),
            plain_per_seed=(low,),
            standardised_per_seed=(low,),
        ),
        majority=12.5,
        chance=100 / count,
        published=PublishedNumber(top1=74.3, source="AimCLR, table 2") if protocol == "linear" else None,
        seeds=3,
        seconds=12.5,
        date="2026-11-21T02:00:00+00:00",
        skelact="0.1.0",
        machine={"processor": "made-up processor"},
    )
    write_result(result, run / "evaluate", store.table["name"][rows], labels, scores)
    return result


CLASSES = ["wave", "clap", "drink", "kick </script><b>", "sit down & rest", "shake hands"]
"""Class names, one of which tries to end a script."""
