"""Files of partners on their way in, one reader per noun."""
