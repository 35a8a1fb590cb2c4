"""Pages of A4 with Chinese text: reportlab with the CID font STSong-Light, which readers bring along.

Whatever a firm or its bank wrote stands in cells that wrap; nothing of it is markup.
"""

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from xml.sax.saxutils import escape  # nosec B406

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.enums import TA_CENTER, TA_RIGHT  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    Flowable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from operations.sheets import Cell

FONT = "STSong-Light"
#: Of its encoding.
LAST_LETTER = 0xFFFF
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
MARGIN = 18 * mm
#: Of the text.
WIDTH = A4[0] - 2 * MARGIN
GREY = colors.HexColor("#d4d4d8")
SHADE = colors.HexColor("#f4f4f5")

_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=9, leading=13, wordWrap="CJK")
_STYLES = {
    "text": _TEXT,
    "small": ParagraphStyle("small", parent=_TEXT, fontSize=8, leading=11),
    "number": ParagraphStyle("number", parent=_TEXT, fontSize=8, leading=11, alignment=TA_RIGHT),
    "heading": ParagraphStyle("heading", parent=_TEXT, fontSize=11, leading=16, spaceBefore=10, spaceAfter=4),
    "title": ParagraphStyle("title", parent=_TEXT, fontSize=17, leading=24, alignment=TA_CENTER, spaceAfter=8),
}


def text(words: object, style: str = "text") -> Flowable:
    """A paragraph; `style` is text, small, number, heading or title. Line breaks stay."""
    return Paragraph(escape(_printable(str(words))).replace("\n", "<br/>"), _STYLES[style])


def gap(millimetres: float) -> Flowable:
    """Room."""
    return Spacer(1, millimetres * mm)


def facts(pairs: Iterable[tuple[object, object]]) -> Flowable:
    """What is told of something: a label and its value on each line."""
    rows = [[text(label), text(value)] for label, value in pairs]
    return _table(rows, [0.28, 0.72], [("LINEBELOW", (0, 0), (-1, -1), 0.25, GREY)])


def table(
    header: Sequence[object], rows: Iterable[Sequence[object]], *, widths: Sequence[float], numbers: Iterable[int],
) -> Flowable:
    """Rows below a header that stands on every page; `widths` are shares of the text, `numbers` columns of amounts."""
    right = set(numbers)
    style = ["number" if place in right else "small" for place in range(len(header))]
    cells = [
        [text(cell, style[place]) for place, cell in enumerate(row)] for row in [header, *rows]
    ]
    return _table(cells, widths, [
        ("BACKGROUND", (0, 0), (-1, 0), SHADE), ("GRID", (0, 0), (-1, -1), 0.25, GREY),
    ], repeated=1)


def shown(value: Cell) -> str:
    """A cell on paper."""
    if isinstance(value, Decimal):
        return str(number_format(value, 2, force_grouping=True))
    return "" if value is None else str(value)


def pdf(title: str, content: Iterable[Flowable]) -> bytes:
    """The file. The same content gives the same bytes."""
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN, title=title,
        invariant=1,
    )
    document.build(list(content), onFirstPage=_foot, onLaterPages=_foot)
    return file.getvalue()


def _table(
    cells: list[list[Flowable]], widths: Sequence[float], style: list[tuple[object, ...]], *, repeated: int = 0
) -> Flowable:
    made = Table(cells, colWidths=[share * WIDTH for share in widths], repeatRows=repeated, hAlign="LEFT")
    made.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *style]))
    return made


def _foot(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont(FONT, 8)
    canvas.drawCentredString(A4[0] / 2, 10 * mm, _("Page %(number)s") % {"number": document.page})
    canvas.restoreState()


def _printable(words: str) -> str:
    """Without control characters; what the font's encoding (UCS-2) has no place for, as a white square."""
    return "".join(
        "□" if ord(letter) > LAST_LETTER else letter if letter == "\n" or letter.isprintable() else " "
        for letter in words
    )
