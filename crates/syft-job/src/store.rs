use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use syft_core::{
    Access, Clock, ContentHash, Disk, Email, Entropy, HomePath, JobName, JobPlace, LayoutKind,
    Layouts, NewEntry, NodePaths, Timestamp,
};

use crate::audit::AuditSink;
use crate::packages::PackageOptions;
use crate::pysyft::Protocol;
use crate::receipt::ReceiptSigner;
use crate::records::{DecisionFile, JobRecord};
use crate::{JobId, Result};

/// Largest record of this node's own that is read back, in bytes.
pub(crate) const MAX_RECORD_BYTES: u64 = 64 * 1024 * 1024;

/// The jobs of one home: those sent to its owner, and the copies of those that
/// its owner sent to others. Knows the disk and no transport.
///
/// What is true is in `.syft/`: job records, snapshots, decisions, runs and
/// releases. The markers and outputs in a job's folder are written from it and
/// never read as a decision. The caller holds the home's lock while it changes
/// something; a run itself needs no lock of the home.
#[derive(Clone)]
pub struct JobStore {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) layouts: Layouts,
    pub(crate) me: Email,
    pub(crate) packages: PackageOptions,
    pub(crate) audit: Option<Arc<dyn AuditSink>>,
    pub(crate) signer: Option<Arc<dyn ReceiptSigner>>,
}

/// Where a job lies in a home.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// What the submitter wrote.
    pub(crate) submission: HomePath,
    /// What its owner shows of it.
    pub(crate) results: HomePath,
    /// The layout of its owner's datasite.
    pub(crate) layout: LayoutKind,
    /// In the PySyft layout, which protocol the place is of.
    pub(crate) protocol: Protocol,
}

impl JobStore {
    /// The jobs in the home of `me`.
    #[must_use]
    pub fn new(
        disk: Arc<dyn Disk>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        layouts: Layouts,
        me: Email,
    ) -> Self {
        let packages = PackageOptions::default();
        JobStore { disk, clock, entropy, layouts, me, packages, audit: None, signer: None }
    }

    /// The same jobs, with every decision, run and release told to `sink`.
    #[must_use]
    pub fn with_audit(mut self, sink: Arc<dyn AuditSink>) -> Self {
        self.audit = Some(sink);
        self
    }

    /// The same jobs, whose receipts are signed by these keys, or by none.
    #[must_use]
    pub fn with_signer(mut self, signer: Option<Arc<dyn ReceiptSigner>>) -> Self {
        self.signer = signer;
        self
    }

    /// The same jobs, whose packages come from where these options say.
    #[must_use]
    pub fn with_packages(mut self, packages: PackageOptions) -> Self {
        self.packages = packages;
        self
    }

    /// Where the packages of jobs come from.
    #[must_use]
    pub fn package_options(&self) -> &PackageOptions {
        &self.packages
    }

    /// The same jobs, as they lie in other layouts.
    #[must_use]
    pub fn with_layouts(mut self, layouts: Layouts) -> Self {
        self.layouts = layouts;
        self
    }

