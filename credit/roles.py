"""What the shipped roles do with credit, and how much of it alone."""

from operations import roles


def give_rights() -> None:
    """Called once, when Django starts. Viewing is everybody's."""
    roles.read_by_all("credit")
