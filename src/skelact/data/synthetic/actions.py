"""The list of actions: names, participants, joints that meet."""

from collections.abc import Callable
from dataclasses import dataclass

from skelact.data.synthetic import alone, together
from skelact.data.synthetic.moves import Move


@dataclass(frozen=True)
class Action:
    """One class: the movement of the actor and, with two persons, that of the other and where they meet."""

    name: str
    act: Callable[[Move], None]
    answer: Callable[[Move], None] | None = None
    """Movement of the second person, in the same phase; None for actions of one person."""
    meet: tuple[str, str] = ("", "")
    """Joints of the actor (right-handed) and of the other person that meet at the climax of the action."""
    gap: float = 0.0
    """Distance that remains between them, in metres."""
    seconds: tuple[float, float] = (0.8, 2.2)


ACTIONS = (
    Action("wave", alone.wave),
    Action("handshake", together.shake_hands, together.shake_hands, ("right_hand", "right_hand")),
    Action("drink", alone.drink),
    Action("sit down", alone.sit),
    Action("push", together.push, together.pushed, ("right_hand", "shoulder_center"), 0.05),
    Action("clap", alone.clap),
    Action("throw", alone.throw),
    Action("kick", alone.kick),
    Action("punch", together.punch, together.punched, ("right_hand", "head"), 0.08),
    Action("phone call", alone.call),
    Action("stand up", alone.stand_up),
    Action("point", alone.point),
    Action("pick up", alone.pick_up),
    Action("jump", alone.jump),
    Action("hug", together.hug, together.hug, ("shoulder_center", "shoulder_center"), 0.3),
    Action("bow", alone.bow),
    Action("walk", alone.walk),
    Action("jumping jack", alone.jumping_jack),
)
"""All classes; a store of k classes has the first k."""


def actions_of(persons: int) -> tuple[Action, ...]:
    """The actions of at most `persons` participants, in order."""
    return tuple(action for action in ACTIONS if persons > 1 or action.answer is None)
