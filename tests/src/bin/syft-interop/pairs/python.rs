//! A person with the released Python packages, in a process of its own.

use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::pairing::Account;
use super::person::{
    Dataset, Files, Job, Language, Logs, NewDataset, NewJob, Outcome, Peer, Person, Role,
};
use crate::python::{Python, Script, Setting};

/// The script that acts for the person.
const PARTICIPANT: &str = "drive/participant.py";

/// What jobs of the Python peer begin with, made once for all pairs.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Tools {
    /// The folder of `uv`.
    path: PathBuf,
    /// The wheel that is installed as `syft`.
    syft: PathBuf,
}

impl Tools {
    /// Makes them in a new folder.
    pub(super) fn make(python: &Python, folder: &Path) -> Outcome<Self> {
        let said = python.run("drive/tools.py", folder)?;
        serde_json::from_str(&said).map_err(|error| format!("drive/tools.py: {error} in {said}"))
    }
}

pub(super) struct PythonPerson {
    account: Account,
    role: Role,
    script: Script,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ok(Value),
    Error(String),
}

impl PythonPerson {
    /// Starts the program; nobody is logged in yet.
    pub(super) fn start(
        python: &Python,
        tools: &Tools,
        account: Account,
        role: Role,
    ) -> Outcome<Self> {
        let Account { home, endpoint, .. } = &account;
        let told = |error: std::io::Error| format!("{}: {error}", home.display());
        fs::create_dir_all(home).map_err(told)?;
        let setting = Setting {
            path: Some(tools.path.clone()),
            log: Some(home.with_extension("log")),
            variables: vec![
                ("SYFT_DRIVE_ENDPOINT", endpoint.into()),
                ("SYFT_INSTALL_SOURCE", tools.syft.clone().into()),
                // Nothing is fetched, and no setting of this machine counts.
                ("UV_OFFLINE", "1".into()),
                ("UV_NO_CONFIG", "1".into()),
            ],
        };
        let script = python.start_in(PARTICIPANT, home, &setting)?;
        Ok(PythonPerson { account, role, script })
    }

    fn ask<A: DeserializeOwned>(&mut self, question: &impl Serialize) -> Outcome<A> {
        match self.script.ask(question)? {
            Answer::Ok(value) => serde_json::from_value(value.clone())
                .map_err(|error| format!("{PARTICIPANT}: {error} in {value}")),
            Answer::Error(error) => Err(format!("Python raises {error}")),
        }
    }

    fn act(&mut self, question: &Value) -> Outcome<()> {
        self.ask::<Value>(question).map(drop)
    }

    fn keys(&self) -> PathBuf {
        let Account { home, email, .. } = &self.account;
        home.join(format!("SyftBox_{email}/{email}/private/crypto_keys.json"))
    }
}

impl Person for PythonPerson {
    fn log_in(&mut self) -> Outcome<()> {
        let Account { email, token, sealed, .. } = &self.account;
        let question = json!({
            "do": "login", "role": self.role.name(), "email": email, "token": token, "encryption": sealed,
        });
        self.act(&question)
    }

    fn sync(&mut self) -> Outcome<()> {
        self.act(&json!({"do": "sync"}))
    }

    fn add_peer(&mut self, peer: &str) -> Outcome<()> {
        self.act(&json!({"do": "add_peer", "email": peer}))
    }

    fn approve_peer(&mut self, peer: &str) -> Outcome<()> {
        self.act(&json!({"do": "approve_peer", "email": peer}))
    }

    fn peers(&mut self) -> Outcome<Vec<Peer>> {
        self.ask(&json!({"do": "peers"}))
    }

    fn create_dataset(&mut self, dataset: &NewDataset<'_>) -> Outcome<()> {
        let NewDataset { name, summary, mock, private, reader } = dataset;
        self.act(&json!({
            "do": "create_dataset", "name": name, "summary": summary,
            "mock": mock, "private": private, "users": [reader], "upload_private": true,
        }))
    }

    fn delete_dataset(&mut self, name: &str) -> Outcome<()> {
        self.act(&json!({"do": "delete_dataset", "name": name}))
    }

    fn datasets(&mut self) -> Outcome<Vec<Dataset>> {
        self.ask(&json!({"do": "datasets"}))
    }

    fn submit(&mut self, job: &NewJob<'_>) -> Outcome<()> {
        let NewJob { owner, name, is, script, .. } = *job;
        match is {
            Language::Python => {
                self.act(&json!({"do": "submit_python", "to": owner, "name": name, "path": script}))
            }
            Language::Bash => {
                let text = fs::read_to_string(script).map_err(|error| error.to_string())?;
                self.act(&json!({"do": "submit_bash", "to": owner, "name": name, "script": text}))
            }
        }
    }

    fn jobs(&mut self) -> Outcome<Vec<Job>> {
        self.ask(&json!({"do": "jobs"}))
    }

    fn review(&mut self, name: &str) -> Outcome<String> {
        #[derive(Deserialize)]
        struct Review {
            run: String,
            code: Files,
        }
        let Review { run, code } = self.ask(&json!({"do": "review", "name": name}))?;
        Ok(code.into_values().fold(run, |all, text| all + &text))
    }

    fn approve_job(&mut self, name: &str, _: Option<&str>) -> Outcome<()> {
        self.act(&json!({"do": "approve_job", "name": name}))
    }

    fn reject_job(&mut self, name: &str, reason: &str) -> Outcome<()> {
        self.act(&json!({"do": "reject_job", "name": name, "reason": reason}))
    }

    fn run_jobs(&mut self, share: bool) -> Outcome<()> {
        self.act(&json!({"do": "run_jobs", "share_outputs": share, "share_logs": share}))
    }

    fn release(&mut self, name: &str) -> Outcome<()> {
        self.act(&json!({"do": "release", "name": name}))
    }

    fn outputs(&mut self, name: &str) -> Outcome<Files> {
        self.ask(&json!({"do": "outputs", "name": name}))
    }

    fn logs(&mut self, name: &str) -> Outcome<Logs> {
        self.ask(&json!({"do": "logs", "name": name}))
    }

    fn write(&mut self, path: &str, text: &str) -> Outcome<()> {
        self.act(&json!({"do": "write", "path": path, "text": text}))
    }

    fn remove(&mut self, path: &str) -> Outcome<()> {
        self.act(&json!({"do": "remove", "path": path}))
    }

    fn grant(&mut self, folder: &str, reader: &str) -> Outcome<()> {
        self.act(&json!({"do": "grant", "path": folder, "user": reader}))
    }

    fn files(&mut self, datasite: &str) -> Outcome<Files> {
        self.ask(&json!({"do": "files", "datasite": datasite}))
    }

    fn checkpoint(&mut self) -> Outcome<()> {
        self.act(&json!({"do": "checkpoint"}))
    }

    fn export_keys(&mut self, to: &Path) -> Outcome<()> {
        let keys = self.keys();
        fs::copy(&keys, to).map(drop).map_err(|error| format!("{}: {error}", keys.display()))
    }

    fn import_keys(&mut self, from: &Path) -> Outcome<()> {
        let keys = self.keys();
        let folder = keys.parent().unwrap_or(&keys);
        let copied = fs::create_dir_all(folder).and_then(|()| fs::copy(from, &keys));
        copied.map(drop).map_err(|error| format!("{}: {error}", keys.display()))
    }

    fn delete_syftbox(&mut self) -> Outcome<()> {
        self.act(&json!({"do": "delete_syftbox"}))
    }
}
