"""The third floor: what a membership brings, who has how much of it, and what was used."""
