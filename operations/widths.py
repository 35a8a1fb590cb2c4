"""Full-width letters, digits and brackets, as Chinese keyboards make them: the same characters as the usual ones.

Nothing else is folded: NFKC would also make a 1 of ①, two letters of Ⅱ and three full stops of an ellipsis, which are
other texts. Names and codes of others are kept, compared and looked for in this form.
"""

#: By full-width character the usual one (Unicode: Halfwidth and Fullwidth Forms, without those of other scripts).
FULL_WIDTH = {
    **{chr(0xFF01 + place): chr(0x21 + place) for place in range(94)},
    "\u3000": " ", "￠": "¢", "￡": "£", "￢": "¬", "￣": "¯", "￤": "¦", "￥": "¥", "￦": "₩",
}
_TABLE = str.maketrans(FULL_WIDTH)


def fold_width(text: str) -> str:
    """The text with full-width characters as the usual ones."""
    return text.translate(_TABLE)
