"""What a firm is sent: statements of account and confirmations of balance, as PDF and as spreadsheets.

Each function takes what a service found out, and gives bytes; the language is that of the moment.
"""
