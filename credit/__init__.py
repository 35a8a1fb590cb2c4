"""The floor between memberships and benefits: what firms may owe, what they owe, and how it comes in."""
