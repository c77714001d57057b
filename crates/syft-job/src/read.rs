use std::collections::BTreeMap;

use syft_core::{
    ContentHash, DatasitePath, Disk, Email, FileKind, HomePath, JobName, LayoutKind, yaml,
};

use crate::config::JobConfig;
use crate::gather::{MAX_BYTES, MAX_FILES};
use crate::records::{Problem, Revision, RevisionFile};
use crate::store::Place;
use crate::{JobStore, Result, SubmissionFields, pysyft};

/// The files of a job's folder that count, as they are now.
#[derive(Debug)]
pub(crate) struct JobFiles {
    /// `run.sh` and everything in `code/`, no name skipped.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// `config.yaml` as it lies there.
    pub(crate) config_bytes: Vec<u8>,
    pub(crate) config: JobConfig,
}

/// Reads a job's folder: a job, or what stands in its way.
pub(crate) fn read_job(disk: &dyn Disk, folder: &HomePath) -> Result<Result<JobFiles, Problem>> {
    let malformed = |reason: String| Ok(Err(Problem::Malformed { reason }));
    let mut files = BTreeMap::new();
    let run_sh = folder.join("run.sh")?;
    match disk.metadata(&run_sh)?.map(|metadata| metadata.kind) {
        Some(FileKind::File) => match disk.read(&run_sh, MAX_BYTES) {
            Ok(bytes) => {
                files.insert("run.sh".to_owned(), bytes);
            }
            Err(syft_core::Error::TooLarge { limit, .. }) => {
                return malformed(format!("run.sh is larger than {limit} bytes"));
            }
            Err(error) => return Err(error.into()),
        },
        Some(_) => return malformed("run.sh is no regular file".to_owned()),
        None => {}
    }
    if let Err(problem) = read_tree(disk, &folder.join("code")?, "code", &mut files)? {
        return Ok(Err(problem));
    }
    let config_path = folder.join("config.yaml")?;
    let config_bytes = match disk.read(&config_path, yaml::MAX_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(syft_core::Error::NotFound(_)) => {
            return Ok(Err(Problem::Incomplete { missing: vec!["config.yaml".to_owned()] }));
        }
        Err(syft_core::Error::TooLarge { limit, .. }) => {
            return malformed(format!("config.yaml is larger than {limit} bytes"));
        }
        Err(syft_core::Error::NotRegular { what, .. }) => {
            return malformed(format!("config.yaml is {what}"));
        }
        Err(error) => return Err(error.into()),
    };
    let Ok(text) = std::str::from_utf8(&config_bytes) else {
        return malformed("config.yaml is not UTF-8".to_owned());
    };
    let config = match JobConfig::parse(text) {
        Ok(config) => config,
        Err(error) => return malformed(format!("config.yaml: {error}")),
    };
    if let Some(missing) = missing_files(&config, &files) {
        return Ok(Err(Problem::Incomplete { missing }));
    }
    Ok(Ok(JobFiles { files, config_bytes, config }))
}

impl JobStore {
    /// [`read_job`] of a job where it lies. In the PySyft layout it must be one that
    /// the Python peer would take.
    pub(crate) fn read_at(&self, place: &Place) -> Result<Result<JobFiles, Problem>> {
        let files = match read_job(self.disk.as_ref(), &place.submission)? {
            Ok(files) if place.layout == LayoutKind::Pysyft => files,
            other => return Ok(other),
        };
        let text = String::from_utf8_lossy(&files.config_bytes);
        let malformed = |reason: String| Problem::Malformed { reason };
        Ok(match pysyft::check_config(&text, place.protocol) {
            Ok(None) => Ok(files),
            Ok(Some(problem)) => Err(malformed(format!("config.yaml: {problem}"))),
            // What a submitter wrote is a problem of this job, and of no other.
            Err(error) => Err(malformed(format!("config.yaml: {error}"))),
        })
    }
}

