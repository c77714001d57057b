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


class Listings:
    """Between a PUT and a DELETE of /old-listings, answers whoever lists as it did the last time before."""

    def __init__(self, app):
        self.app, self.last, self.are_old = app, {}, False

    def __call__(self, environ, start_response):
        method, path, query = (environ[name] for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING"))
        if path == "/old-listings":
            self.are_old = method == "PUT"
            start_response("204 No Content", [])
            return []
        if method != "GET" or "list-type=2" not in query:
            return self.app(environ, start_response)
        key = (path, query)
        if not (self.are_old and key in self.last):
            head = []
            body = b"".join(self.app(environ, lambda *told: head.extend(told)))
            self.last[key] = (head, body)
        head, body = self.last[key]
        start_response(*head)
        return [body]


server = make_server(
    "127.0.0.1",
    0,
    Listings(DomainDispatcherApplication(create_backend_app)),
    threaded=False,
    request_handler=Handler,
)
print(f"listening on 127.0.0.1:{server.port}", flush=True)
server.serve_forever()
