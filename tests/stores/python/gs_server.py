"""gcp-storage-emulator on loopback, at a port of its own choice, answering one request after the other.

Of an object without a type it tells null, and it fails at one without a byte. Google does neither.
Beside it is the service where Google gives a token to whom somebody else vouches for (RFC 8693).
"""

import json
from functools import partial
from http.server import HTTPServer

from gcp_storage_emulator import server
from gcp_storage_emulator.storage import Storage

read = server._read_data


def read_or_nothing(handler, query):
    """What comes with a request; of an object, no bytes are bytes."""
    return read(handler, query) or (b"" if "uploadType" in query else None)


class Handler(server.RequestHandler):
    """Says nothing of requests."""

    def parse_request(self):
        is_one = super().parse_request()
        if is_one and "Content-Type" not in self.headers:
            self.headers["Content-Type"] = "application/octet-stream"
        return is_one

    def do_POST(self):
        if self.path != "/token":
            return super().do_POST()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}
        body = json.dumps(token).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server._read_data = read_or_nothing
listener = HTTPServer(("127.0.0.1", 0), partial(Handler, Storage(use_memory_fs=True)))
print(f"listening on 127.0.0.1:{listener.server_port}", flush=True)
listener.serve_forever()
