"""Reads and writes messages and backups with the peer's own models.

`read`: a container and its name; answered with the value written again, and with its name, as the peer's
model builds it and as the peer's parser understands the one that was given.
`write`: a value that is drawn from a seed.
`same`: whether two containers hold one value.
"""

import hashlib
import random
import uuid

import peer

peer.without_its_start("syft")

from syft.sync.checkpoints.checkpoint import (  # noqa: E402
    Checkpoint,
    CheckpointFile,
    IncrementalCheckpoint,
)
from syft.sync.checkpoints.rolling_state import RollingState  # noqa: E402
from syft.sync.events.file_change_event import (  # noqa: E402
    FileChangeEvent,
    FileChangeEventsMessage,
    FileChangeEventsMessageFileName,
)
from syft.sync.messages.proposed_filechange import (  # noqa: E402
    MessageFileName,
    ProposedFileChange,
    ProposedFileChangesMessage,
)

MODELS = {
    "proposal": ProposedFileChangesMessage,
    "events": FileChangeEventsMessage,
    "rolling": RollingState,
    "incremental": IncrementalCheckpoint,
    "checkpoint": Checkpoint,
}


def answer(asked):
    return {"read": read, "write": write, "same": same}[asked["do"]](asked)


def read(asked):
    try:
        value = MODELS[asked["kind"]].from_compressed_data(peer.from_text(asked["data"]))
        return {
            "data": peer.to_text(value.as_compressed_data()),
            "names": [name_of(value), understood(asked["kind"], asked["name"], value)],
        }
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"[:300]}


def write(asked):
    value = Dice(asked["seed"]).value(asked["kind"])
    return {"data": peer.to_text(value.as_compressed_data()), "name": name_of(value)}


def same(asked):
    model = MODELS[asked["kind"]]
    one, other = (model.from_compressed_data(peer.from_text(data)) for data in asked["both"])
    # Compared as plain data: the peer's events compare equal as soon as their ids do.
    return {"same": one.model_dump() == other.model_dump()}


def name_of(value):
    if isinstance(value, ProposedFileChangesMessage):
        return value.message_filename.as_string()
    if isinstance(value, FileChangeEventsMessage):
        return value.message_filepath.as_string()
    return value.filename


def understood(kind, name, value):
    """The name again, from what the peer's parser takes out of it."""
    if kind == "proposal":
        return MessageFileName.from_string(name).as_string()
    if kind == "events":
        return FileChangeEventsMessageFileName.from_string(name).as_string()
    if kind == "rolling":
        return f"rolling_state_{RollingState.filename_to_timestamp(name)}.tar.gz"
    if kind == "checkpoint":
        return f"checkpoint_{Checkpoint.filename_to_timestamp(name)}.tar.gz"
    sequence = IncrementalCheckpoint.filename_to_sequence_number(name)
    return f"incremental_checkpoint_{sequence}_{value.timestamp}.tar.gz"


TEXTS = ["", "a", "b,c\n1,2\r\n", "\ufeffmark", "é漢🜁", "\x00\x01\x1f\x7f", '"\\/', "\u2028\u2029", "<b>&", "\t\b\f"]
TIMES = [0.0, -0.0, 0.1, 1e-5, 1.5e-7, 5e-324, 1e15, 1e16, 1.7976931348623157e308, -3.5, 2.0**53, 123456789.0]
NAMES = "abcdefghijklmnopqrstuvwxyz0123456789é漢_"


class Dice:
    """Draws values of the peer's models; the same seed draws the same value."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, kind):
        if kind == "proposal":
            name = MessageFileName(submitted_timestamp=self.time(), uid=str(self.uuid()))
            changes = [self.change() for _ in range(self.length())]
            return ProposedFileChangesMessage(
                id=self.uuid(), sender_email=self.email(), message_filename=name, proposed_file_changes=changes
            )
        if kind == "events":
            name = FileChangeEventsMessageFileName(id=self.uuid(), timestamp=self.time())
            return FileChangeEventsMessage(events=self.events(), message_filepath=name)
        common = {"timestamp": self.time(), "email": self.email()}
        if kind == "rolling":
            return RollingState(
                **common,
                base_checkpoint_timestamp=self.time(),
                last_event_timestamp=self.perhaps(self.time),
                events=self.events(),
            )
        if kind == "incremental":
            sequence = self.random.choice([1, 2, 50, 2**31, 2**53])
            return IncrementalCheckpoint(**common, sequence_number=sequence, events=self.events())
        texts = {self.path(): self.text() for _ in range(self.length())}
        files = [CheckpointFile(path=path, hash=digest(text), content=text) for path, text in texts.items()]
        return Checkpoint(**common, last_event_timestamp=self.perhaps(self.time), files=files)

    def length(self):
        return self.random.choice([0, 1, 1, 2, 3, 5, 40])

    def perhaps(self, draw):
        return draw() if self.random.random() < 0.7 else None

    def uuid(self):
        return uuid.UUID(int=self.random.getrandbits(128), version=4)

    def time(self):
        if self.random.random() < 0.7:
            return self.random.uniform(1.0e9, 2.0e9)
        return self.random.choice(TIMES)

    def email(self):
        return self.word(8, "abcxyz0189") + self.random.choice(["@example.org", "+tag@uni.edu", "@a-b.c.example"])

    def word(self, longest, letters=NAMES):
        return "".join(self.random.choice(letters) for _ in range(self.random.randint(1, longest)))

    def path(self):
        """Folders begin with d and files with f, so that no file stands where a folder stands."""
        folders = ["d" + self.word(6) for _ in range(self.random.randint(0, 4))]
        return "/".join([*folders, "f" + self.word(12) + self.random.choice(["", ".csv", ".py", ".tar.gz"])])

    def text(self):
        if self.random.random() < 0.003:
            return "line,of,a,table\n" * 20_000
        pieces = [self.random.choice(TEXTS) for _ in range(self.random.randint(0, 6))]
        return "".join(pieces) + self.word(20, NAMES + "\n ")

    def content(self):
        if self.random.random() < 0.7:
            return self.text()
        return self.random.randbytes(self.random.choice([0, 1, 2, 3, 57, 1000]))

    def fields(self):
        """What a proposed change and an event have in common."""
        fields = {
            "id": self.uuid(),
            "path_in_datasite": self.path(),
            "datasite_email": self.email(),
            "old_hash": self.perhaps(lambda: digest(self.word(9))),
            "submitted_timestamp": self.time(),
        }
        if self.random.random() < 0.2:
            return fields | {"is_deleted": True}
        content = self.content()
        return fields | {"content": content, "new_hash": digest(content)}

    def change(self):
        return ProposedFileChange(**self.fields())

    def events(self):
        return [FileChangeEvent(**self.fields(), timestamp=self.time()) for _ in range(self.length())]


def digest(content):
    data = content.encode("utf-8") if isinstance(content, str) else content
    return hashlib.sha256(data).hexdigest()


peer.serve(answer)
