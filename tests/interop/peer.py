"""The peer's packages, and the loop in which a script answers questions.

A question is a line of JSON on the standard input, its answer a line of JSON on the standard output.
What the packages print for a person at a notebook goes nowhere.
"""

import base64
import importlib.util
import json
import os
import sys
import types


def without_its_start(name):
    """Makes the modules of a package importable one by one.

    The package itself begins by importing its client of Google Drive, which nothing here needs.
    """
    found = importlib.util.find_spec(name)
    package = types.ModuleType(name)
    package.__path__ = list(found.submodule_search_locations)
    sys.modules[name] = package


def serve(answer):
    """Answers until the input ends. An answer is flushed at once, as the asker waits for it."""
    answers = sys.stdout
    with open(os.devnull, "w") as sys.stdout:
        for line in sys.stdin:
            answers.write(json.dumps(answer(json.loads(line))))
            answers.write("\n")
            answers.flush()


def to_text(data):
    """Bytes as they stand in a line of JSON."""
    return base64.b64encode(data).decode("ascii")


def from_text(text):
    """The reverse of to_text."""
    return base64.b64decode(text, validate=True)
