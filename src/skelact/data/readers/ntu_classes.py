"""The 120 actions of NTU RGB+D 120 in their published order; the first 60 are those of NTU RGB+D 60."""

NTU_CLASSES = tuple(
    label.strip()
    for label in """
    drink water
    eat meal
    brush teeth
    brush hair
    drop
    pick up
    throw
    sit down
    stand up
    clap
    read
    write
    tear up paper
    put on jacket
    take off jacket
    put on a shoe
    take off a shoe
    put on glasses
    take off glasses
    put on a hat
    take off a hat
    cheer up
    wave a hand
    kick something
    reach into pocket
    hop on one foot
    jump up
    make a phone call
    play with phone or tablet
    type on a keyboard
    point to something
    take a selfie
    check time on a watch
    rub two hands
    nod or bow
    shake head
    wipe face
    salute
    put palms together
    cross hands in front
    sneeze or cough
    stagger
    fall down
    touch head (headache)
    touch chest (stomachache)
    touch back (backache)
    touch neck (neckache)
    nausea or vomiting
    fan oneself
    punch or slap someone
    kick someone
    push someone
    pat someone's back
    point at someone
    hug someone
    give something to someone
    touch someone's pocket
    shake hands
    walk towards each other
    walk apart
    put on headphones
    take off headphones
    shoot at a basket
    bounce a ball
    swing a tennis bat
    juggle table tennis balls
    hush
    flick hair
    thumb up
    thumb down
    make OK sign
    make victory sign
    staple a book
    count money
    cut nails
    cut paper
    snap fingers
    open a bottle
    sniff
    squat down
    toss a coin
    fold paper
    ball up paper
    play with magic cube
    put cream on face
    put cream on hands
    put on a bag
    take off a bag
    put something into a bag
    take something out of a bag
    open a box
    move heavy objects
    shake a fist
    throw up a hat
    put both hands up
    cross arms
    circle arms
    swing arms
    run on the spot
    butt kicks
    cross toe touch
    side kick
    yawn
    stretch oneself
    blow nose
    hit someone with something
    wield a knife at someone
    knock someone over
    grab someone's things
    shoot at someone
    step on someone's foot
    high-five
    cheers and drink
    carry something together
    take a photo of someone
    follow someone
    whisper in someone's ear
    exchange things
    support someone
    rock-paper-scissors
    """.strip().splitlines()
)
