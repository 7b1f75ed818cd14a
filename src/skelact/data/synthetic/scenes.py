"""Performances: who does what, how, when and where; exact joints in the room, before any sensor."""

from dataclasses import dataclass, replace
from math import lcm

import numpy as np
from jaxtyping import Float64

from skelact.data.synthetic.actions import ACTIONS, Action
from skelact.data.synthetic.bodies import Body, draw_body, positions
from skelact.data.synthetic.moves import RATE, Move, Timing
from skelact.layouts import KINECT_V2

SHORTEST, LONGEST = 30, 120
"""Frames of a clip."""


@dataclass(frozen=True)
class Performance:
    """One action done once by one subject, before any sensor."""

    action: int
    subject: int
    """Subject and repetition are counted from 1."""
    repetition: int
    joints: Float64[np.ndarray, "t m v 3"]
    """Metres in the room: y up, the middle of the scene near x = z = 0. The actor first."""
    span: tuple[int, int]
    """First frame of the action, and the one after its last."""


def cast(number: int, classes: int, subjects: int) -> tuple[int, int, int]:
    """Action (from 0), subject and repetition (from 1) of a performance by its number.

    Actions and subjects take turns. The subjects shift by one each time both cycles end together, so that classes x
    subjects performances contain every pair once.
    """
    shift = number // lcm(classes, subjects)
    return number % classes, (number + shift) % subjects + 1, number // (classes * subjects) + 1


def subject_body(seed: int, subject: int) -> Body:
    """The body of a subject: the same in all of its clips."""
    return draw_body(np.random.default_rng([seed, 1, subject]))


def perform(number: int, classes: int, subjects: int, seed: int, actions: tuple[Action, ...] = ACTIONS) -> Performance:
    """Performance `number` of the data set with this seed; a pure function of the arguments."""
    action, subject, repetition = cast(number, classes, subjects)
    rng = np.random.default_rng([seed, 2, number])
    actor = subject_body(seed, subject)
    other = subject_body(seed, int((subject - 1 + rng.integers(1, subjects)) % subjects) + 1)
    timing = draw_timing(actions[action], actor, rng)
    persons = act(actions[action], timing, actor, other, rng)
    return Performance(action, subject, repetition, _somewhere(persons, rng), timing.span)


def act(
    action: Action, timing: Timing, actor: Body, other: Body, rng: np.random.Generator
) -> Float64[np.ndarray, "t m v 3"]:
    """The action in the frame of the actor, who starts at x = z = 0 and faces z; `other` only in actions of two."""
    taller = 0.8 * (other.height - actor.height) if action.answer else 0.0
    aim = float(np.degrees(np.arctan2(taller, 0.3 * actor.height)))
    move = Move(actor, timing, rng, aim)
    action.act(move)
    first = positions(actor, move.finish()) + move.path()
    if action.answer is None:
        return first[:, None]
    other = replace(other, left_handed=actor.left_handed)  # hands that meet are on the same side
    reply = Move(other, timing, rng, -aim)
    action.answer(reply)
    turned = np.array([-1, 1, -1])  # facing the actor
    second = positions(other, reply.finish()) * turned
    apart = _between(action, first, second, timing, actor.left_handed, rng)
    return np.stack([first, second + reply.path() * turned + apart], axis=1)


def draw_timing(action: Action, body: Body, rng: np.random.Generator) -> Timing:
    """Random timing, with enough idling that a clip of LONGEST frames may begin or end with the action."""
    length = min(rng.uniform(*action.seconds) * RATE / body.tempo, LONGEST - 2)
    onset = LONGEST - int(length)
    frames = onset + LONGEST
    skew, haste = float(np.exp(rng.uniform(-0.35, 0.35))), float(rng.random())
    return Timing(frames, float(onset), float(length), skew, haste)


def _between(
    action: Action,
    first: Float64[np.ndarray, "t v 3"],
    second: Float64[np.ndarray, "t v 3"],
    timing: Timing,
    left_handed: bool,
    rng: np.random.Generator,
) -> Float64[np.ndarray, "3"]:
    """Horizontal shift of the second person with which the joints of `action.meet` meet at the actor's full reach."""
    ours, theirs = (KINECT_V2.index(joint) for joint in action.meet)
    if left_handed:
        ours, theirs = KINECT_V2.mirror[ours], KINECT_V2.mirror[theirs]
    begin, end = timing.span
    at = begin + int(first[begin:end, ours, 2].argmax())
    aside, _, ahead = first[at, ours] - second[at, theirs]
    return np.array([np.clip(aside, -0.25, 0.25) + rng.normal(0, 0.03), 0.0, ahead + action.gap + rng.uniform(0, 0.06)])


def _somewhere(joints: Float64[np.ndarray, "t m v 3"], rng: np.random.Generator) -> Float64[np.ndarray, "t m v 3"]:
    """Random position in the room and random heading."""
    heading = rng.uniform(-np.pi, np.pi)
    middle = joints[0, :, 0].mean(axis=0) * [1, 0, 1]
    turn = np.array([[np.cos(heading), 0, np.sin(heading)], [0, 1, 0], [-np.sin(heading), 0, np.cos(heading)]])
    return (joints - middle) @ turn.T + np.array([rng.uniform(-0.6, 0.6), 0, rng.uniform(-0.6, 0.6)])
