use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::Value;
use syft_core::{
    AuditProblem, AuditReport, Clock, Disk, Email, Entropy, HomeLock, Layouts, NewEntry, NodePaths,
};
use syft_crypto::Keys;
use syft_job::JobStore;
use syft_transport::{Info, Object, Routes, Space, Transport};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard};

use crate::arriving::Arriving;
use crate::contents::Contents;
use crate::engine::Scene;
use crate::ledger::Ledger;
use crate::manager::owner_of_python_box;
use crate::perform::Leaving;
use crate::rules::CompiledRules;
use crate::sealed::{KeyRing, Sealed};
use crate::shared_audit::SharedAudit;
use crate::touched::Touched;
use crate::{Encrypt, Error, NoticeSink, Result, StoreOpener};

/// One identity on one machine: its home, its store, its clock and randomness.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) email: Email,
    /// Who I am to my peers; a home that nobody logged in to has none.
    pub(crate) keys: Option<Keys>,
    pub(crate) home: PathBuf,
    pub(crate) disk: Arc<dyn Disk>,
    /// The shapes of all datasites here.
    pub(crate) layouts: Layouts,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    /// The stores over which peers are reached, each by its own.
    pub(crate) routes: Arc<Routes>,
    /// How those are opened.
    pub(crate) stores: Arc<dyn StoreOpener>,
    /// All of them as one, with the audit log of what goes there and comes from there.
    pub(crate) store: Arc<dyn Transport>,
    /// The same, sealed: what everything goes through.
    pub(crate) transport: Arc<dyn Transport>,
    /// What came in part so far.
    pub(crate) arriving: Arc<Arriving>,
    /// With whom what is sealed; a home without keys seals nothing.
    pub(crate) ring: Option<Arc<KeyRing>>,
    pub(crate) audit: SharedAudit,
    /// The jobs of my datasite: what of them belongs into the record.
    pub(crate) jobs: JobStore,
    /// What this process changed in datasites since they were walked.
    pub(crate) touched: Touched,
    /// The permission files of my datasite, as they were compiled last.
    pub(crate) permissions: CompiledRules,
    /// The journal as the last pass left it.
    pub(crate) ledger: Arc<Mutex<Option<Ledger>>>,
    /// Whether this process has looked at what others did: a store with a feed answers from
    /// what it knows only then.
    pub(crate) looked: Arc<AtomicBool>,
    pub(crate) event_cache: bool,
    pub(crate) notices: Arc<dyn NoticeSink>,
    pub(crate) lock_wait: Duration,
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("email", &self.email)
            .field("home", &self.home)
            .finish_non_exhaustive()
    }
}

impl Node {
    /// From here on all goes by these keys.
    pub(crate) fn take_keys(&mut self, keys: Option<Keys>, encrypt: Encrypt) {
        let (disk, entropy) = (self.disk.clone(), self.entropy.clone());
        let arriving = self.arriving.clone();
        let ring = keys
            .clone()
            .map(|keys| KeyRing::new(keys, encrypt, disk, entropy, arriving, self.store.clone()));
        (self.keys, self.ring) = (keys, ring.map(Arc::new));
        self.transport = match &self.ring {
            Some(ring) => Arc::new(Sealed::new(self.store.clone(), ring.clone())),
            None => self.store.clone(),
        };
    }

    /// Whether I seal what goes to those who seal, too.
    pub(crate) fn seals(&self) -> bool {
        self.ring.as_ref().is_some_and(|ring| ring.encrypt().seals())
    }

    /// Whether what I put into the store is kept from others, by the store or by a seal.
    pub(crate) fn is_guarded(&self) -> bool {
        self.info_of_mine().capabilities.access_control || self.seals()
    }

    /// What the store says of itself in which what I keep for myself alone lies.
    pub(crate) fn info_of_mine(&self) -> &Info {
        self.transport.info_of(&Space::State { owner: self.email.clone() })
    }

    /// Whether what I keep of my datasets for myself alone lies in their store as the Python
    /// client would have it: in the open, where such clients meet.
    pub(crate) fn keeps_as_python(&self) -> bool {
        self.routes.datasets_info().capabilities.profiles && !self.seals()
    }

