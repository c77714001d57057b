"""Azurite on loopback, at a port of its own choice, with one account and one container: azblob_server.py PROGRAM ACCOUNT KEY CONTAINER."""

import base64
import hashlib
import hmac
import os
import subprocess
import sys
import urllib.request
from email.utils import formatdate

program, account, key, container = sys.argv[1:]
flags = ["--inMemoryPersistence", "--disableTelemetry", "--silent", "--skipApiVersionCheck"]
server = subprocess.Popen(
    [program, "--blobHost", "127.0.0.1", "--blobPort", "0", *flags],
    env={**os.environ, "AZURITE_ACCOUNTS": f"{account}:{key}"},
    stdout=subprocess.PIPE,
    text=True,
)
for line in server.stdout:
    _, found, url = line.strip().partition("successfully listens on ")
    if found:
        break
    print(line, end="", flush=True)
else:
    sys.exit("it ended before it listened")

headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": "2021-08-06"}
lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
text = "PUT" + "\n" * 12 + lines + f"/{account}/{account}/{container}\nrestype:container"
signature = hmac.digest(base64.b64decode(key), text.encode(), hashlib.sha256)
headers["Authorization"] = f"SharedKey {account}:{base64.b64encode(signature).decode()}"
place = f"{url}/{account}/{container}?restype=container"
urllib.request.urlopen(urllib.request.Request(place, method="PUT", headers=headers)).close()
print(url.replace("http://", "listening on "), flush=True)
for line in server.stdout:
    print(line, end="", flush=True)
