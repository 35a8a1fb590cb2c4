"""The top floor: those who fulfil benefits, what they were asked for, and what they are owed."""
