"""Files that go with mails: which ones no mail may have, and how large they are once they are in one."""

import unicodedata
from typing import Final

_REFUSED: Final = """
    ade adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp its js jse ksh lib lnk
    mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msh msh1 msh1xml msh2 msh2xml mshxml msi
    msp mst ops pcd pif plg prf prg ps1 ps1xml ps2 ps2xml psc1 psc2 reg scf scr sct shb shs sys tmp url vb vbe vbs vps
    vsmacros vss vst vsw vxd ws wsc wsf wsh xnk
"""
REFUSED_EXTENSIONS: Final = frozenset(_REFUSED.split())
"""What SES takes no mail with; other providers refuse much the same.
https://docs.aws.amazon.com/ses/latest/dg/mime-types.html"""

_LINE: Final = 57
"""Bytes of a file that become one line of 76 characters in base64 (RFC 2045, 6.8), and two for its end."""

_AROUND: Final = 400  # a part's header fields, with a short name, and the boundary before it


def refused_extension(filename: str) -> str:
    """The extension for which no mail may have this file, or "".

    Dots and spaces at the end are left out: Windows drops them, and then the file is what stands before.
    """
    name = unicodedata.normalize("NFKC", filename).casefold().rstrip(". ")
    _, dot, extension = name.rpartition(".")
    return extension if dot and extension in REFUSED_EXTENSIONS else ""


def mailed_size(size: int) -> int:
    """How many bytes a file of this size makes in a mail: in base64, with its line ends, and what stands around it."""
    return -(-size // _LINE) * 2 + -(-size // 3) * 4 + _AROUND
