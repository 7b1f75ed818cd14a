"""The 51 actions of PKU-MMD in their published order; part II has 41 of them under the same numbers."""

PKU_CLASSES = tuple(
    label.strip()
    for label in """
    bow
    brush hair
    brush teeth
    check time on a watch
    cheer up
    clap
    cross hands in front
    drink water
    drop
    eat meal
    fall
    give something to someone
    wave a hand
    shake hands
    hop on one foot
    hug someone
    jump up
    kick someone
    kick something
    make a phone call
    pat someone's back
    pick up
    play with phone or tablet
    point at someone
    point to something
    punch or slap someone
    push someone
    put on a hat
    put something into pocket
    read
    rub two hands
    salute
    sit down
    stand up
    take off a hat
    take off glasses
    take off jacket
    take something out of pocket
    take a selfie
    tear up paper
    throw
    touch back (backache)
    touch chest (stomachache)
    touch head (headache)
    touch neck (neckache)
    type on a keyboard
    fan oneself
    put on jacket
    put on glasses
    wipe face
    write
    """.strip().splitlines()
)
