"""The sentences of a spot check's result. Pure."""

from fractions import Fraction

from agent.audit.spotcheck.sampling import as_number, at_most_wrong, rounded_up
from agent.counting import counted


def plain(text: str) -> str:
    """Text from a record or a share, made safe for a terminal and for JSON: only characters that can be printed."""
    return "".join(character if character.isprintable() else "?" for character in text[:500])


def promised(population: int, sample: int, confidence: Fraction) -> str:
    """What a draw proves if all of it is right."""
    if sample == 0:
        return "Nothing was drawn, so nothing is proved."
    if sample == population:
        drawn = "The only transfer is drawn" if population == 1 else f"All {population:,} transfers are drawn"
        return f"{drawn}: this is not a sample."
    of_them = "If the 1 that was drawn is right" if sample == 1 else f"If all {sample:,} are right"
    return f"{of_them}, {_at_most(population, sample, 0, confidence)} can be wrong ({as_number(confidence)} %)."


def proved(population: int, sample: int, wrong: int, not_known: int, confidence: Fraction) -> str:
    """What an examined sample proves. A transfer that was not checked in full counts neither as right nor as wrong."""
    if sample == 0:
        return "Nothing was drawn, so nothing is proved."
    right = sample - wrong - not_known
    if sample == population:
        parts = [f"{right:,} right", f"{wrong:,} wrong", f"{not_known:,} not known"]
        looked = (
            "The only transfer was looked at" if population == 1 else f"All {population:,} transfers were looked at"
        )
        return f"{looked}: {', '.join(parts)}."
    sure = f"({as_number(confidence)} %)"
    begin = f"All {sample:,} are right" if right == sample else f"Of {sample:,} drawn, {right:,} are right"
    if wrong:
        begin += f" and {wrong:,} wrong"
    if not not_known:
        return f"{begin}: {_at_most(population, sample, wrong, confidence)} can be wrong {sure}."
    them = "the other" if not_known == 1 else f"the other {not_known:,}"
    worst = at_most_wrong(population, sample, wrong + not_known, confidence)
    return (
        f"{begin}; {them} could not be checked in full. "
        f"If {'that one is' if not_known == 1 else 'those are'} right too, "
        f"{_at_most(population, sample, wrong, confidence)} can be wrong {sure}; "
        f"if {'it is' if not_known == 1 else 'they are all'} wrong, at most {rounded_up(worst, population)}."
    )


def _at_most(population: int, sample: int, found: int, confidence: Fraction) -> str:
    wrong = at_most_wrong(population, sample, found, confidence)
    if wrong == 0:
        return f"none of the {counted(population, 'transfer', grouped=True)}"
    return f"at most {rounded_up(wrong, population)} of the {counted(population, 'transfer', grouped=True)}"
