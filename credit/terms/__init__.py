"""When an invoice is due: rules as data, pure functions over them. No database, no clock.

`rules.py` computes, `checks.py` says what a rule may be and how long its longest term is, `words.py` tells a rule and
its steps. The SQL function credit_due (sql/terms/) is the twin of `rules.due_on`.
"""
