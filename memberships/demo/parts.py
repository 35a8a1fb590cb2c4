"""What the floors above add to the demo: they register parts in AppConfig.ready() (operations.registry.demo_parts)."""

from memberships.demo.cards import Days


class DemoPart:
    """Something of the demo, made by the product's own services; called once, when there is no demo yet."""

    name: str

    def prepare(self, days: Days) -> None:
        """What has to be there before the first of the nights: members and programmes are."""

    def act(self, days: Days) -> None:
        """What was done by day after the last of the nights."""
