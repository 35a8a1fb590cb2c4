"""Accounts of payers, masked for the screen: a person's may be among them. Matching compares them whole."""


def mask_account(account: str) -> str:
    """6222021001238888 -> 6222****8888"""
    if not account:
        return ""
    # A short one would show nearly whole between its first and last four digits.
    return f"{account[:4]}****{account[-4:]}" if len(account) >= 12 else f"{account[:2]}****"
