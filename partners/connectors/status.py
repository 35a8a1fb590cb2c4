"""Status matches at a partner's API (the protocol is told in partners/sandbox/server.py): matched, and ended.

What comes back means what it means of orders (connectors/api.py): 200 done, 202 accepted, 409 failed with a reason, 429
later, anything else, and nothing at all, unknown; what is unknown is asked about before it is sent again, under its id.
No answer, a 5xx and a 401 count as not reached.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from urllib.parse import quote

import structlog

from partners.connectors.api import ApiConnector, NoAnswerError, Reply
from partners.connectors.base import Outcome

log = structlog.get_logger(__name__)
Command = Literal["match", "end"]
#: What a partner may say that a match is.
STATES = ("accepted", "matched", "ended", "failed")


@dataclass(frozen=True, slots=True)
class MatchOrder:
    """A match to be made or ended there. `was_sent`: it may have been before, so that it is asked about first."""

    match: int
    command: Command
    was_sent: bool
    key: str
    member: str
    tier: str
    valid_from: date
    valid_until: date
    ends_on: date
    evidence: dict[str, Any]
    reason: str

    @property
    def id(self) -> str:
        """The partner's idempotency key."""
        return f"{self.key}.{self.command}"


@dataclass(frozen=True, slots=True)
class MatchAnswer:
    """What came of it; `state` and `number` as the partner says them; `was_reached` as of orders."""

    match: int
    command: Command
    outcome: Outcome
    state: str = ""
    number: str = ""
    error: str = ""
    retry_after: float | None = None
    was_reached: bool = True


class StatusConnector(ApiConnector):
    """One partner's API for status."""

    async def settle(self, order: MatchOrder) -> MatchAnswer:
        """Send it, or ask what became of it and send it only if the partner never got it."""
        try:
            return _read(order, await self._ask_and_tell(order))
        except NoAnswerError as error:
            return MatchAnswer(order.match, order.command, Outcome.UNKNOWN, error=error.code, was_reached=False)
        except Exception:
            # As of orders: the others of its batch are to be written down all the same.
            log.exception("partner_answer_unread", match=order.match)
            return MatchAnswer(order.match, order.command, Outcome.UNKNOWN, error="bad_answer", was_reached=False)

    async def _ask_and_tell(self, order: MatchOrder) -> Reply:
        if order.was_sent:
            reply = await self._call("GET", f"/orders/{quote(order.id, safe='')}")
            if reply.status != 404 or reply.code != "absent":
                return reply
        if order.command == "end":
            data: dict[str, Any] = {
                "match": order.key, "on": order.ends_on.isoformat(), "reason": order.reason or "ended"
            }
            return await self._call("POST", "/status-matches/end", id=order.id, data=data)
        return await self._call("POST", "/status-matches", id=order.id, data={
            "match": order.key, "member": order.member, "tier": order.tier,
            "valid_from": order.valid_from.isoformat(), "valid_until": order.valid_until.isoformat(),
            "evidence": order.evidence,
        })


def _read(order: MatchOrder, reply: Reply) -> MatchAnswer:
    """By the table above; an answer about another match is none."""
    if reply.status == 429:
        return MatchAnswer(
            order.match, order.command, Outcome.LATER, error=reply.code, retry_after=reply.retry_after or 1.0
        )
    if reply.status == 400:
        return MatchAnswer(order.match, order.command, Outcome.FAILED, error=reply.code)
    # What was never matched there is as good as ended.
    if order.command == "end" and reply.status == 404 and reply.code == "absent":
        return MatchAnswer(order.match, order.command, Outcome.DONE, state="ended")
    if reply.status not in (200, 202, 409) or reply.data.get("match") != order.key:
        was_reached = reply.status < 500 and reply.status != 401
        return MatchAnswer(order.match, order.command, Outcome.UNKNOWN, error=reply.code, was_reached=was_reached)
    state, number = reply.data.get("state"), str(reply.data.get("number") or "")[:128]
    if not isinstance(state, str) or state not in STATES:
        return MatchAnswer(order.match, order.command, Outcome.UNKNOWN, error="bad_answer")
    if state == "failed":
        return MatchAnswer(order.match, order.command, Outcome.FAILED, state, number, reply.code)
    outcome = Outcome.ACCEPTED if state == "accepted" else Outcome.DONE
    return MatchAnswer(order.match, order.command, outcome, state, number)
