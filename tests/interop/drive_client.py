"""Drives a Google Drive at another address with Google's own client.

Each question names who asks, and is one thing that the client can do; ids and bytes come back as the client
gives them. What the client raises is told by its status and reason.
"""

import io
import json

from google.oauth2.credentials import Credentials
from googleapiclient import discovery_cache
from googleapiclient.discovery import build_from_document
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload, MediaIoBaseUpload

import peer

FOLDER = "application/vnd.google-apps.folder"
GRAIN = 256 * 1024

drives = {}


def answer(asked):
    try:
        if asked["do"] == "login":
            return login(asked)
        return DO[asked["do"]](drives[asked["who"]], asked)
    except HttpError as error:
        details = error.error_details
        reason = details[0]["reason"] if isinstance(details, list) and details else str(details)
        return {"status": error.status_code, "reason": reason}


def login(asked):
    """From a token file whose token has expired: the first call has to refresh it."""
    document = json.loads(discovery_cache.get_static_doc("drive", "v3"))
    document.pop("mtlsRootUrl", None)
    document["rootUrl"] = asked["root"] + "/"
    document["baseUrl"] = asked["root"] + "/drive/v3/"
    file = json.loads(asked["file"])
    credentials = Credentials.from_authorized_user_info(file)
    # The reader of token files puts Google's own address in place of the file's.
    credentials = Credentials(
        credentials.token,
        refresh_token=credentials.refresh_token,
        token_uri=file["token_uri"],
        client_id=credentials.client_id,
        client_secret=credentials.client_secret,
        scopes=credentials.scopes,
        expiry=credentials.expiry,
    )
    was_expired = credentials.expired
    drive = build_from_document(document, credentials=credentials)
    drives[asked["who"]] = drive
    about = drive.about().get(fields="user(emailAddress)").execute()
    return {"email": about["user"]["emailAddress"], "refreshed": was_expired and credentials.valid}


def folder(drive, asked):
    body = {"name": asked["name"], "mimeType": FOLDER}
    if "parent" in asked:
        body["parents"] = [asked["parent"]]
    return drive.files().create(body=body, fields="id").execute()


def media(asked):
    data = io.BytesIO(peer.from_text(asked["bytes"]))
    return MediaIoBaseUpload(data, "application/octet-stream", chunksize=GRAIN, resumable=asked["chunks"])


def finished(request, asked):
    """The answer to the last chunk, or to the only request."""
    if not asked["chunks"]:
        return request.execute()
    answer = None
    while answer is None:
        _, answer = request.next_chunk()
    return answer


def upload(drive, asked):
    body = {"name": asked["name"], "parents": [asked["parent"]]}
    return finished(drive.files().create(body=body, media_body=media(asked), fields="id,size"), asked)


def replace(drive, asked):
    request = drive.files().update(fileId=asked["id"], media_body=media(asked), fields="id,size,version")
    return finished(request, asked)


def download(drive, asked):
    data = io.BytesIO()
    loader = MediaIoBaseDownload(data, drive.files().get_media(fileId=asked["id"]), chunksize=asked["piece"])
    done = False
    while not done:
        _, done = loader.next_chunk()
    return {"bytes": peer.to_text(data.getvalue())}


def pages(drive, asked):
    """The names of a list, page by page."""
    found = []
    request = drive.files().list(
        q=asked["q"], pageSize=asked["size"], orderBy="name desc", fields="files(id, name), nextPageToken"
    )
    while request is not None:
        page = request.execute()
        found.append([file["name"] for file in page["files"]])
        request = drive.files().list_next(request, page)
    return {"pages": found}


def about(drive, asked):
    return drive.files().get(fileId=asked["id"], fields=asked["fields"]).execute()


def move(drive, asked):
    old = drive.files().get(fileId=asked["id"], fields="parents").execute().get("parents", [])
    moved = drive.files().update(
        fileId=asked["id"],
        addParents=asked["to"],
        removeParents=",".join(old),
        fields="id, parents",
        supportsAllDrives=True,
    )
    return moved.execute()


def set_properties(drive, asked):
    body = {"appProperties": asked["properties"]}
    return drive.files().update(fileId=asked["id"], body=body, fields="appProperties").execute()


def share(drive, asked):
    """Shares each file in one batch; what each part was answered, in order."""
    return in_batch(
        drive,
        [
            drive.permissions().create(
                fileId=file,
                body={"type": "user", "role": asked["role"], "emailAddress": asked["with"]},
                sendNotificationEmail=asked["mail"],
            )
            for file in asked["ids"]
        ],
    )


def delete(drive, asked):
    return in_batch(drive, [drive.files().delete(fileId=file) for file in asked["ids"]])


def in_batch(drive, requests):
    answers = {}

    def answered(number, response, error):
        answers[number] = "done" if error is None else f"{error.status_code} {error.error_details[0]['reason']}"

    batch = drive.new_batch_http_request(callback=answered)
    for number, request in enumerate(requests):
        batch.add(request, request_id=str(number))
    batch.execute()
    return {"answers": [answers[str(number)] for number in range(len(requests))]}


def shared_with(drive, asked):
    return drive.permissions().list(fileId=asked["id"], fields="permissions(emailAddress,role)").execute()


def unshare(drive, asked):
    everyone = drive.permissions().list(fileId=asked["id"], fields="permissions(id,emailAddress)").execute()
    theirs = [p["id"] for p in everyone["permissions"] if p["emailAddress"] == asked["with"]]
    for permission in theirs:
        drive.permissions().delete(fileId=asked["id"], permissionId=permission).execute()
    return {"removed": len(theirs)}


def token(drive, asked):
    return drive.changes().getStartPageToken().execute()


def changes(drive, asked):
    """What changed, and the token to go on with."""
    found, page_token = [], asked["token"]
    while True:
        page = drive.changes().list(pageToken=page_token, pageSize=1).execute()
        found += [(c["fileId"], "removed" if c["removed"] else c["file"]["name"]) for c in page["changes"]]
        page_token = page.get("nextPageToken")
        if page_token is None:
            return {"changes": found, "token": page["newStartPageToken"]}


def reserve(drive, asked):
    """Creates twice under one id, as who lost the first answer does."""
    reserved = drive.files().generateIds(count=1).execute()["ids"][0]
    body = {"id": reserved, "name": asked["name"]}
    drive.files().create(body=body).execute()
    return {**drive.files().create(body=body).execute(), "id": reserved}


def long_query(drive, asked):
    """So long that the client sends it as a form."""
    query = "name = 'nothing' or " * 200 + f"name = '{asked['name']}'"
    return {"found": len(drive.files().list(q=query).execute()["files"])}


DO = {
    do.__name__: do
    for do in [
        folder, upload, replace, download, pages, about, move, set_properties, share, delete, shared_with,
        unshare, token, changes, reserve, long_query,
    ]
}  # fmt: skip

peer.serve(answer)
