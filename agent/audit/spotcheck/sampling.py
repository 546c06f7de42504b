"""How many transfers must be drawn, and what a sample proves: hypergeometric, in whole numbers. Pure.

If W of a population of N are wrong, a sample of n without replacement has x wrong ones with the probability C(W, x) ·
C(N − W, n − x) / C(N, n). Nothing is rounded: a bound holds, or it does not.
"""

from fractions import Fraction
from math import comb

USUAL_CONFIDENCE = Fraction(95, 100)


def chance(population: int, wrong: int, sample: int, found: int = 0) -> Fraction:
    """The probability that a sample has no more than `found` wrong ones."""
    ways = comb(population, sample)
    few = sum(
        comb(wrong, x) * comb(population - wrong, sample - x)
        for x in range(min(found, sample, wrong) + 1)
        if sample - x <= population - wrong
    )
    return Fraction(few, ways)


def sample_for(population: int, confidence: Fraction, max_error: Fraction) -> int:
    """The smallest sample that, if all of it is right, proves that fewer than `max_error` of the population are wrong.

    That is: if exactly `max_error` are wrong, the sample finds a wrong one with at least that confidence.
    """
    if population == 0:
        return 0
    wrong = max(1, -(-max_error * population // 1))
    too_many = int(wrong)
    risk = 1 - confidence
    high = 1
    while high < population and _all_missed(population, too_many, high) > risk:
        high *= 2
    low, high = high // 2, min(high, population)
    while high - low > 1:
        middle = (low + high) // 2
        if _all_missed(population, too_many, middle) > risk:
            low = middle
        else:
            high = middle
    return high


def _all_missed(population: int, wrong: int, sample: int) -> Fraction:
    """`chance` of finding none, from the smaller binomials: C(N − W, n) / C(N, n) = C(N − n, W) / C(N, W)."""
    few, many = sorted((wrong, sample))
    return Fraction(comb(population - many, few), comb(population, few))


def at_most_wrong(population: int, sample: int, found: int, confidence: Fraction) -> int:
    """The most wrong ones that the population can have if the sample has `found` of them.

    With one more, a sample would have so few with a probability of no more than 1 − `confidence`.
    """
    risk = 1 - confidence
    low, high = found, population - (sample - found)
    while low < high:
        middle = (low + high + 1) // 2
        missed = _all_missed(population, middle, sample) if found == 0 else chance(population, middle, sample, found)
        if missed > risk:
            low = middle
        else:
            high = middle - 1
    return low


def percent(text: str) -> Fraction:
    """`95`, `95%`, `0.5 %` as a part of one. ValueError unless it is between 0 and 100, exclusive."""
    plain = text.strip().removesuffix("%").strip()
    if len(plain) > 20 or not plain.replace(".", "", 1).isdecimal() or not plain.isascii():
        raise ValueError(f"{text!r} is not a percentage such as 95 or 1%")
    part = Fraction(plain) / 100
    if not 0 < part < 1:
        raise ValueError(f"{text!r} is not between 0 and 100 percent")
    return part


def as_number(part: Fraction) -> int | float:
    """A part of one in per cent, for JSON: an integer if it is whole."""
    return int(part * 100) if (part * 100).denominator == 1 else float(part * 100)


def rounded_up(wrong: int, population: int) -> str:
    """`wrong` of a population in per cent, rounded up to one decimal place."""
    tenths = 0 if population == 0 else -(-1000 * wrong // population)
    whole, tenth = divmod(tenths, 10)
    return f"{whole}.{tenth} %" if tenth else f"{whole} %"