    /// Whose home it is.
    #[must_use]
    pub fn me(&self) -> &Email {
        &self.me
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn tell(&self, entry: NewEntry) -> Result<()> {
        self.audit.as_ref().map_or(Ok(()), |sink| sink.record(entry))?;
        Ok(())
    }

    /// An audit entry about a job; `key` tells it from the others of its kind.
    pub(crate) fn entry(
        &self,
        action: &str,
        record: &JobRecord,
        by: &Email,
        key: &str,
    ) -> NewEntry {
        self.entry_about(action, (&record.id, record.title()), by, key)
    }

    /// The same about a job of which there need be no record.
    pub(crate) fn entry_about(
        &self,
        action: &str,
        (id, title): (&JobId, String),
        by: &Email,
        key: &str,
    ) -> NewEntry {
        NewEntry {
            key: Some(format!("{action}/{key}")),
            at: self.now(),
            actor: by.to_string(),
            action: action.to_owned(),
            subject: id.to_string(),
            details: BTreeMap::from([("job".to_owned(), title.into())]),
        }
    }

    /// Where a job lies in its owner's datasite, or in this home's copy of it; where
    /// it would be put if there is none yet.
    pub(crate) fn place(&self, owner: &Email, submitter: &Email, name: &JobName) -> Place {
        let layout = self.layouts.of(owner);
        let mut places = layout.job_places(submitter, name);
        let holds = |place: &JobPlace, file: Option<&str>| {
            let folder = HomePath::in_datasite(owner, &place.submission);
            let path = file.map_or(Ok(folder.clone()), |file| folder.join(file));
            path.and_then(|path| self.disk.metadata(&path)).is_ok_and(|found| found.is_some())
        };
        // Mostly there is one place, and the disk need not be asked. Whatever else was
        // put at the other one makes no job of it.
        let at = match places.len() {
            0 | 1 => None,
            _ => places
                .iter()
                .position(|place| holds(place, Some("config.yaml")))
                .or_else(|| places.iter().position(|place| holds(place, None))),
        };
        let place = match at {
            Some(at) => places.swap_remove(at),
            None => layout.job(submitter, name),
        };
        Place {
            submission: HomePath::in_datasite(owner, &place.submission),
            results: HomePath::in_datasite(owner, &place.results),
            layout: layout.kind(),
            protocol: Protocol::of_place(&place.submission),
        }
    }

    /// The folder of a job's submission: [`JobStore::place`].
    pub(crate) fn folder(&self, owner: &Email, submitter: &Email, name: &JobName) -> HomePath {
        self.place(owner, submitter, name).submission
    }

    pub(crate) fn snapshot(&self, digest: &ContentHash) -> Result<HomePath> {
        Ok(NodePaths::snapshots().join(&digest.to_string())?)
    }

    pub(crate) fn records_folder(&self) -> Result<HomePath> {
        Ok(NodePaths::root().join("jobs")?)
    }

    fn record_path(&self, id: &JobId) -> Result<HomePath> {
        Ok(self.records_folder()?.join(&format!("{id}.json"))?)
    }

    fn decision_path(&self, id: &JobId) -> Result<HomePath> {
        Ok(NodePaths::decisions().join(&format!("jobs/{id}.json"))?)
    }

    pub(crate) fn shown_path(&self, id: &JobId) -> Result<HomePath> {
        Ok(self.records_folder()?.join(&format!("{id}.shown"))?)
    }

    /// What this home remembers of a job that it sent.
    pub(crate) fn sent_path(&self, owner: &Email, name: &JobName) -> Result<HomePath> {
        Ok(self.records_folder()?.join("sent")?.join(owner.as_str())?.join(name.as_str())?)
    }

    pub(crate) fn read_record(&self, id: &JobId) -> Result<Option<JobRecord>> {
        self.read_json(&self.record_path(id)?)
    }

    pub(crate) fn write_record(&self, record: &JobRecord) -> Result<()> {
        self.write_json(&self.record_path(&record.id)?, record)
    }

    pub(crate) fn read_decisions(&self, id: &JobId) -> Result<DecisionFile> {
        Ok(self.read_json(&self.decision_path(id)?)?.unwrap_or_default())
    }

    pub(crate) fn write_decisions(&self, id: &JobId, file: &DecisionFile) -> Result<()> {
        self.write_json(&self.decision_path(id)?, file)
    }

    /// All records of jobs that were sent to me, by id.
    pub(crate) fn all_records(&self) -> Result<Vec<JobRecord>> {
        let mut records = Vec::new();
        for entry in self.disk.list(&self.records_folder()?)? {
            let id = entry.name.as_deref().ok().and_then(|name| name.strip_suffix(".json"));
            if let Some(id) = id.and_then(JobId::parse) {
                records.extend(self.read_record(&id)?);
            }
        }
        Ok(records)
    }

    /// The record of the job that stands, or stood, in this folder of mine.
    pub(crate) fn record_of(&self, submitter: &Email, name: &JobName) -> Result<Option<JobRecord>> {
        let records = self.all_records()?;
        Ok(records.into_iter().find(|r| &r.submitter == submitter && &r.name == name))
    }

    pub(crate) fn read_json<T: DeserializeOwned>(&self, path: &HomePath) -> Result<Option<T>> {
        let Some(bytes) = self.disk.read_if_there(path, MAX_RECORD_BYTES)? else {
            return Ok(None);
        };
        let value = serde_json::from_slice(&bytes).map_err(|error| syft_core::Error::Corrupt {
            what: path.to_string(),
            detail: error.to_string(),
        })?;
        Ok(Some(value))
    }

    pub(crate) fn write_json(&self, path: &HomePath, value: &impl Serialize) -> Result<()> {
        self.disk.write(path, &to_json(value)?, Access::OwnerOnly)?;
        Ok(())
    }
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| syft_core::Error::Encode {
        what: "a job record",
        detail: error.to_string(),
    })?;
    bytes.push(b'\n');
    Ok(bytes)
}

impl fmt::Debug for JobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobStore").field("me", &self.me).finish_non_exhaustive()
    }
}
