import pytest

from skelact.sides import LEFT, RIGHT, is_word, side_of, stem

PAIRS = {
    # left name, right name: whether a word or a letter alone says it
    ("LeftArm", "RightArm"): True,
    ("mixamorig:LeftUpLeg", "mixamorig:RightUpLeg"): True,
    ("lefteye", "righteye"): True,
    ("Hand_L", "Hand_R"): True,
    ("arm.l", "arm.r"): True,
    ("lShldr", "rShldr"): True,
    ("LHipJoint", "RHipJoint"): True,
    ("handL", "handR"): True,
    ("Bip01 L Finger0", "Bip01 R Finger0"): True,
    ("左腕", "右腕"): True,
    ("lelbow", "relbow"): False,
    ("TLS", "TRS"): False,
    ("LARM", "RARM"): False,
    ("handl", "handr"): False,
    ("lhip_lknee", "rhip_rknee"): False,
    ("Ling", "Ring"): False,
    ("левая_рука", "правая_рука"): True,
    ("кисть_Л", "кисть_П"): True,
    ("왼손", "오른손"): True,
    ("Hand_links", "Hand_rechts"): True,
    ("MainGauche", "MainDroite"): True,
    ("PiedGauche", "PiedDroit"): True,
    ("mano_izquierda", "mano_derecha"): True,
    ("mano_izq", "mano_der"): True,
    ("piede_sinistro", "piede_destro"): True,
    ("lshoulder", "rshoulder"): False,
}


@pytest.mark.parametrize(("names", "word"), PAIRS.items(), ids=map(" ".join, PAIRS))
def test_names_that_differ_by_the_side_alone_tell_it(names, word):
    left, right = names
    assert (side_of(left, right), side_of(right, left)) == (LEFT, RIGHT)
    assert is_word(left, right) is is_word(right, left) is word
    assert stem(left) == stem(right)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LeftArm", "LeftArm"),
        ("LeftArm", "RightLeg"),
        ("lerbow", "relbow"),  # left of the one, right of the other
        ("light", "right"),
        ("pelvis", "spine"),
        ("LeftArm", "RArm"),
        ("", ""),
    ],
)
def test_names_that_differ_otherwise_tell_no_side(one, other):
    assert (side_of(one, other), side_of(other, one)) == (0, 0)
