"""The frame of the HTTP APIs: the desk's own (config/api.py) and that of partners.

`frame.DeskAPI` is django-ninja's API with this house's manners: errors are problem documents (`problems`), what cannot
be read is refused before anything looks at it (`guards`, `bodies`), and the OpenAPI document says all that can be
answered. `auth` knows who is asking; `fields` are the types that bodies and addresses are made of. Floors register
their routers and scopes in AppConfig.ready() (`operations.registry.api_routers`, `api_scopes`).
"""