    /// Whether an object is mine beyond what whoever writes the store can make believe: it
    /// is opened by my seal, or the store knows who put it there.
    pub(crate) fn is_provably_mine(&self, object: &Object) -> bool {
        let info = self.transport.info_of(&object.space);
        let is_stated = object.owner.as_ref() == Some(&self.email);
        match self.seals() {
            true => object.owner.is_none() || is_stated,
            false => info.capabilities.access_control && is_stated,
        }
    }

    /// Takes the home for one pass.
    pub(crate) fn pass(&self) -> Result<Pass<'_>> {
        let lock = self.lock()?;
        self.pass_with(lock)
    }

    /// Takes a home that may not be anybody's yet.
    pub(crate) fn first_pass(&self) -> Result<Pass<'_>> {
        let lock = HomeLock::acquire(&self.home, self.lock_wait)?;
        self.audit.reset();
        self.pass_with(lock)
    }

    fn pass_with(&self, lock: HomeLock) -> Result<Pass<'_>> {
        let mut kept = self.kept()?;
        let ledger = match kept.take().filter(Ledger::is_current) {
            Some(ledger) => ledger,
            None => Ledger::open(self.disk.clone())?,
        };
        drop(kept);
        // Another process may have moved somebody, or my datasets.
        self.lead_as_known();
        Pass::new(self, ledger, lock)
    }

    /// Nobody else has it: whoever holds the home has given it back.
    fn kept(&self) -> Result<MutexGuard<'_, Option<Ledger>>> {
        let busy = |_| syft_core::Error::Locked { home: self.home.clone() };
        Ok(self.ledger.try_lock().map_err(busy)?)
    }

    /// Keeps everybody else out of the home.
    pub(crate) fn lock(&self) -> Result<HomeLock> {
        self.check_login()?;
        let lock = HomeLock::acquire(&self.home, self.lock_wait)?;
        // Whoever held the home before may have reset it.
        self.check_login()?;
        self.audit.reset();
        Ok(lock)
    }

    fn check_login(&self) -> Result<()> {
        if self.disk.metadata(&NodePaths::config())?.is_some()
            || owner_of_python_box(&*self.disk)?.as_ref() == Some(&self.email)
        {
            return Ok(());
        }
        Err(Error::NotLoggedIn { home: self.home.display().to_string() })
    }

    /// Whether the audit log is whole. Every home has logged in, so that an empty one is
    /// not.
    pub(crate) fn verify_audit(&self) -> Result<AuditReport> {
        let mut report = self.audit.open()?.verify()?;
        if report.entries == 0 {
            let detail = "it is empty, and the login that made this home is gone".to_owned();
            report.problem.get_or_insert(AuditProblem { line: 1, detail });
        }
        Ok(report)
    }

    pub(crate) fn scene(&self) -> Scene<'_> {
        Scene { me: &self.email, now: self.clock.now(), entropy: &*self.entropy }
    }
}

/// A pass over the home: nobody else changes it meanwhile.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    pub(crate) node: &'a Node,
    pub(crate) ledger: MappedMutexGuard<'a, Ledger>,
    /// My own files as this pass read them.
    pub(crate) contents: Contents,
    /// What this pass put into channels in which it stays.
    pub(crate) written: std::sync::Mutex<Vec<Object>>,
    /// What goes out of the store when all else is done.
    pub(crate) leaving: Leaving,
    _lock: HomeLock,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(node: &'a Node, ledger: Ledger, lock: HomeLock) -> Result<Self> {
        let kept = MutexGuard::map(node.kept()?, |kept| kept.insert(ledger));
        let (contents, written) = (Contents::default(), std::sync::Mutex::default());
        let leaving = Leaving::default();
        Ok(Pass { node, ledger: kept, contents, written, leaving, _lock: lock })
    }

    /// One audit line about something that this identity did.
    pub(crate) fn note(&self, action: &str, subject: impl Into<String>) -> Result<()> {
        self.note_with(action, subject, [])
    }

    /// The same with what else there is to say.
    pub(crate) fn note_with(
        &self,
        action: &str,
        subject: impl Into<String>,
        details: impl IntoIterator<Item = (&'static str, Value)>,
    ) -> Result<()> {
        Ok(self.node.audit.append(NewEntry {
            key: None,
            at: self.node.clock.now(),
            actor: self.node.email.to_string(),
            action: action.to_owned(),
            subject: subject.into(),
            details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        })?)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.ledger.leave();
        self.node.audit.reset();
    }
}
