"""What can go wrong with the embedded servers, as one error to catch."""


class EmbeddedServersError(Exception):
    """An embedded server cannot be found, started or reached; the message says what to do."""
