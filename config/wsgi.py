"""The WSGI entry point that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from config import messages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
messages.compile_if_possible()

application = get_wsgi_application()
