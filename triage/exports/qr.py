"""The square code on a sheet: an address with a sealed code behind the "#", as an SVG that every phone can read.

Phones may send what they scan to a cloud, so the code in it is sealed (AES-GCM under a key of this installation): the
answers in it can be read here, for 30 days, and nowhere else. What stands behind "#" is never sent to a server by a
browser; the page that it leads to posts it.
"""

from __future__ import annotations

import base64
import binascii
import io
import secrets
from collections.abc import Sequence
from datetime import date
from hashlib import blake2b

import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from triage.errors import CodeError
from triage.exports import code
from triage.exports.code import Handed
from triage.exports.reopening import OLD
from triage.knowledge.model import Numbering

_NONCE = 12
_MOST_LETTERS = 1024
_ABOUT = b"triage-square-1"


def seal(key: str, typed: str) -> str:
    """A typed code as the text behind the "#"."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = nonce + _box(key).encrypt(nonce, typed.replace("-", "").encode(), _ABOUT)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(keys: Sequence[str], sealed: str, numbering: Numbering, today: date) -> Handed:
    """What a sealed code holds. The first key seals; all of them open.

    Raises:
        CodeError: it was not made here, was changed on the way, or is older than 30 days.
    """
    if len(sealed) > _MOST_LETTERS:
        raise CodeError("it is too long")
    try:
        raw = base64.b64decode(sealed + "=" * (-len(sealed) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise CodeError("it is no sealed code") from error
    for key in keys if len(raw) > _NONCE else ():
        try:
            typed = _box(key).decrypt(raw[:_NONCE], raw[_NONCE:], _ABOUT).decode()
        except InvalidTag:
            continue
        sheet = code.read(numbering, typed)
        if today - sheet.made > OLD:
            raise CodeError("it is older than 30 days")
        return sheet
    raise CodeError("it was not sealed here")


def _box(key: str) -> AESGCM:
    return AESGCM(blake2b(key.encode(), digest_size=32, person=b"triage-square").digest())


def svg(address: str) -> str:
    """The square of an address as SVG, for a page as for a file: black on white, with the quiet zone around it."""
    square, out = segno.make(address, error="m", micro=False), io.BytesIO()
    square.save(
        out,
        kind="svg",
        border=4,
        light="white",
        omitsize=True,
        xmldecl=False,
        svgclass="square",
        lineclass=None,
        nl=False,
    )
    return out.getvalue().decode()
