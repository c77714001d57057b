"""`uv` and `pip` for a job: the packages that were approved for it are there, and
there is no network. They say whether what is asked for is among them."""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = "/usr/bin/python3"
VERSION = "%d.%d.%d" % sys.version_info[:3]

ACTIVATE = """\
deactivate () {{
    PATH="$_SYFT_OLD_PATH"
    export PATH
    unset VIRTUAL_ENV _SYFT_OLD_PATH
    if [ "${{1:-}}" != "nondestructive" ]; then unset -f deactivate; fi
}}
_SYFT_OLD_PATH="$PATH"
VIRTUAL_ENV={place}
export VIRTUAL_ENV
PATH="$VIRTUAL_ENV/bin:$PATH"
export PATH
"""


class Refused(Exception):
    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def say(text):
    print(text, file=sys.stderr)


def main(tool, arguments):
    try:
        with open(os.path.join(HERE, "_syft_packages.json"), encoding="utf-8") as file:
            known = json.load(file)
        return (uv if tool == "uv" else pip)(arguments, known) or 0
    except Refused as refused:
        say("%s: %s" % (tool, refused))
        return refused.code


def uv(arguments, known):
    flags, rest = leading_flags(arguments)
    if "--version" in flags or "-V" in flags or rest[:1] == ["version"]:
        print("uv 0 (of a syft job: it installs nothing)")
        return 0
    commands = {"venv": venv, "sync": sync, "run": run}
    if rest[:1] and rest[0] in commands:
        return commands[rest[0]](rest[1:], known)
    if rest[:1] == ["pip"] and rest[1:2] and rest[1] in ("install", "sync"):
        return install(rest[2:], known, of_files=rest[1] == "sync")
    if rest[:1] == ["pip"] and rest[1:2] and rest[1] in ("list", "freeze"):
        return listed(known)
    raise unknown(arguments)


def pip(arguments, known):
    flags, rest = leading_flags(arguments)
    if "--version" in flags or "-V" in flags:
        print("pip 0 (of a syft job: it installs nothing)")
        return 0
    if rest[:1] == ["install"]:
        return install(rest[1:], known)
    if rest[:1] and rest[0] in ("list", "freeze"):
        return listed(known)
    raise unknown(arguments)


def unknown(arguments):
    return Refused(
        "a job cannot do this: %s. Its packages are prepared before it starts; it can make "
        "an environment, ask for what was approved, and run." % " ".join(arguments),
        2,
    )


def leading_flags(arguments):
    rest = list(arguments)
    flags = []
    while rest and rest[0].startswith("-"):
        flags.append(rest.pop(0))
    return flags, rest


def options(arguments, flags, values):
    """The words that are no option, and the values of those that are."""
    words, given, rest = [], {}, list(arguments)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            words.extend(rest)
            break
        if not word.startswith("-"):
            words.append(word)
        elif name in values:
            if not equals and not rest:
                raise Refused("%s needs a value" % name, 2)
            given.setdefault(values[name], []).append(value if equals else rest.pop(0))
        elif word not in flags:
            raise unknown([word])
    check_python(given.get("python", []))
    return words, given


def check_python(wanted):
    """Another Python than the one of the box is not to be had; most scripts do not mind."""
    for version in wanted:
        numbers = re.fullmatch(r"(?:python|cpython)?@?(\d+(?:\.\d+)*)", version)
        if numbers and VERSION.split(".")[: numbers[1].count(".") + 1] != numbers[1].split("."):
            say("Python %s is not here: this job has Python %s" % (numbers[1], VERSION))


QUIET = {"-q", "--quiet", "-v", "--verbose", "--offline", "--no-cache", "-n", "--no-config"}
OF_PYTHON = {"--python": "python", "-p": "python"}


def venv(arguments, known):
    flags = QUIET | {"--seed", "--clear", "--allow-existing", "--system-site-packages"}
    words, _ = options(arguments, flags, {**OF_PYTHON, "--prompt": "prompt"})
    if len(words) > 1:
        raise unknown(["venv"] + arguments)
    place = os.path.abspath(words[0] if words else ".venv")
    programs = os.path.join(place, "bin")
    os.makedirs(programs, exist_ok=True)
    ours = os.path.join(HERE, "bin")
    links = {name: PYTHON for name in ("python", "python3", "python%d.%d" % sys.version_info[:2])}
    links.update({name: os.path.join(ours, name) for name in ("pip", "pip3")})
    for name, target in links.items():
        link = os.path.join(programs, name)
        if os.path.lexists(link):
            os.remove(link)
        os.symlink(target, link)
    with open(os.path.join(programs, "activate"), "w", encoding="utf-8") as file:
        file.write(ACTIVATE.format(place=shell_word(place)))
    return 0


def shell_word(text):
    return "'" + text.replace("'", "'\\''") + "'"


def sync(arguments, known):
    flags = QUIET | {"--frozen", "--locked", "--no-dev", "--no-install-project", "--active"}
    words, _ = options(arguments, flags, OF_PYTHON)
    if words:
        raise unknown(["sync"] + arguments)
    need(project_dependencies(), known)
    return 0


