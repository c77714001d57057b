"""WsgiDAV on loopback, at a port of its own choice: webdav_server.py FOLDER USER PASSWORD."""

import sys

from cheroot import wsgi
from wsgidav.wsgidav_app import WsgiDAVApp

folder, user, password = sys.argv[1:]
app = WsgiDAVApp(
    {
        "provider_mapping": {"/": folder},
        "http_authenticator": {
            "accept_basic": True,
            "accept_digest": False,
            "default_to_digest": False,
        },
        "simple_dc": {"user_mapping": {"*": {user: {"password": password}}}},
        "verbose": 1,
    }
)
server = wsgi.Server(("127.0.0.1", 0), app)
server.prepare()
print(f"listening on 127.0.0.1:{server.bind_addr[1]}", flush=True)
server.serve()
