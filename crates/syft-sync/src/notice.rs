use std::fmt;

use syft_core::Email;
use syft_job::JobId;

/// What a node tells while it works, for whoever shows it. Results are returned,
/// never only told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// Nothing is exchanged with a peer this time.
    PeerSkipped {
        /// Who.
        peer: Email,
        /// Why, in words.
        reason: String,
    },
    /// None of the owners that I am connected with can be understood.
    NobodyCompatible {
        /// How many there are.
        peers: usize,
    },
    /// An approved job is not run this time.
    JobSkipped {
        /// Its id.
        job: JobId,
        /// Whose job it is.
        submitter: Email,
        /// Why, in words.
        reason: String,
    },
    /// Something in the store is not what it should be: somebody interferes.
    Alarm(String),
    /// The store is away: what is known here counts, and what is due waits.
    StoreAway {
        /// What the store said.
        reason: String,
    },
    /// A step was taken that is worth a line.
    Done(String),
    /// How far a long piece of work has come.
    Progress {
        /// What is being done.
        work: Work,
        /// How much of it is done; at `total` the work has ended.
        done: u64,
        /// How much there is to do.
        total: u64,
    },
}

/// Work that may take long enough to show how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Work {
    /// Reading my own files, counted in files.
    Reading,
    /// Putting messages and datasets into the store, counted in objects.
    Sending,
    /// Fetching messages and datasets, counted in objects.
    Receiving,
    /// Making a home from its backup, counted in objects of the store.
    Restoring,
    /// Taking things out of the store, counted in objects.
    Deleting,
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Work::Reading => "reading",
            Work::Sending => "sending",
            Work::Receiving => "receiving",
            Work::Restoring => "restoring",
            Work::Deleting => "deleting",
        })
    }
}

/// Who listens to [`Notice`]s. The call must return soon: work waits for it.
pub trait NoticeSink: fmt::Debug + Send + Sync {
    /// Takes one notice.
    fn notice(&self, notice: &Notice);
}

/// Nobody listens.
impl NoticeSink for () {
    fn notice(&self, _: &Notice) {}
}
