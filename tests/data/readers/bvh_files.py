"""BVH files: hips with two arms, and files made from a list of joints, one a line, indented by depth: name x y z."""

from collections.abc import Sequence

LOCAL = "Zrotation Xrotation Yrotation"
GLOBAL = f"Xposition Yposition Zposition {LOCAL}"
ARM = """HIERARCHY
ROOT Hips
{
    OFFSET 0 0 0
    CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
    JOINT LeftArm
    {
        OFFSET 0 1 0
        CHANNELS 3 Zrotation Xrotation Yrotation
        End Site
        {
            OFFSET 2 0 0
        }
    }
    JOINT RightArm { OFFSET 0 -1 0 CHANNELS 0 End Site { OFFSET 0 0 0 } }
}
MOTION
Frames: %d
Frame Time: 0.0333333
"""


def arm(*frames: str) -> bytes:
    """Hips and two arms; nine numbers a frame."""
    return (ARM % len(frames) + "".join(frame + "\n" for frame in frames)).encode()


def bvh(joints: str, rows: Sequence[str] = (), frame_time: float = 0.04, everywhere: bool = False) -> bytes:
    """A file; `rows` give the first numbers of each frame, zeros follow. `everywhere`: positions for every joint."""
    lines, depths = ["HIERARCHY"], []
    count = 0
    for line in filter(str.strip, joints.splitlines()):
        depth = len(line) - len(line.lstrip())
        while depths and depths[-1] >= depth:
            lines.append("}" * bool(depths.pop() + 1))
        *name, x, y, z = line.split()
        channels = GLOBAL if everywhere or not depths else LOCAL
        lines.append(f"{'JOINT' if depths else 'ROOT'} {' '.join(name)} {{ OFFSET {x} {y} {z}")
        lines.append(f"CHANNELS {len(channels.split())} {channels}")
        count += len(channels.split())
        depths.append(depth)
    rows = [" ".join([*row.split(), *["0"] * (count - len(row.split()))]) for row in rows or ["1 2 3"]]
    lines += ["}" * len(depths), "MOTION", f"Frames: {len(rows)}", f"Frame Time: {frame_time}", *rows]
    return "\n".join(lines).encode() + b"\n"


def human(
    leg: Sequence[str],
    arm: Sequence[str],
    marks: Sequence[str],
    trunk: Sequence[str],
    arms_first: bool = False,
    right_first: bool = False,
) -> str:
    """A person of 1.75 m in a T-pose, the left side at +x, whose limbs have four joints each.

    The joints of limbs are patterns with {} for the mark of left or right; `trunk` goes from pelvis to head.
    """
    legs, arms = "", ""
    sides = list(zip(marks, (1, -1), strict=True))
    for side, x in reversed(sides) if right_first else sides:
        hip, knee, ankle, toe = (name.format(side) for name in leg)
        collar, shoulder, elbow, hand = (name.format(side) for name in arm)
        legs += f"  {hip} {9 * x} -5 0\n   {knee} 0 -40 0\n    {ankle} 0 -40 0\n     {toe} 0 -5 12\n"
        arms += f"    {collar} {3 * x} 15 0\n     {shoulder} {12 * x} 0 0\n      {elbow} {28 * x} 0 0\n"
        arms += f"       {hand} {25 * x} 0 0\n"
    pelvis, spine, chest, neck, head = trunk
    body = f"  {spine} 0 12 0\n   {chest} 0 15 0\n{arms}    {neck} 0 20 0\n     {head} 0 15 0\n"
    return f" {pelvis} 0 90 0\n" + (body + legs if arms_first else legs + body)
