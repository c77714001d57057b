"""Has Google's Python client, as it is, look for Google at another address."""

import json

from google.oauth2 import credentials
from googleapiclient import discovery_cache


def redirect(root):
    """Before any module takes what is replaced here.

    The client reads where Drive is from the description of its interface that comes with it: where calls,
    uploads and batches go follows from one line of it. The reader of token files takes no address of theirs.
    """
    described = discovery_cache.get_static_doc

    def described_elsewhere(name, version):
        document = json.loads(described(name, version))
        document.pop("mtlsRootUrl", None)
        document["rootUrl"] = f"{root}/"
        document["baseUrl"] = f"{root}/{document['servicePath']}"
        return json.dumps(document)

    discovery_cache.get_static_doc = described_elsewhere
    credentials._GOOGLE_OAUTH2_TOKEN_ENDPOINT = f"{root}/token"
