"""The square code: opened here only, for thirty days, and readable on every screen."""

import re
from datetime import timedelta

import pytest
import segno

from tests.codes import MADE
from triage.errors import CodeError
from triage.exports import code, qr
from triage.exports.reopening import OLD

KEYS = ("one key of this installation, long enough", "a former key of this installation, long")


def test_the_square_opens_here_with_this_key_and_the_former_one(knowledge, some_codes):
    for key in KEYS:
        sealed = qr.seal(key, some_codes[1])
        assert re.fullmatch(r"[A-Za-z0-9_-]{40,1024}", sealed)
        assert qr.unseal(KEYS, sealed, knowledge.numbering, MADE) == code.read(knowledge.numbering, some_codes[1])


def test_the_square_of_another_installation_does_not_open(knowledge, some_codes):
    with pytest.raises(CodeError):
        qr.unseal(KEYS[:1], qr.seal(KEYS[1], some_codes[1]), knowledge.numbering, MADE)


def test_a_square_that_was_changed_does_not_open(knowledge, some_codes):
    sealed = qr.seal(KEYS[0], some_codes[1])
    wrong = [sealed[:n] + ("A" if sealed[n] != "A" else "B") + sealed[n + 1 :] for n in range(len(sealed) - 1)]
    for given in (*wrong, "", "A", "é", sealed[:-4], sealed + "AAAA", "A" * 5000, some_codes[1]):
        with pytest.raises(CodeError):
            qr.unseal(KEYS, given, knowledge.numbering, MADE)


def test_the_square_opens_for_thirty_days(knowledge, some_codes):
    sealed = qr.seal(KEYS[0], some_codes[1])
    assert qr.unseal(KEYS, sealed, knowledge.numbering, MADE + OLD)
    with pytest.raises(CodeError, match="30 days"):
        qr.unseal(KEYS, sealed, knowledge.numbering, MADE + OLD + timedelta(1))


def test_the_square_hides_the_answers(some_codes):
    sealed = {qr.seal(KEYS[0], some_codes[1]) for _ in range(5)}
    assert len(sealed) == 5 and not any(some_codes[1].replace("-", "") in text for text in sealed)


def test_the_square_is_black_on_white_with_a_quiet_zone_and_says_the_address():
    address = "https://guide.example.org/open#" + "A" * 64
    square = qr.svg(address)
    right = segno.make(address, error="m", micro=False)
    size = right.symbol_size(border=4)[0]
    assert f'viewBox="0 0 {size} {size}"' in square
    assert f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>' in square
    assert 'stroke="#000"' in square and "style=" not in square
    assert right.designator.endswith("M") and square.count(" d=") == 2
