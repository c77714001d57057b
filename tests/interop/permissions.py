"""Answers questions about permissions as the peer's client does: a folder on disk, opened by path.

Asked: the owner, the permission files with their texts, the folders, and questions of path, user and level.
Answered: each file as the peer reads it or why it does not, whether the whole datasite loads, and for each
question true, false, or the name of the exception.
"""

import shutil
import tempfile
from pathlib import Path

import peer
from syft_permissions import RuleSet
from syft_perms import SyftPermContext


def answer(asked):
    home = Path(tempfile.mkdtemp(prefix="syft-interop-"))
    try:
        return judge(home / asked["owner"], asked)
    finally:
        shutil.rmtree(home)


def judge(datasite, asked):
    datasite.mkdir()
    for folder in asked["folders"]:
        (datasite / folder).mkdir(parents=True, exist_ok=True)
    paths = [datasite / path for path, _ in asked["files"]]
    for path, (_, text) in zip(paths, asked["files"]):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    read = [read_file(path) for path in paths]
    try:
        context = SyftPermContext(datasite)
        loads = True
    except Exception:
        # One bad file, and the peer answers nothing at all about the datasite. So that there is something to
        # compare, the bad ones are replaced by files without rules.
        loads = False
        for path, outcome in zip(paths, read):
            if "refused" in outcome:
                path.write_bytes(b"{}\n")
        context = SyftPermContext(datasite)
    answers = [ask(context, *question) for question in asked["questions"]]
    return {"files": read, "loads": loads, "answers": answers}


def read_file(path):
    try:
        rules = RuleSet.load(path)
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"[:200]}
    return {"rules": rules.model_dump(mode="json")}


def ask(context, path, user, level):
    try:
        entry = context.open(path)
        return getattr(entry, f"has_{level}_access")(user)
    except Exception as error:
        return type(error).__name__


peer.serve(answer)
