"""Files that a page hands over."""

from django.http import HttpResponse


def download(content: bytes, name: str, content_type: str) -> HttpResponse:
    """A file that no cache keeps."""
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
