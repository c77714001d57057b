use syft_core::Email;

/// What goes wrong in this crate, by what a caller would do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The disk, the lock, a name or a damaged file of this node.
    #[error(transparent)]
    Core(#[from] syft_core::Error),
    /// The store.
    #[error(transparent)]
    Transport(syft_transport::Error),
    /// A dataset.
    #[error(transparent)]
    Dataset(#[from] syft_dataset::Error),
    /// Keys, or something that is sealed.
    #[error(transparent)]
    Crypto(#[from] syft_crypto::Error),
    /// What a peer says is not signed by the key by which it is known.
    #[error("{peer}: {reason}")]
    KeyChanged {
        /// Who.
        peer: Email,
        /// What it shows instead, and what that can mean.
        reason: String,
    },
    /// Words that are not those of a peer's key.
    #[error("these are not the words of the key that {peer} shows: it shows \"{shown}\"")]
    OtherWords {
        /// Who.
        peer: Email,
        /// The words of its key.
        shown: String,
    },
    /// Others than the owner of this home can read its keys: nothing is done with them.
    #[error("others may read {path}, which holds the keys of this home")]
    KeysExposed {
        /// The file or folder, on this machine.
        path: String,
    },
    /// Others than the owner of this home can read its login at Google: nothing is done
    /// with it.
    #[error("others may read {path}, which holds the login at Google of this home")]
    LoginExposed {
        /// The file, on this machine.
        path: String,
    },
    /// The home is to use Google Drive, and has no login there.
    #[error("this home has no login at Google")]
    NoGoogleLogin,
    /// Whoever has a login to the store can read and write all of it, and this home seals
    /// nothing.
    #[error(
        "whoever has a login to {store} can read it and write there: nothing goes there in the open"
    )]
    MustSeal {
        /// The store.
        store: String,
    },
    /// The home has other keys than the ones that are given.
    #[error("this home has the keys {has}, and these are {given}")]
    OtherKeys {
        /// The fingerprint of its own, in short.
        has: String,
        /// That of the others.
        given: String,
    },
    /// A job.
    #[error(transparent)]
    Job(#[from] syft_job::Error),
    /// This home belongs to nobody yet.
    #[error("nobody is logged in at {home}")]
    NotLoggedIn {
        /// The home.
        home: String,
    },
    /// The home belongs to somebody else.
    #[error("this home belongs to {owner}, not to {asked}")]
    OtherIdentity {
        /// Whose it is.
        owner: Email,
        /// Who was asked for.
        asked: Email,
    },
    /// The call needs a role that this login does not have.
    #[error("only a {needed} can do this, and this home is logged in as {role}")]
    Role {
        /// The role that is needed, in words.
        needed: &'static str,
        /// The role of this home.
        role: crate::Role,
    },
    /// Nobody of that address is connected.
    #[error("{0} is no peer of this datasite")]
    UnknownPeer(Email),
    /// A peer is in another state than the call needs.
    #[error("{peer} {problem}")]
    PeerState {
        /// Who.
        peer: Email,
        /// What the state is, in words.
        problem: String,
    },
    /// The peer speaks no protocol version that this node speaks.
    #[error("{peer} speaks another version of the protocol: {detail}")]
    Incompatible {
        /// Who.
        peer: Email,
        /// What was advertised.
        detail: String,
    },
    /// A permission file that cannot be edited: it is bad, or a rule stands in
    /// the way. It was left as it is.
    #[error("{file}: {reason}")]
    Permissions {
        /// The file, relative to the datasite.
        file: String,
        /// What is wrong, and in which line.
        reason: String,
    },
    /// A path in the mock of a dataset, which is shared as a whole by its name.
    #[error("this is the mock of the dataset {0}, which is shared by its name")]
    SharedAsDataset(String),
    /// Something that was asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// The call was refused, with the reason.
    #[error("{0}")]
    Refused(String),
    /// The backup in the store is of a datasite that was laid out like this.
    #[error("the backup of this datasite has the layout {0}")]
    OtherLayout(syft_core::LayoutKind),
    /// Something in the store is not what was put there.
    #[error("{0}")]
    Integrity(String),
    /// A setting that cannot be.
    #[error("{0}")]
    Config(String),
}

impl Error {
    pub(crate) fn bad_permissions(file: &str, reason: impl ToString) -> Self {
        Error::Permissions { file: file.to_owned(), reason: reason.to_string() }
    }

    /// Whether what lies in the store is not what was put there: no later try helps.
    pub(crate) fn is_of_content(&self) -> bool {
        matches!(self, Error::Integrity(_) | Error::Core(syft_core::Error::Rejected(_)))
    }

    /// Whether nothing can go on: the home is held, the disk is full, or this
    /// node's own records are damaged. Any other error is of one peer, file or
    /// message, and stops nothing else.
    pub(crate) fn ends_the_pass(&self) -> bool {
        let core = match self {
            Error::Core(core)
            | Error::Dataset(syft_dataset::Error::Core(core))
            | Error::Job(syft_job::Error::Core(core)) => core,
            _ => return false,
        };
        matches!(core, syft_core::Error::Locked { .. } | syft_core::Error::Corrupt { .. })
            || core.is_disk_full()
    }
}

/// A store that fails because this node could not record what went is no fault
/// of the store.
impl From<syft_transport::Error> for Error {
    fn from(error: syft_transport::Error) -> Self {
        use syft_transport::Error as E;
        match error {
            E::Permanent { context, source: Some(cause) } => match cause.downcast() {
                Ok(core) => Error::Core(*core),
                Err(cause) => Error::Transport(E::Permanent { context, source: Some(cause) }),
            },
            other => Error::Transport(other),
        }
    }
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
