"""What can happen on the ground floor: one function per state change."""
