"""A payment gateway of ours that is a real HTTP server, keeps its own books, and misbehaves to order.

The server (`__main__`, `server`, `wire`, `entries`, `events`, `books`, `tokens`, `faults`, `clock`) is the outside
world: it shares nothing with Plusdesk but the secrets. `client` is its adapter, `control` orders it about; `signing`,
`webhooks` and `address` are what both sides know.
"""
