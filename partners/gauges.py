"""The gauges of this floor."""

from operations.gauges import Gauge, counted, one

GAUGES = (
    # Each of the view's parts is read by its partial index of dead rows.
    Gauge("plusdesk_partner_dead_letters", "What nobody works on until it is replayed.", (),
          lambda at: one(counted("partners_deadletter", "true"))),
)  # fmt: skip
