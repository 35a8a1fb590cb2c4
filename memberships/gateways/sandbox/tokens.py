"""How a charge ends, by how its token begins.

    token           what the gateway does
    --------------  ---------------------------------------------------------------------------------
    tok_soft_N_…    the first N attempts: soft decline, insufficient_funds; later ones succeed
    tok_soft…       soft decline, insufficient_funds, always
    tok_hard…       hard decline, agreement_ended, always
    tok_norefund…   succeeds; refunds of it are declined, refund_refused
    tok_ok…         succeeds
    anything else   succeeds
"""

import re
from dataclasses import dataclass

SUCCEEDED, SOFT, HARD = "succeeded", "soft", "hard"
OUTCOMES = (SUCCEEDED, SOFT, HARD)

_SOFT_AT_FIRST = re.compile(r"tok_soft_(\d{1,6})_")


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome, and the gateway's code and words for it."""

    outcome: str
    code: str
    message: str = ""


PAID = Verdict(SUCCEEDED, "paid")
NO_FUNDS = Verdict(SOFT, "insufficient_funds", "The account does not hold enough.")
NO_AGREEMENT = Verdict(HARD, "agreement_ended", "The payer has ended the agreement.")


def judge_charge(token: str, earlier_attempts: int) -> Verdict:
    """What becomes of a charge of `token`, which has been tried so many times before."""
    if at_first := _SOFT_AT_FIRST.match(token):
        return NO_FUNDS if earlier_attempts < int(at_first[1]) else PAID
    if token.startswith("tok_soft"):
        return NO_FUNDS
    if token.startswith("tok_hard"):
        return NO_AGREEMENT
    return PAID


def refuses_refunds(token: str) -> bool:
    return token.startswith("tok_norefund")