fn missing_files(config: &JobConfig, files: &BTreeMap<String, Vec<u8>>) -> Option<Vec<String>> {
    let named = config.files.iter().map(|entry| entry.path.as_str()).chain(["run.sh"]);
    let mut missing: Vec<String> =
        named.filter(|path| !files.contains_key(*path)).map(str::to_owned).collect();
    missing.sort();
    missing.dedup();
    (!missing.is_empty()).then_some(missing)
}

/// Adds all files below `folder`, links refused.
pub(crate) fn read_tree(
    disk: &dyn Disk,
    folder: &HomePath,
    prefix: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
) -> Result<Result<(), Problem>> {
    let malformed = |reason: String| Ok(Err(Problem::Malformed { reason }));
    match disk.metadata(folder)?.map(|metadata| metadata.kind) {
        None => return Ok(Ok(())),
        Some(FileKind::Folder) => {}
        Some(_) => return malformed(format!("{prefix} is no folder")),
    }
    for entry in disk.list(folder)? {
        let name = match entry.name {
            Ok(name) => name,
            Err(lossy) => {
                return malformed(format!("{prefix}/{lossy} has a name that is not UTF-8"));
            }
        };
        let path = format!("{prefix}/{name}");
        if let Err(error) = DatasitePath::parse(&path) {
            return malformed(error.to_string());
        }
        let below = folder.join(&name)?;
        match entry.metadata.kind {
            FileKind::Folder => {
                if let Err(problem) = read_tree(disk, &below, &path, files)? {
                    return Ok(Err(problem));
                }
            }
            FileKind::File => {
                let total: u64 = files.values().map(|bytes| bytes.len() as u64).sum();
                if files.len() >= MAX_FILES || total + entry.metadata.size > MAX_BYTES {
                    return malformed("it has more than 2,000 files or 60 MiB".to_owned());
                }
                files.insert(path, disk.read(&below, MAX_BYTES)?);
            }
            FileKind::Link => return malformed(format!("{path} is a symbolic link")),
            FileKind::Other => return malformed(format!("{path} is no regular file")),
        }
    }
    Ok(Ok(()))
}

impl JobFiles {
    pub(crate) fn hashes(&self) -> BTreeMap<String, ContentHash> {
        self.files.iter().map(|(path, bytes)| (path.clone(), ContentHash::of(bytes))).collect()
    }

    /// The submission digest of what is there, whatever `config.yaml` claims.
    pub(crate) fn digest(
        &self,
        submitter: &Email,
        owner: &Email,
        name: &JobName,
    ) -> Result<ContentHash> {
        SubmissionFields {
            submitter,
            owner,
            name,
            datasets: &self.config.datasets_of(owner),
            entrypoint: self.config.entrypoint.as_deref(),
            dependencies: &self.config.dependencies,
            files: &self.hashes(),
        }
        .digest()
    }

    pub(crate) fn revision(
        &self,
        submitter: &Email,
        owner: &Email,
        name: &JobName,
        received_at: syft_core::Timestamp,
    ) -> Result<Revision> {
        let file = |(path, bytes): (&String, &Vec<u8>)| RevisionFile {
            path: path.clone(),
            sha256: ContentHash::of(bytes),
            size: bytes.len() as u64,
        };
        let mut contradictions = self.config.contradictions(submitter, owner, name);
        contradictions.extend(self.config.files.iter().filter_map(|entry| {
            let is = self.files.get(&entry.path).map(|bytes| ContentHash::of(bytes));
            (entry.sha256.is_some() && entry.sha256 != is)
                .then(|| format!("config.yaml holds another hash of {}", entry.path))
        }));
        Ok(Revision {
            digest: self.digest(submitter, owner, name)?,
            received_at,
            files: self.files.iter().map(file).collect(),
            kind: self.config.kind,
            entrypoint: self.config.entrypoint.clone(),
            dependencies: self.config.dependencies.clone(),
            datasets: self.config.datasets_of(owner),
            description: self.config.description.clone(),
            submitted_at: self.config.submitted_at.clone(),
            contradictions,
        })
    }
}
