"""Payment gateways: what they are asked, what they answer, and one adapter for each.

`base.py` has the interface. An adapter is a class with those methods, named in settings.GATEWAYS; WeChat Pay and
Alipay come as adapters over their own SDKs (a blocking SDK is called in a thread: `asyncio.to_thread`).
"""

from memberships.gateways.base import Answer, Charge, Gateway, GatewayRecord, Outcome, RefundOrder, get_gateway

__all__ = ["Answer", "Charge", "Gateway", "GatewayRecord", "Outcome", "RefundOrder", "get_gateway"]
