"""Actions of two persons, written for right-handers: the actor's movement and the other's response."""

import numpy as np

from skelact.data.synthetic.moves import Move, Weight, bump


def shake_hands(move: Move) -> None:
    out = move.over(0, 0.3, 0.78, 1)
    move.arm("right", out, move.about(38, 4) + move.aim / 3, move.about(4, 4), move.about(-16, 4), move.about(48, 5))
    turns = move.cycle(0.28, 0.8, move.times(1.0, 2.2, 4))
    shake = move.size * out * np.sin(2 * np.pi * turns)
    move.add(right_elbow=11 * shake, right_shoulder_raise=4 * shake)
    move.bend(move.about(7, 4) * out)


def push(move: Move) -> None:
    back, out = move.over(0, 0.3, 0.38, 0.5), move.over(0.36, 0.52, 0.64, 1)
    sides = ("left", "right") if move.rng.random() < 0.75 else ("right",)
    for side in sides:
        move.arm(side, back, move.about(22, 5), move.about(10, 6), move.about(-12, 5), move.about(125, 6))
        move.arm(side, out, move.about(76, 6) + 0.8 * move.aim, move.about(0, 5), move.about(-5, 5), move.about(12, 5))
    move.bend(move.size * 16 * out)
    move.leg("right", out, move.about(20, 6), 4, move.about(22, 6), 4)
    move.advance += 0.1 * move.size * out


def pushed(move: Move) -> None:
    hit, away = move.over(0.47, 0.6, 0.7, 1), move.over(0.47, 0.75, 2, 2)
    move.add(trunk_bend=-16 * move.size * hit, head_nod=14 * hit, pelvis_pitch=-6 * hit)
    for side in ("left", "right"):
        move.arm(side, 0.7 * hit, move.about(48, 12), move.about(40, 15), 0, move.about(50, 15))
    move.leg("left", move.over(0.5, 0.6, 0.62, 0.78), move.about(-14, 4), 4, move.about(35, 8))
    move.advance -= move.rng.uniform(0.2, 0.55) * move.size * away


def punch(move: Move) -> None:
    times = move.count(2)
    guard = move.over(0, 0.22, 0.8, 1)
    for side in ("left", "right"):
        move.arm(side, guard, move.about(26, 6), move.about(15, 6), move.about(-20, 6), move.about(122, 6))
    strike = guard * _blow(move, times)
    move.arm("right", strike, move.about(88, 6) + move.aim, move.about(-4, 4), 0, move.about(8, 4))
    move.add(trunk_twist=24 * move.size * strike, pelvis_turn=12 * strike)
    move.bend(8 * strike)


def punched(move: Move) -> None:
    hit = np.roll(_blow(move, 1), 2)
    move.add(trunk_bend=-14 * move.size * hit, head_nod=-24 * hit, head_turn=move.about(0, 22) * hit)
    for side in ("left", "right"):
        move.arm(side, 0.5 * hit, move.about(45, 12), move.about(25, 12), 0, move.about(85, 15))
    move.advance -= move.rng.uniform(0.03, 0.16) * hit


def hug(move: Move) -> None:
    near = move.over(0, 0.4, 0.72, 1)
    height = move.about(62, 12)
    for side in ("left", "right"):
        move.arm(side, near, height + move.about(0, 12), move.about(25, 6), move.about(-45, 10), move.about(62, 10))
    move.bend(move.about(10, 4) * near)
    move.advance += 0.35 * (near - 1)


def _blow(move: Move, times: int) -> Weight:
    turns = move.cycle(0.26, 0.84, times)
    return bump(turns - np.floor(np.minimum(turns, times - 1e-9)), 0.15, 0.45, 0.9)
