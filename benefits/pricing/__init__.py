"""What an order costs, as pure functions: no models, no clock.

    orders.py + policy.py --choices.py--> ways --trials.py, reductions.py--> the cheapest --quotes.py--> a Quote

Policy and benefits are data; services/quotes.py takes them from the tables as they were on a day.
"""