def project_dependencies():
    try:
        import tomllib
    except ImportError:
        raise Refused("Python %s reads no pyproject.toml" % VERSION)
    try:
        with open("pyproject.toml", "rb") as file:
            project = tomllib.load(file).get("project", {})
    except FileNotFoundError:
        raise Refused("there is no pyproject.toml here", 2)
    except ValueError as error:
        raise Refused("pyproject.toml cannot be read: %s" % error, 2)
    return project.get("dependencies", [])


def install(arguments, known, of_files=False):
    flags = QUIET | {"-U", "--upgrade", "--system", "--no-deps", "--user", "--pre"}
    flags |= {"--no-input", "--no-cache-dir", "--disable-pip-version-check", "--no-color"}
    flags |= {"--break-system-packages"}
    files = {"-r": "file", "--requirement": "file", "--requirements": "file"}
    words, given = options(arguments, flags, {**OF_PYTHON, **files})
    names = given.get("file", []) + (words if of_files else [])
    wanted = [] if of_files else words
    for name in names:
        wanted = wanted + lines_of(name)
    need(wanted, known)
    return 0


def lines_of(name):
    try:
        with open(name, encoding="utf-8") as file:
            lines = [line.split(" #")[0].strip() for line in file]
    except OSError as error:
        raise Refused("%s: %s" % (name, error.strerror), 2)
    lines = [re.sub(r"\s+--hash=\S+|\s*\\$", "", line) for line in lines]
    return [line for line in lines if line and not line.startswith(("#", "--hash"))]


def listed(known):
    for name, version in known["packages"].items():
        print("%s==%s" % (name, version))
    return 0


def need(wanted, known):
    missing = [text for text in wanted if not is_there(text.strip(), known)]
    for text in missing:
        say("%s is not among the packages that were approved for this job" % text)
    if missing:
        raise Refused("a job has no network, and installs nothing")


def is_there(text, known):
    if text in known["provided"]:
        return True
    found = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*([^;@]*)(;.*)?$", text)
    if not found:
        return False
    name = re.sub(r"[-_.]+", "-", found[1]).lower()
    if name in known["provided"]:
        return True
    if parts(text) in [parts(approved) for approved in known["requirements"]]:
        return True
    has = known["packages"].get(name)
    return has is not None and not found[2] and fits(has, found[3].strip(" ()"))


def parts(text):
    """A requirement, however it is written: its name, extras, ranges and marker."""
    text = re.sub(r"\s+", "", text).lower().replace("'", '"')
    found = re.match(r"([a-z0-9._-]*[a-z0-9])(?:\[([^\]]*)\])?\(?([^;)]*)\)?;?(.*)$", text)
    if not found:
        return None
    name, extras, ranges, marker = found.groups(default="")
    split = lambda words: sorted(re.sub(r"[-_.]+", "-", word) for word in words.split(",") if word)
    return re.sub(r"[-_.]+", "-", name), split(extras), sorted(ranges.split(",")), marker


def fits(has, ranges):
    return all(fits_one(has, one.strip()) for one in ranges.split(",") if one.strip())


def fits_one(has, one):
    found = re.fullmatch(r"(==|!=|<=|>=|<|>|~=)\s*(\d+(?:\.\d+)*)(\.\*)?", one)
    if not found:
        return one == "==" + has
    operator, numbers, wild = found[1], [int(part) for part in found[2].split(".")], found[3]
    release = re.match(r"\d+(?:\.\d+)*", has)
    mine = [int(part) for part in release[0].split(".")] if release else []
    if wild or operator == "~=":
        prefix = numbers if wild else numbers[:-1]
        same = padded(mine, len(prefix))[: len(prefix)] == prefix
        if operator == "~=":
            return same and compare(mine, numbers) >= 0
        return same if operator == "==" else operator == "!=" and not same
    order = compare(mine, numbers)
    return {
        "==": order == 0,
        "!=": order != 0,
        "<=": order <= 0,
        ">=": order >= 0,
        "<": order < 0,
        ">": order > 0,
    }[operator]


def compare(one, other):
    length = max(len(one), len(other))
    one, other = padded(one, length), padded(other, length)
    return (one > other) - (one < other)


def padded(numbers, length):
    return numbers + [0] * (length - len(numbers))


def run(arguments, known):
    flags = QUIET | {"--frozen", "--locked", "--no-sync", "--no-project", "--isolated"}
    rest, before = list(arguments), []
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "--":
            break
        before.append(word)
        if word in OF_PYTHON and rest:
            before.append(rest.pop(0))
    options(before, flags, OF_PYTHON)
    if not rest:
        raise unknown(["run"] + arguments)
    if rest[0].endswith(".py"):
        rest.insert(0, "python")
    if rest[0] in ("python", "python3"):
        rest[0] = PYTHON
    sys.stdout.flush()
    try:
        os.execvp(rest[0], rest)
    except OSError as error:
        raise Refused("%s: %s" % (rest[0], error.strerror), 127)
