"""Makes a SyftBox with the peer's own packages, and tells what they say of any SyftBox.

`make`: a box of an owner with jobs of two scientists in every state, and datasets; and the box of a scientist
who sent some of them. Answered: the boxes, each with what the packages say of it.
`tell`: what the packages say of a box that somebody else made.

What is told of a box: its jobs, its datasets, who may do what with each file of the datasite of `me`, and what
the packages passed over because they could not read it. They write while they list, so a copy is asked.
"""

import contextlib
import hashlib
import io
import shutil
import tempfile
from pathlib import Path

import peer
from syft_datasets.dataset_manager import SyftDatasetManager
from syft_job import JobClient, SyftJobConfig, SyftJobRunner, job_registry
from syft_perms import SyftPermContext

OWNER, BOB, CAROL, STRANGER = "alice@hospital.org", "bob@uni.edu", "carol@lab.example", "eve@else.where"
USERS = [BOB, CAROL, STRANGER, OWNER]
SOURCE = "syft==0.10.0"

FOLDER_JOB = {
    "main.py": "from parts.sums import total\nprint(total())\n",
    "parts/__init__.py": "",
    "parts/sums.py": "def total():\n    return 'süm'\n",
    "data.bin": b"\x00\xff\xfe",
    ".hidden": "not shown\n",
}


def answer(asked):
    return {"make": make, "tell": lambda asked: tell(Path(asked["box"]), asked["me"])}[asked["do"]](asked)


def make(asked):
    home = Path(asked["home"])
    box = home / f"SyftBox_{OWNER}"
    boxes = {BOB: home / f"SyftBox_{BOB}", CAROL: home / f"SyftBox_{CAROL}"}
    for folder in [box, *boxes.values()]:
        folder.mkdir(parents=True)
    owner = client(box, OWNER)
    for scientist in boxes:
        owner.setup_ds_job_folder_as_do(scientist)
    sources = home / "sources"
    submit_all(boxes, sources)
    arrive(boxes, box)
    decide(owner)
    run(owner, box)
    make_datasets(box, sources)
    share(box)
    for scientist, folder in boxes.items():
        come_back(box, folder, scientist)
    shutil.rmtree(sources)
    told = [(OWNER, box), (BOB, boxes[BOB])]
    return {"boxes": [{"me": me, "box": str(box), "said": tell(box, me)} for me, box in told]}


def client(box, me, schemas=None):
    made = JobClient(SyftJobConfig(syftbox_folder=box, current_user_email=me), me, schemas)
    made.peer_install_sources[OWNER] = SOURCE
    return made


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def submit_all(boxes, sources):
    """Each job is named after what becomes of it."""
    script = put(sources, {"analysis.py": "print('analysis')\n"}) / "analysis.py"
    folder = put(sources / "folder", FOLDER_JOB)
    project = put(sources / "project", {"main.py": "print(1)\n", "pyproject.toml": "[project]\nname = 'p'\n"})
    bob, carol = client(boxes[BOB], BOB), client(boxes[CAROL], CAROL)
    bob.submit_python_job(OWNER, str(script), "pending python", dependencies=["numpy==2.0", "pandas"])
    bob.submit_python_job(OWNER, str(folder), "pending-folder")
    bob.submit_python_job(OWNER, str(project), "pending-project", entrypoint="main.py")
    bob.submit_python_job(OWNER, str(script), "approved-python")
    bob.submit_python_job(OWNER, str(script), "rejected-python")
    bob.submit_bash_job(OWNER, "echo pending\n", "pending.bash")
    bob.submit_bash_job(OWNER, "mkdir -p code/outputs/deep; echo 42 > code/outputs/sum.txt\n"
                        "printf '\\001' > code/outputs/deep/raw.bin; echo out; echo err >&2\n", "done-bash")
    bob.submit_bash_job(OWNER, "echo 7 > code/outputs/seven.txt\n", "done-shared")
    bob.submit_bash_job(OWNER, "echo before; exit 3\n", "failed-bash")
    malformed = bob.submit_bash_job(OWNER, "echo no\n", "rejected-malformed")
    put(malformed, {"extra.txt": "one file too many\n"})
    carol.submit_bash_job(OWNER, "echo carol\n", "done-bash")
    carol.submit_bash_job(OWNER, "echo ä\n", "pending-Ünïcode")
    old = {OWNER: job_registry.schema_for_protocol_version("0")}
    client(boxes[CAROL], CAROL, old).submit_bash_job(OWNER, "echo old\n", "pending-protocol-0")


def arrive(boxes, box):
    """Copies what was sent as the synchronisation does: the content, and no mode."""
    for sent in boxes.values():
        root = sent / OWNER
        put(box / OWNER, {str(file.relative_to(root)): file.read_bytes() for file in files_below(root)})


def decide(owner):
    for job in owner.jobs:
        if job.name.startswith(("approved", "done", "failed")):
            job.approve(reason="looked at" if job.submitted_by == BOB else None)
        elif job.name == "rejected-python":
            job.reject(reason="not this one: it is\n'odd'")


