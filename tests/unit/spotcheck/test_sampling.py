"""How many must be drawn and what it proves, against sums by hand and against simulated checks."""

import random
from fractions import Fraction
from itertools import combinations
from math import prod

import pytest

from agent.audit.spotcheck.lots import Candidate, draw
from agent.audit.spotcheck.sampling import at_most_wrong, chance, percent, rounded_up, sample_for
from agent.audit.spotcheck.words import promised, proved

SURE = Fraction(95, 100)
ONE_PERCENT = Fraction(1, 100)


def missed(population: int, wrong: int, sample: int) -> Fraction:
    """That all of a sample is right, draw by draw: each time one fewer of the right ones is left."""
    return prod((Fraction(population - wrong - x, population - x) for x in range(sample)), start=Fraction(1))


def test_the_chance_is_counted_right_for_small_numbers() -> None:
    population, wrong, sample = 8, 3, 4
    samples = list(combinations(range(population), sample))
    for found in range(sample + 1):
        few = sum(sum(one < wrong for one in some) <= found for some in samples)
        assert chance(population, wrong, sample, found) == Fraction(few, len(samples))


@pytest.mark.parametrize("population", [1, 2, 59, 100, 500, 1204, 5289, 100_000])
@pytest.mark.parametrize("error", [ONE_PERCENT, Fraction(5, 1000), Fraction(1, 10)])
def test_the_sample_is_the_smallest_that_finds_the_error(population: int, error: Fraction) -> None:
    sample = sample_for(population, SURE, error)
    wrong = max(1, -(-population * error.numerator // error.denominator))
    assert missed(population, wrong, sample) <= 1 - SURE
    assert missed(population, wrong, sample - 1) > 1 - SURE


def test_a_bound_holds_and_no_smaller_one_would() -> None:
    for population, sample, found in ((1204, 60, 0), (5289, 59, 0), (200, 30, 2), (50, 50, 3), (10, 1, 0)):
        wrong = at_most_wrong(population, sample, found, SURE)
        assert chance(population, wrong, sample, found) > 1 - SURE
        assert wrong == population - (sample - found) or chance(population, wrong + 1, sample, found) <= 1 - SURE


def test_planted_errors_of_one_percent_are_found_in_95_of_100_checks() -> None:
    """1,000 checks, each with its own seed, at the size that the command uses for 95 % and 1 %."""
    chance_of = random.Random(11)
    school = [Candidate(f"visit-photo-agent/laptop-{n % 20}", n, "", "", f"visit-{n % 7}") for n in range(600)]
    sample = sample_for(len(school), SURE, ONE_PERCENT)
    found = by_lot = 0
    for number in range(1000):
        planted = set(chance_of.sample(school, len(school) // 100))
        drawn = draw(school, f"check {number}", sample)
        found += any(one.candidate in planted for one in drawn)
        by_lot += any(one.candidate in planted for one in drawn if one.why == "sample")
    assert found >= by_lot >= 950
    assert missed(len(school), len(school) // 100, sample) <= 1 - SURE


def test_a_statement_says_what_is_proved() -> None:
    assert promised(1204, 60, SURE) == "If all 60 are right, at most 4.8 % of the 1,204 transfers can be wrong (95 %)."
    assert proved(1204, 60, 0, 0, SURE) == "All 60 are right: at most 4.8 % of the 1,204 transfers can be wrong (95 %)."
    # 260 of 5,289 are 4.92 %: never "4.9 %".
    assert promised(5289, 59, SURE) == "If all 59 are right, at most 5 % of the 5,289 transfers can be wrong (95 %)."
    assert "59 are right and 1 wrong: at most" in proved(1204, 60, 1, 0, SURE)
    unknown = proved(1204, 60, 0, 12, SURE)
    assert "Of 60 drawn, 48 are right; the other 12 could not be checked in full." in unknown
    assert "If those are right too, at most 4.8 %" in unknown
    assert promised(5, 5, SURE) == "All 5 transfers are drawn: this is not a sample."
    assert promised(1, 1, SURE) == "The only transfer is drawn: this is not a sample."


def test_a_percentage_is_never_rounded_down() -> None:
    assert rounded_up(1, 1000) == "0.1 %"
    assert rounded_up(1, 1001) == "0.1 %"
    assert rounded_up(2, 1999) == "0.2 %"
    assert rounded_up(50, 100) == "50 %"


@pytest.mark.parametrize("text", ["0", "100", "-1", "1e2", "½", "", "1%%", "nan", "1" * 30, "1.2.3"])
def test_what_is_not_a_percentage_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="percent"):
        percent(text)


def test_percentages_are_read_exactly() -> None:
    assert (percent("95"), percent("1%"), percent(" 0.5 % ")) == (SURE, ONE_PERCENT, Fraction(1, 200))
