//! A person with the `syft` program: each action is a run of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::pairing::Account;
use super::person::{
    Dataset, Files, Job, Language, Logs, NewDataset, NewJob, Outcome, Peer, Person, Role,
    read_files,
};

pub(super) struct NativePerson {
    program: PathBuf,
    account: Account,
    role: Role,
    /// Keys that a fresh home begins with.
    keys: Option<PathBuf>,
}

/// A dataset as the program lists it, without the texts.
#[derive(Debug, Deserialize)]
struct Listed {
    name: String,
    owner: String,
    summary: Option<String>,
    mock: Vec<Listing>,
}

#[derive(Debug, Deserialize)]
struct Listing {
    path: String,
}

impl NativePerson {
    pub(super) fn new(program: &Path, account: Account, role: Role) -> Self {
        NativePerson { program: program.to_owned(), account, role, keys: None }
    }

    /// Runs the program, and reads what it says with `--json`.
    fn run(&self, arguments: &[&str]) -> Outcome<Value> {
        let Account { home, endpoint, .. } = &self.account;
        let command = || format!("syft {}", arguments.join(" "));
        let output = Command::new(&self.program)
            .arg("--home")
            .arg(home)
            .arg("--json")
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home)
            .env("SYFT_DRIVE_ENDPOINT", endpoint)
            .output()
            .map_err(|error| format!("{}: {error}", command()))?;
        let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if !output.status.success() {
            // What was done in part is told on the one, what was not done on the other.
            let told = said(&[output.stderr, output.stdout].concat());
            let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
            return Err(format!("{}: {}: {told}", command(), output.status));
        }
        serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{}: {error} in {}", command(), said(&output.stdout)))
    }

    fn act(&self, arguments: &[&str]) -> Outcome<()> {
        self.run(arguments).map(drop)
    }

    /// Runs the program for one field of what it says.
    fn field<A: DeserializeOwned>(&self, arguments: &[&str], name: &str) -> Outcome<A> {
        let mut said = self.run(arguments)?;
        let field = said.get_mut(name).map(Value::take).unwrap_or_default();
        serde_json::from_value(field)
            .map_err(|error| format!("syft {}: {name}: {error}", arguments.join(" ")))
    }

    fn log(&self, job: &str, more: &[&str]) -> Outcome<Option<String>> {
        let arguments = [&["--no-sync", "job", "logs", job], more].concat();
        let path: Option<PathBuf> = self.field(&arguments, "path")?;
        path.map(fs::read_to_string).transpose().map_err(|error| error.to_string())
    }

    fn own(&self, path: &str) -> PathBuf {
        self.account.home.join(&self.account.email).join(path)
    }

    /// A folder or file beside the home.
    fn beside(&self, name: &str) -> PathBuf {
        self.account.home.with_extension(name)
    }
}

fn text(path: &Path) -> Outcome<&str> {
    path.to_str().ok_or_else(|| format!("{} is no text", path.display()))
}

impl Person for NativePerson {
    fn log_in(&mut self) -> Outcome<()> {
        let Account { email, token, sealed, .. } = &self.account;
        let encrypt = if *sealed { "auto" } else { "off" };
        let role = self.role.name();
        let mut arguments = vec!["login", "--email", email, "--transport", "gdrive:"];
        arguments.extend(["--token-path", text(token)?, "--role", role, "--encrypt", encrypt]);
        arguments.extend(["--packages", "none"]);
        if let Some(keys) = &self.keys {
            arguments.extend(["--recovery-key-file", text(keys)?]);
        }
        self.act(&arguments)
    }

    fn sync(&mut self) -> Outcome<()> {
        self.act(&["sync"])
    }

    fn add_peer(&mut self, peer: &str) -> Outcome<()> {
        self.act(&["peer", "add", peer])
    }

    fn approve_peer(&mut self, peer: &str) -> Outcome<()> {
        self.act(&["peer", "approve", peer, "--trust-first"])
    }

    fn peers(&mut self) -> Outcome<Vec<Peer>> {
        self.field(&["peer", "list"], "peers")
    }

    fn create_dataset(&mut self, dataset: &NewDataset<'_>) -> Outcome<()> {
        let NewDataset { name, summary, mock, private, reader } = dataset;
        let mut arguments = vec!["dataset", "create", name, "--summary", summary];
        arguments.extend(["--mock", text(mock)?, "--private", text(private)?, "--share", reader]);
        arguments.push("--upload-private");
        self.act(&arguments)
    }

    fn delete_dataset(&mut self, name: &str) -> Outcome<()> {
        self.act(&["dataset", "delete", name])
    }

    fn datasets(&mut self) -> Outcome<Vec<Dataset>> {
        let listed: Vec<Listed> = self.field(&["dataset", "list"], "datasets")?;
        let mut datasets = Vec::new();
        for Listed { name, owner, summary, mock } in listed {
            let full = format!("{owner}/{name}");
            let path: PathBuf = self.field(&["--no-sync", "dataset", "path", &full], "path")?;
            let mut texts = Files::new();
            for Listing { path: file } in mock {
                let at = if path.is_dir() { path.join(&file) } else { path.clone() };
                let text = fs::read_to_string(&at);
                let text = text.map_err(|error| format!("{}: {error}", at.display()))?;
                texts.insert(file, text);
            }
            datasets.push(Dataset { name, owner, summary, mock: texts });
        }
        Ok(datasets)
    }

