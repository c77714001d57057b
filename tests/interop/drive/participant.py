"""One person with the released packages and a Google Drive at another address.

A question is a line of JSON, `{"do": …}`, on the standard input; its answer is a line of JSON on the standard
output: `{"ok": …}`, or `{"error": …}` with what was raised. The person's home is $HOME, the address of Drive
$SYFT_DRIVE_ENDPOINT. What the packages print goes to the standard error.
"""

import json
import os
import sys
import traceback
from pathlib import Path

# A job inherits the standard input and output of the program that runs it. Neither is to be the asker's.
asked = os.fdopen(os.dup(0), encoding="utf-8")
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
os.dup2(2, 1)

import elsewhere

elsewhere.redirect(os.environ["SYFT_DRIVE_ENDPOINT"])

import syft
import syft_rds
from syft.sync.login import _init_client_login
from syft_perms import SyftPermContext
from syft_rds.config import SyftRDSClientConfig

client = None


def login(role, email, token, encryption=False):
    """Login with encryption has no function of its own in the packages, but a setting in their configuration."""
    global client
    if encryption:
        roles = {"has_do_role": role == "owner", "has_ds_role": role == "scientist"}
        config = SyftRDSClientConfig.for_jupyter(email, token_path=Path(token), encryption=True, **roles)
        client = syft_rds.SyftRDSClient.from_config(config)
        _init_client_login(client.sync_engine, sync=True, load_peers=True)
    else:
        begin = {"owner": syft_rds.login_do, "scientist": syft_rds.login_ds}[role]
        client = begin(email=email, token_path=token)
    return {"version": syft.__version__, "box": str(client.syftbox_folder)}


def add_peer(email):
    client.add_peer(email)


def peers():
    return [
        {"email": peer.email, "state": peer.state.value, "sealed": peer.public_encryption_bundle is not None}
        for peer in client.peers
    ]


def approve_peer(email):
    client.load_peers()
    client.approve_peer_request(email)


def reject_peer(email):
    client.load_peers()
    client.reject_peer_request(email)


def create_dataset(name, mock, private, users, summary=None, upload_private=False):
    client.create_dataset(name, mock, private, summary=summary, users=users, upload_private=upload_private)


def delete_dataset(name):
    client.delete_dataset(name, require_confirmation=False)


def datasets():
    return [
        {
            "name": found.name,
            "owner": found.owner,
            "summary": found.summary,
            "mock": {path.name: path.read_text() for path in found.mock_files},
        }
        for found in client.datasets.get_all()
    ]


def submit_bash(to, name, script):
    client.submit_bash_job(to, script, job_name=name)


def submit_python(to, name, path):
    client.submit_python_job(to, path, job_name=name)


def sync():
    client.sync()


def jobs():
    return [
        {
            "name": job.name,
            "owner": job.datasite_owner_email,
            "submitter": job.submitted_by,
            "status": job.status,
            "reason": job.review_reason,
        }
        for job in client.jobs
    ]


def job_named(name):
    """As the last synchronisation left it."""
    return client.job_client.jobs[name]


def review(name):
    """What an owner reads before the decision."""
    job = job_named(name)
    code = texts(job.code_dir)
    return {"run": job.run_script, "code": code}


def approve_job(name, reason=None):
    client.jobs[name].approve(reason=reason)
    client.sync()


def reject_job(name, reason):
    client.jobs[name].reject(reason=reason)
    client.sync()


def run_jobs(share_outputs=False, share_logs=False, timeout=None):
    client.process_approved_jobs(
        stream_output=False,
        timeout=timeout,
        share_outputs_with_submitter=share_outputs,
        share_logs_with_submitter=share_logs,
    )


def release(name):
    """Gives a result away after the run."""
    job = job_named(name)
    job.share_outputs([job.submitted_by])
    job.share_logs([job.submitted_by])
    client.sync()


def outputs(name):
    job = job_named(name)
    return texts(job.job_review_path / "outputs") if job.output_paths else {}


def logs(name):
    folder = job_named(name).job_review_path
    names = {"stdout": "stdout.txt", "stderr": "stderr.txt", "exit": "returncode.txt"}
    return {key: (folder / file).read_text() for key, file in names.items() if (folder / file).exists()}


def own(path):
    return client.syftbox_folder / client.email / path


def write(path, text):
    """A file of one's own datasite, as a person writes it."""
    own(path).parent.mkdir(parents=True, exist_ok=True)
    own(path).write_text(text)


def remove(path):
    own(path).unlink()


def grant(path, user):
    SyftPermContext(own("")).open(path).grant_read_access(user)


def files(datasite):
    """All of a datasite that lies here."""
    return texts(client.syftbox_folder / datasite)


def checkpoint():
    made = client.sync_engine.create_checkpoint()
    return {"files": sorted(file.path for file in made.files)}


def delete_syftbox():
    client.delete_syftbox(verbose=False)
    return {"left": client.syftbox_folder.exists()}


def texts(folder):
    """Each file below a folder; what is no text is told by its length."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            try:
                text = data.decode("utf-8")
            except UnicodeDecodeError:
                text = f"{len(data)} bytes"
            found[path.relative_to(folder).as_posix()] = text
    return found


CAN = [
    login, add_peer, peers, approve_peer, reject_peer, create_dataset, delete_dataset, datasets, submit_bash,
    submit_python, sync, jobs, review, approve_job, reject_job, run_jobs, release, outputs, logs, write, remove,
    grant, files, checkpoint, delete_syftbox,
]
CAN = {function.__name__: function for function in CAN}


def answer(question):
    print(f">>> {question}", file=sys.stderr, flush=True)
    try:
        return {"ok": CAN[question.pop("do")](**question)}
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


for line in asked:
    answers.write(json.dumps(answer(json.loads(line))) + "\n")
    answers.flush()
