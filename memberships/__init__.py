"""Floor 2: programmes, plans, members, subscriptions and enterprise customers."""
