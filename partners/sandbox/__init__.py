"""Partners of ours that are one real HTTP server, which keeps its own books and misbehaves to order.

It stands for companies that are not ours, and shares nothing with Plusdesk but the secrets: it knows nothing of Django
nor of our database. `server` says how it is talked to; `control` orders it about; `address` says where it is.
"""
