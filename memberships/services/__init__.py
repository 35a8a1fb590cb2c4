"""What can happen to members, customers and subscriptions: one function per state change."""