    fn submit(&mut self, job: &NewJob<'_>) -> Outcome<()> {
        let NewJob { owner, name, is, script, dataset } = *job;
        let language = match is {
            Language::Bash => "--bash",
            Language::Python => "--python",
        };
        let mut arguments =
            vec!["job", "submit", text(script)?, language, "--to", owner, "--name", name];
        let dataset = dataset.map(|dataset| format!("{owner}/{dataset}"));
        if let Some(dataset) = &dataset {
            arguments.extend(["--dataset", dataset]);
        }
        self.act(&arguments)
    }

    fn jobs(&mut self) -> Outcome<Vec<Job>> {
        let mut jobs: Vec<Job> = self.field(&["job", "list"], "jobs")?;
        jobs.iter_mut()
            .filter(|job| job.status == "inbox")
            .for_each(|job| job.status = "pending".to_owned());
        Ok(jobs)
    }

    fn review(&mut self, name: &str) -> Outcome<String> {
        #[derive(Deserialize)]
        struct Review {
            files: Vec<Shown>,
        }
        #[derive(Deserialize)]
        struct Shown {
            lines: Option<Vec<String>>,
        }
        let Review { files } = self.field(&["--no-sync", "job", "show", name], "review")?;
        let lines = files.into_iter().filter_map(|file| file.lines).flatten();
        Ok(lines.map(|line| line + "\n").collect())
    }

    fn approve_job(&mut self, name: &str, dataset: Option<&str>) -> Outcome<()> {
        let granted = dataset.map(|dataset| ["--dataset", dataset]);
        let granted = granted.as_ref().map_or(&[][..], |granted| granted);
        self.act(&[&["job", "approve", name], granted].concat())
    }

    fn reject_job(&mut self, name: &str, reason: &str) -> Outcome<()> {
        self.act(&["job", "reject", name, "--reason", reason])
    }

    fn run_jobs(&mut self, share: bool) -> Outcome<()> {
        let mut arguments = vec!["job", "run", "--no-stream"];
        if share {
            arguments.extend(["--share-outputs", "--share-logs"]);
        }
        match self.run(&arguments) {
            // One of the jobs failed, as it was to be expected.
            Err(error) if error.contains("exit status: 7") => Ok(()),
            other => other.map(drop),
        }
    }

    fn release(&mut self, name: &str) -> Outcome<()> {
        self.act(&["job", "release", name, "--outputs", "--logs"])
    }

    fn outputs(&mut self, name: &str) -> Outcome<Files> {
        let folder = self.beside(&format!("outputs-{name}"));
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
        }
        match self.run(&["--no-sync", "job", "outputs", name, "-o", text(&folder)?]) {
            // Nothing is released yet.
            Err(error) if error.contains("exit status: 8") => return Ok(Files::new()),
            other => other?,
        };
        if !folder.exists() {
            return Ok(Files::new());
        }
        let mut files = read_files(&folder)?;
        // It comes along, and is no output.
        files.retain(|name, _| !(name.starts_with("receipt-") && name.ends_with(".yaml")));
        Ok(files)
    }

    fn logs(&mut self, name: &str) -> Outcome<Logs> {
        let exit: Option<i64> = self.field(&["--no-sync", "job", "show", name], "exit_code")?;
        Ok(Logs {
            stdout: self.log(name, &[])?,
            stderr: self.log(name, &["--err"])?,
            exit: exit.map(|code| code.to_string()),
        })
    }

    fn write(&mut self, path: &str, text: &str) -> Outcome<()> {
        let path = self.own(path);
        let folder = path.parent().unwrap_or(&path);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, text));
        written.map_err(|error| format!("{}: {error}", path.display()))
    }

    fn remove(&mut self, path: &str) -> Outcome<()> {
        let path = self.own(path);
        fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn grant(&mut self, folder: &str, reader: &str) -> Outcome<()> {
        self.act(&["--offline", "perm", "grant", &format!("{folder}/"), reader, "read"])
    }

    fn files(&mut self, datasite: &str) -> Outcome<Files> {
        let folder = self.account.home.join(datasite);
        if !folder.exists() {
            return Ok(Files::new());
        }
        read_files(&folder)
    }

    fn checkpoint(&mut self) -> Outcome<()> {
        self.act(&["checkpoint", "create"])
    }

    fn export_keys(&mut self, to: &Path) -> Outcome<()> {
        self.act(&["keys", "export", text(to)?, "--pysyft"])
    }

    fn import_keys(&mut self, from: &Path) -> Outcome<()> {
        self.keys = Some(from.to_owned());
        Ok(())
    }

    fn delete_syftbox(&mut self) -> Outcome<()> {
        let email = self.account.email.clone();
        self.act(&["reset", "--yes", &email])
    }
}
