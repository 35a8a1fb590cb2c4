"""`make run`: everything Plusdesk consists of, started, watched and stopped by one process.

`__main__` is the order of events, `children` one process each, `web` the port and the health check,
`gateway` the sandbox gateway, `partner` the sandbox partners.
"""
