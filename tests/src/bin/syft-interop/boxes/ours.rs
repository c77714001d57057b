//! What this project says of a box.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use syft_core::{ContentHash, Email};
use syft_dataset::{Dataset as OurDataset, FileInfo};
use syft_job::{Job as OurJob, JobConfig};
use syft_perm::Level;
use syft_sync::{Config, NO_STORE, OfflineTransport, SyftboxManager};

use super::said::{Dataset, Files, Job, Said};

/// Whom permissions are asked for; `tests/interop/boxes.py` has the same.
const USERS: [&str; 4] =
    ["bob@uni.edu", "carol@lab.example", "eve@else.where", "alice@hospital.org"];

/// A state of the peer's in our words.
pub(super) fn in_our_words(mut said: Said) -> Said {
    for job in &mut said.jobs {
        if matches!(job.status.as_str(), "received" | "pending") {
            job.status = "inbox".to_owned();
        }
    }
    said
}

/// What Python approved and did not run is not approved where its owner opens the box
/// here: no decision is taken from a file (`protocol.md` k.15).
pub(super) fn undecided(mut said: Said, me: &str) -> Said {
    for job in said.jobs.iter_mut().filter(|job| job.owner == me && job.status == "approved") {
        (job.status, job.reason) = ("inbox".to_owned(), None);
    }
    said
}

/// Opens a box as `syft --home` does, and lists what is in it.
///
/// # Errors
/// It cannot be opened, or something in it cannot be read.
pub(super) fn say(folder: &Path, me: &str) -> Result<Said, String> {
    let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", folder.display());
    let email = Email::parse(me).map_err(|error| fail(&error))?;
    let store = OfflineTransport::new("no store", email.clone(), "it is not asked");
    let config = Config::new(email, folder, Arc::new(store), NO_STORE);
    let manager = SyftboxManager::open(config).map_err(|error| fail(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| fail(&error))?;
    // Before anything is written here.
    let access = access(&manager, &folder.join(me)).map_err(|error| fail(&error))?;
    let jobs = runtime.block_on(manager.jobs()).map_err(|error| fail(&error))?;
    let mut jobs = jobs.iter().map(|it| job(it, folder)).collect::<Result<Vec<_>, _>>()?;
    jobs.sort_by(|a, b| (&a.owner, &a.submitter, &a.name).cmp(&(&b.owner, &b.submitter, &b.name)));
    let listed = runtime.block_on(manager.datasets()).map_err(|error| fail(&error))?;
    let mut datasets: Vec<Dataset> =
        listed.get_all().iter().map(|it| dataset(it, folder)).collect::<Result<_, _>>()?;
    datasets.sort_by(|a, b| (&a.owner, &a.name).cmp(&(&b.owner, &b.name)));
    Ok(Said { jobs, datasets, access, passed_over: Vec::new() })
}

fn job(job: &OurJob, home: &Path) -> Result<Job, String> {
    let fail = |error: &dyn std::fmt::Display| format!("job {}: {error}", job.name());
    let summary = job.summary().map_err(|error| fail(&error))?;
    let location = job.location();
    let config = fs::read_to_string(location.join("config.yaml")).map_err(|error| fail(&error))?;
    let config = JobConfig::parse(&config).map_err(|error| fail(&error))?;
    let datasite = home.join(job.owner().as_str());
    let mut files = files_below(&location, &datasite)?;
    let below = location.strip_prefix(&datasite).map_err(|error| fail(&error))?;
    let shown = datasite.join(below.display().to_string().replacen("/inbox/", "/review/", 1));
    files.extend(files_below(&shown, &datasite)?);
    // The peer lists no hidden ones.
    files.retain(|path, _| !path.split('/').any(|name| name.starts_with('.')));
    let outputs = summary.outputs.iter();
    Ok(Job {
        name: job.name().to_string(),
        submitter: job.submitted_by().to_string(),
        owner: job.owner().to_string(),
        status: job.status().to_string(),
        kind: config.kind.as_str().to_owned(),
        entrypoint: config.entrypoint,
        dependencies: job.dependencies().to_vec(),
        reason: summary.reason,
        return_code: summary.exit_code.map(|code| code.to_string()),
        files,
        outputs: outputs.map(|it| (it.path.to_string(), Some(it.sha256.to_string()))).collect(),
    })
}

fn dataset(dataset: &OurDataset, home: &Path) -> Result<Dataset, String> {
    let owner = dataset.owner.to_string();
    let datasite = home.join(&owner);
    let readme = dataset.readme.as_ref();
    let found = ["public/syft_datasets", "public/syft_datasets/v1"]
        .map(|folder| format!("{folder}/{}", dataset.name))
        .into_iter()
        .find(|folder| datasite.join(folder).is_dir());
    let public = found.ok_or_else(|| format!("{owner}/{} is nowhere", dataset.name))?;
    let private = public.replacen("public", "private", 1);
    let files = |folder: &str, files: &[FileInfo]| -> Files {
        let named =
            |file: &FileInfo| (format!("{folder}/{}", file.path), Some(file.sha256.to_string()));
        files.iter().map(named).collect()
    };
    let text =
        readme.map(|readme| fs::read_to_string(datasite.join(&public).join(readme.as_str())));
    Ok(Dataset {
        name: dataset.name.to_string(),
        summary: dataset.summary.clone(),
        tags: dataset.tags.clone(),
        readme: text.transpose().map_err(|error| format!("{owner}: {error}"))?,
        mock_files: files(&public, &dataset.mock),
        private_files: dataset
            .private
            .as_deref()
            .map_or_else(BTreeMap::new, |it| direct(files(&private, it), &private)),
        owner,
    })
}

fn direct(files: Files, folder: &str) -> Files {
    let is_direct = |path: &str| {
        path.strip_prefix(folder).is_some_and(|rest| !rest.trim_start_matches('/').contains('/'))
    };
    files.into_iter().filter(|(path, _)| is_direct(path)).collect()
}

fn access(
    manager: &SyftboxManager,
    datasite: &Path,
) -> Result<Vec<(String, String, String, bool)>, String> {
    let permissions = manager.permissions().map_err(|error| error.to_string())?;
    let levels = [("read", Level::Read), ("write", Level::Write), ("admin", Level::Admin)];
    let mut answers = Vec::new();
    for path in files_below(datasite, datasite)?.into_keys() {
        for user in USERS {
            for (word, level) in levels {
                let may = permissions.allows(user, &path, level);
                answers.push((path.clone(), user.to_owned(), word.to_owned(), may));
            }
        }
    }
    Ok(answers)
}

/// All files below a folder, named below another one.
fn files_below(folder: &Path, above: &Path) -> Result<Files, String> {
    let mut files = Files::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(here) = pending.pop() {
        let Ok(entries) = fs::read_dir(&here) else { continue };
        for entry in entries {
            let path = entry.map_err(|error| error.to_string())?.path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let below = path.strip_prefix(above).map_err(|error| error.to_string())?;
            let hash = ContentHash::of(&bytes).to_string();
            files.insert(below.display().to_string(), Some(hash));
        }
    }
    Ok(files)
}
