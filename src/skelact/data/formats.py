"""Every file format by name, and where its reader is. It imports no reader, so that help can list the formats."""

FORMATS: dict[str, str] = {
    "ntu": "ntu:NtuReader",
    "ucla": "ucla:UclaReader",
    "utd": "utd:UtdReader",
    "sbu": "sbu:SbuReader",
    "pku": "pku:PkuReader",
    "msr": "msr:MSR",
    "utkinect": "utkinect:UtkinectReader",
    "florence": "florence:FlorenceReader",
    "kard": "kard:KARD",
    "bvh": "bvh:BvhFormat",
    "arrays": "arrays:ARRAYS",
    "position": "arrays:POSITION",
    "ctrgcn": "arrays:CTRGCN",
    "pyskl": "arrays:PYSKL",
}
"""Module in `data/readers/` and name in it: a reader or `MadeForASource`, or a class that makes one without
arguments."""
