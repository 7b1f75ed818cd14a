"""Actions of one person, written for right-handers. Their variants are drawn from `move.rng`."""

import numpy as np

from skelact.data.synthetic.moves import Move, Weight, bump


def wave(move: Move) -> None:
    _maybe_seated(move)
    up = move.over(0, 0.22, 0.8, 1)
    turns = move.cycle(0.15, 0.88, move.times(1.0, 2.0, 5))
    high = move.rng.random() < 0.5
    if high:
        move.arm("right", up, move.about(145, 10), move.about(75, 15), move.about(50, 10), move.about(45, 10))
    else:
        move.arm("right", up, move.about(70, 10), move.about(75, 15), move.about(85, 8), move.about(95, 8))
    swing = move.size * up * np.sin(2 * np.pi * turns)
    move.add(right_elbow=26 * swing, right_shoulder_raise=-9 * swing, right_shoulder_spin=8 * swing)
    move.add(right_wrist=12 * swing, trunk_side=-2 * up)


def drink(move: Move) -> None:
    _maybe_seated(move)
    up = move.over(0, 0.33, 0.7, 1)
    move.arm("right", up, move.about(48, 6), move.about(22, 8), move.about(-30, 6), move.about(140, 4), 10)
    sips = move.cycle(0.33, 0.7, move.count(2))
    tilt = move.size * up * np.sin(np.pi * sips) ** 2
    move.add(head_nod=-16 * tilt, right_shoulder_raise=10 * tilt, right_wrist=14 * tilt)


def call(move: Move) -> None:
    _maybe_seated(move)
    up = move.over(0, 0.25, 0.8, 1)
    move.arm("right", up, move.about(42, 7), move.about(70, 8), move.about(-12, 7), move.about(143, 3), 5)
    move.add(head_turn=move.about(0, 10) * up, head_nod=move.about(6, 5) * up)


def point(move: Move) -> None:
    out = move.over(0, 0.3, 0.72, 1)
    where = move.rng.uniform(0, 55)
    move.arm("right", out, move.about(82, 14), where, 0, move.about(8, 5))
    move.add(head_turn=-0.5 * where * out, trunk_twist=move.about(-4, 4) * out)


def clap(move: Move) -> None:
    _maybe_seated(move)
    up = move.over(0, 0.2, 0.82, 1)
    turns = move.cycle(0.12, 0.9, move.times(1.3, 2.6, 7))
    height, elbow = move.about(38, 12), move.about(80, 10)
    apart = move.size * up * (1 - np.cos(2 * np.pi * turns)) / 2
    for side in ("left", "right"):
        move.arm(side, up, height + move.about(0, 3), move.about(8, 4), move.about(-40, 3), elbow)
        move.add(**{f"{side}_shoulder_spin": 38 * apart, f"{side}_shoulder_plane": 10 * apart})


def throw(move: Move) -> None:
    wind, fling = move.over(0, 0.3, 0.42, 0.56), move.over(0.42, 0.58, 0.68, 1)
    height = move.about(95, 15)
    move.arm("right", wind, height, move.about(118, 8), move.about(80, 8), move.about(95, 10))
    move.arm("right", fling, move.about(75, 10), move.about(0, 8), 0, move.about(15, 6))
    move.arm("left", wind, move.about(50, 15), move.about(20, 10), 0, move.about(35, 10))
    turn = move.size * (fling - wind)
    move.add(trunk_twist=26 * turn, pelvis_turn=16 * turn)
    move.bend(move.size * (16 * fling - 8 * wind))
    move.leg("left", wind, move.about(25, 6), 6, move.about(30, 8))


def kick(move: Move) -> None:
    times = move.count(2)
    turns = move.cycle(0.05, 0.95, times)
    beat = turns - np.floor(np.minimum(turns, times - 1e-9))
    back = bump(beat, 0.0, 0.25, 0.45)
    out = bump(beat, 0.28, 0.52, 0.95)
    reach = move.about(62, 10) * move.size
    move.leg("right", back, -16, 4, move.about(70, 8))
    move.leg("right", out, reach, 4, move.about(14, 6), -15)
    move.add(left_knee=8 * out, left_hip_raise=4 * out, left_ankle=4 * out)
    move.add(trunk_bend=6 * back - 10 * out, left_shoulder_raise=32 * out, right_shoulder_raise=14 * out)
    move.add(trunk_twist=10 * out)


