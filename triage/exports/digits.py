"""A number in groups of four letters and figures that a person can copy, and that show every slip.

It is written in 32 digits (Crockford's, without I, L, O and U), each an element of the field GF(32), and they are
followed by `CHECKS` check digits such that the whole, as a polynomial c(x) whose last digit belongs to x^0, is zero at
a, a^2, ... a^CHECKS, where a generates the field. One wrong digit at place i adds e*a^i to c(a) with e not zero, so
c(a) is not zero: it is refused. Two neighbours exchanged, of values u and v, add (u+v)*a^i and (u+v)*a^(i+1): together
(u+v)*a^i*(1+a), again not zero unless u = v. Both hold at every length. Up to 31 digits it is a Reed-Solomon code, so
any `CHECKS` wrong digits are refused too. Of random texts 1 in 32^CHECKS passes: 1 in 33 million.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from triage.errors import CodeError

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP = 4
CHECKS = 5
MOST_DIGITS = 512
"""Longer than any code; what is longer is not looked at."""

_READ_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BETWEEN = " \t\r\n-\u2010\u2011\u2012\u2013\u2014\u2212_.\u00a0"
"""What people, phones and word processors put between the groups."""


def write(number: int) -> str:
    """A number with its check digits, in groups joined by hyphens; filled up with zeros in front to whole groups."""
    digits: list[int] = []
    while number:
        number, digit = divmod(number, len(DIGITS))
        digits.append(digit)
    digits += [0] * (-(len(digits) + CHECKS) % GROUP)
    text = "".join(DIGITS[digit] for digit in _checked(digits[::-1]))
    return "-".join(text[start : start + GROUP] for start in range(0, len(text), GROUP))


def read(typed: str) -> int:
    """The number that was typed. Case, spaces and hyphens do not matter; O reads as 0, I and L as 1.

    Raises:
        CodeError: a digit is wrong, missing or too many. `groups` are those of which one looks wrong, if that shows.
    """
    digits = _typed(typed)
    if any(_remains(digits)):
        raise CodeError("its check digits do not fit", _suspects(digits))
    number = 0
    for digit in digits[:-CHECKS]:
        number = number * len(DIGITS) + digit
    if len(write(number).replace("-", "")) != len(digits):
        raise CodeError("it begins with an empty group")
    return number


_POWERS = [1]
"""The powers of a in GF(32) = GF(2)[a] / (a^5 + a^2 + 1)."""
while len(_POWERS) < len(DIGITS) - 1:
    _POWERS.append((_POWERS[-1] << 1) ^ (0b100101 if _POWERS[-1] & 0b10000 else 0))
_LOGS = {power: place for place, power in enumerate(_POWERS)}


_PRODUCTS = [
    [_POWERS[(_LOGS[first] + _LOGS[second]) % len(_POWERS)] if first and second else 0 for second in range(len(DIGITS))]
    for first in range(len(DIGITS))
]


def _times(first: int, second: int) -> int:
    return _PRODUCTS[first][second]


def _remains(digits: Sequence[int]) -> list[int]:
    """The values of the polynomial at a, a^2, ...; all zero where the check digits fit."""
    remains = []
    for root in range(1, CHECKS + 1):
        value, times = 0, _PRODUCTS[_POWERS[root]]
        for digit in digits:
            value = times[value] ^ digit
        remains.append(value)
    return remains


def _generator() -> list[int]:
    """The coefficients of (x - a)(x - a^2)..., the highest first."""
    product = [1]
    for root in range(1, CHECKS + 1):
        shifted = [0, *(_times(part, _POWERS[root]) for part in product)]
        product = [left ^ right for left, right in zip([*product, 0], shifted, strict=True)]
    return product


_GENERATOR = _generator()


def _checked(digits: list[int]) -> list[int]:
    """The digits and their check digits: the remainder of dividing by the generator."""
    rest = [*digits, *[0] * CHECKS]
    for place in range(len(digits)):
        for offset, part in enumerate(_GENERATOR if rest[place] else ()):
            if offset:
                rest[place + offset] ^= _times(part, rest[place])
    return [*digits, *rest[len(digits) :]]


def _suspects(digits: Sequence[int]) -> tuple[int, ...]:
    """The groups that one wrong digit, or two neighbours exchanged, would have to be in."""
    remains, groups = _remains(digits), set()
    for place in range(len(digits)):
        power = len(digits) - 1 - place
        wrong = _times(remains[0], _POWERS[-power % len(_POWERS)])
        if _adds(remains, {power: wrong}):
            groups.add(place // GROUP + 1)
        both = digits[place] ^ digits[place - 1]
        if place and _adds(remains, {power: both, power + 1: both}):
            groups |= {place // GROUP + 1, (place - 1) // GROUP + 1}
    return tuple(sorted(groups))


def _adds(remains: Sequence[int], errors: Mapping[int, int]) -> bool:
    """Whether these errors, by their power of x, leave just these remains."""
    for root, remain in enumerate(remains, 1):
        for power, error in errors.items():
            remain ^= _times(error, _POWERS[root * power % len(_POWERS)])
        if remain:
            return False
    return True


def _typed(typed: str) -> list[int]:
    text = typed.upper().translate(_READ_ALIKE).translate(dict.fromkeys(map(ord, _BETWEEN)))
    unknown = {place // GROUP + 1 for place, letter in enumerate(text) if letter not in DIGITS}
    if unknown:
        raise CodeError("it has a letter or sign that no code has", tuple(sorted(unknown)))
    if not CHECKS < len(text) <= MOST_DIGITS:
        raise CodeError("it is too short or too long")
    if len(text) % GROUP:
        short = [place for place, part in enumerate(typed.replace("-", " ").split(), 1) if len(part) != GROUP]
        raise CodeError("a letter is missing or too many", tuple(short) if len(short) == 1 else ())
    return [DIGITS.index(letter) for letter in text]