def run(owner, box):
    runner = SyftJobRunner(SyftJobConfig(syftbox_folder=box, current_user_email=OWNER))
    runner.process_approved_jobs(stream_output=False, skip_job_names=["approved-python"])
    shared = next(job for job in owner.jobs if job.name == "done-shared")
    shared.share_outputs([BOB])
    shared.share_logs([BOB])


def make_datasets(box, sources):
    manager = SyftDatasetManager(box, OWNER)
    mock = put(sources / "mock", {"beds.csv": "bed,free\n1,0\n"}) / "beds.csv"
    private = put(sources / "private", {"beds.csv": "bed,free\n1,1\n"}) / "beds.csv"
    many = put(sources / "many", {"one.csv": "1\n", "two.csv": "2\n", "deep/three.csv": "3\n"})
    readme = put(sources, {"about.md": "# Beds\n"}) / "about.md"
    manager.create("beds", mock, private, summary="Free beds", readme_path=readme, tags=["beds", "2026"],
                   users=[BOB])
    manager.create("for_all", many, many, users="any")
    manager.create("for nobody", mock, private)
    manager.create("newer", mock, private, users=[BOB, CAROL], protocol_versions=["1"])


def share(box):
    datasite = put(box / OWNER, {"notes/today.txt": "x\n", "notes/.draft": "y\n", "open/a/b.txt": "z\n"})
    context = SyftPermContext(datasite)
    context.open("notes/").grant_read_access(BOB)
    context.open("notes/today.txt").grant_write_access(CAROL)
    context.open("open").grant_read_access("*")


def come_back(box, folder, scientist):
    """Copies to a scientist what the owner's synchronisation sends: what may be read and is not private.

    Datasets travel apart from it, in the older of their two layouts.
    """
    context = SyftPermContext(box / OWNER)
    paths = [file.relative_to(box / OWNER) for file in files_below(box / OWNER)]
    readable = [path for path in paths if context.open(path).has_read_access(scientist)]
    sent = [path for path in readable if path.parts[0] != "private" and "syft_datasets/v1" not in str(path)]
    put(folder / OWNER, {str(path): (box / OWNER / path).read_bytes() for path in sent})


def tell(box, me):
    with tempfile.TemporaryDirectory(prefix="syft-interop-") as folder:
        copy = Path(folder) / box.name
        shutil.copytree(box, copy, symlinks=True)
        # First, as what the packages write while they list is not asked about.
        answers = access(copy / me)
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            listed = {"jobs": jobs(copy, me), "datasets": datasets(copy, me)}
        passed_over = [line for line in printed.getvalue().splitlines() if line.startswith("Error")]
        return listed | {"access": answers, "passed_over": passed_over}


def jobs(box, me):
    listed = [describe_job(box, job) for job in client(box, me).jobs]
    return sorted(listed, key=lambda job: (job["owner"], job["submitter"], job["name"]))


def describe_job(box, job):
    outputs = job.job_review_path / "outputs"
    returned = job.job_review_path / "returncode.txt"
    return {
        "name": job.name,
        "submitter": job.submitted_by,
        "owner": job.datasite_owner_email,
        "status": job.status,
        "type": job.job_metadata.type,
        "entrypoint": job.job_metadata.entrypoint,
        "dependencies": job.job_metadata.dependencies,
        "reason": job.review_reason,
        "return_code": returned.read_text() if returned.exists() else None,
        "files": hashes(job.files, box / job.datasite_owner_email),
        "outputs": hashes(files_below(outputs), outputs),
    }


def datasets(box, me):
    listed = [describe_dataset(box, me, found) for found in SyftDatasetManager(box, me).get_all()]
    return sorted(listed, key=lambda dataset: (dataset["owner"], dataset["name"]))


def describe_dataset(box, me, found):
    datasite = box / found.owner
    private = found.private_files if found.owner == me else []
    return {
        "name": found.name,
        "owner": found.owner,
        "summary": found.summary,
        "tags": found.tags,
        "readme": found.get_readme(),
        "mock_files": hashes(found.mock_files, datasite),
        "private_files": hashes(private, datasite),
    }


def access(datasite):
    """Path, user, level and answer for every file of a datasite."""
    if not datasite.is_dir():
        return []
    context = SyftPermContext(datasite)
    paths = sorted(str(file.relative_to(datasite)) for file in files_below(datasite))
    return [
        [path, user, level, getattr(context.open(path), f"has_{level}_access")(user)]
        for path in paths
        for user in USERS
        for level in ["read", "write", "admin"]
    ]


def files_below(folder):
    return sorted(file for file in folder.rglob("*") if file.is_file())


def hashes(files, below):
    """By the path below a folder the hash of each file; null where there is none."""
    return {str(file.relative_to(below)): digest(file) for file in sorted(files)}


def digest(file):
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


peer.serve(answer)
