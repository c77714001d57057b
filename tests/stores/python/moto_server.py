"""moto on loopback, at a port of its own choice.

Its own command answers each request in a thread, and two racing writers may then both be told that they were first.
"""

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server


class Handler(MotoRequestHandler):
    """Says nothing of requests that went well."""

    def log_request(self, code="-", size="-"):
        if str(code).startswith("5"):
            super().log_request(code, size)


server = make_server(
    "127.0.0.1",
    0,
    DomainDispatcherApplication(create_backend_app),
    threaded=False,
    request_handler=Handler,
)
print(f"listening on 127.0.0.1:{server.port}", flush=True)
server.serve_forever()