def sit(move: Move) -> None:
    _seated(move, move.over(0, 1, 2, 2))


def stand_up(move: Move) -> None:
    _seated(move, 1 - move.over(0, 1, 2, 2))


def _maybe_seated(move: Move) -> None:
    if move.rng.random() < 0.2:
        move.seat(np.ones(move.timing.frames))


def _seated(move: Move, down: Weight) -> None:
    move.seat(down)
    # The seat goes back only as far as the trunk goes forward; most of it happens halfway.
    move.bend(move.about(42, 8) * move.size * 4 * down * (1 - down))
    if move.rng.random() < 0.5:  # hands come to the lap
        for side in ("left", "right"):
            move.arm(side, down, move.about(28, 6), move.about(5, 8), move.about(-15, 8), move.about(45, 10))


def pick_up(move: Move) -> None:
    down = move.over(0, 0.45, 0.52, 1)
    move.bend(move.about(75, 8) * down)
    move.crouch(move.about(60, 22) * down)
    move.arm("right", down, move.about(62, 8), move.about(8, 8), 0, move.about(10, 5))
    move.arm("left", down, move.about(35, 12), move.about(15, 10), move.about(-10, 10), move.about(40, 15))
    move.add(head_nod=-12 * down)
    if move.rng.random() < 0.5:  # looks at what was picked up
        move.arm("right", move.over(0.55, 0.85, 2, 2), move.about(25, 8), 15, -20, move.about(90, 10))


def jump(move: Move) -> None:
    times = move.times(0.6, 1.1, 3)
    turns = move.cycle(0, 1, times)
    beat = turns - np.floor(np.minimum(turns, times - 1e-9))
    dip = bump(beat, 0.0, 0.24, 0.42) + 0.7 * bump(beat, 0.68, 0.8, 1.0)
    air = np.clip((beat - 0.4) / 0.3, 0, 1)
    move.crouch(move.about(62, 10) * dip)
    move.bend(move.about(30, 6) * dip)
    fly = 4 * air * (1 - air)
    move.lift += move.size * move.rng.uniform(0.16, 0.36) * fly
    arms = move.rng.uniform(10, 90)
    swing = arms * fly - 25 * dip
    move.add(left_ankle=-28 * fly, right_ankle=-28 * fly)
    move.add(left_shoulder_raise=np.abs(swing), right_shoulder_raise=np.abs(swing))


def walk(move: Move) -> None:
    going = move.over(0, 0.15, 0.85, 1)
    turns = move.cycle(0, 1, move.times(0.8, 1.2, 4))
    for side, start in (("right", 0.0), ("left", 0.5)):
        angle = 2 * np.pi * (turns + start)
        move.add(**{f"{side}_hip_raise": move.size * going * (8 + 24 * np.sin(angle))})
        move.add(**{f"{side}_knee": move.size * going * 26 * (1 + np.cos(angle))})
        other = "left" if side == "right" else "right"
        move.add(**{f"{other}_shoulder_raise": move.size * going * np.abs(18 * np.sin(angle))})
    pace = move.body.height * move.size * move.rng.uniform(0.0, 0.5)  # zero walks on the spot
    move.advance += pace * turns


def bow(move: Move) -> None:
    times = move.count(2)
    turns = move.cycle(0, 1, times)
    down = move.size * np.sin(np.pi * turns) ** 2
    move.bend(move.about(52, 10) * down)
    move.add(head_nod=8 * down)


def jumping_jack(move: Move) -> None:
    going = move.over(0, 0.06, 0.94, 1)
    turns = move.cycle(0, 1, move.times(0.8, 1.3, 4))
    wide = going * (1 - np.cos(2 * np.pi * turns)) / 2
    for side in ("left", "right"):
        move.arm(side, going, 10, 88, 0, 10)
        move.arm(side, wide, move.about(150, 8), move.about(88, 5), 0, move.about(18, 8))
        move.add(**{f"{side}_hip_spread": 20 * move.size * wide})
    move.lift += 0.09 * move.size * going * np.abs(np.sin(2 * np.pi * turns))
