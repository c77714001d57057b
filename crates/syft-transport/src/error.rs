use std::fmt;
use std::time::Duration;

/// What lies below an error, where a store or the system said something.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What was being done, on what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The operation, as "put".
    pub action: &'static str,
    /// The space, or the object as `space/name`, or the store.
    pub subject: String,
    /// What else is known; may be empty.
    pub detail: String,
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {} {}", self.action, self.subject)?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// What goes wrong with a store, by what a caller would do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The space or the object is not there.
    #[error("{context} (it does not exist)")]
    NotFound {
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
    /// The store, or the rules of the space, do not let this participant do it.
    #[error("{context} (permission denied)")]
    Denied {
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
    /// An object of that name with other bytes is there.
    #[error("{context} (it already exists with other content)")]
    AlreadyExists {
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
    /// What is there is not the version that the caller named, or a cursor is
    /// too old.
    #[error("{context} (it has changed in the meantime)")]
    Precondition {
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
    /// Too many calls; nothing was done.
    #[error("{context} (the store asks to slow down)")]
    Throttled {
        /// How long the store wants to be left alone, if it says so.
        after: Option<Duration>,
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
    /// The store is full.
    #[error("{context} (the store is full)")]
    Quota {
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
    /// This store cannot do or promise this.
    #[error("{context} (this store cannot do that)")]
    Unsupported {
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
    /// An object is larger than the caller allows, or than the store takes.
    #[error("{context} (it is larger than {limit} bytes)")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
        /// What was being done.
        context: Context,
    },
    /// The store cannot be reached now, or an answer was lost: the same call may
    /// work later. Whether it took effect is unknown.
    #[error("{context} (try again later)")]
    Temporary {
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
    /// It will not work however often it is tried.
    #[error("{context}")]
    Permanent {
        /// What was being done.
        context: Context,
        /// What the store said.
        source: Option<Cause>,
    },
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $function:ident => $variant:ident),* $(,)?) => {
        impl Error {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $function(
                    action: &'static str,
                    subject: impl fmt::Display,
                    detail: impl Into<String>,
                ) -> Self {
                    let context = Context { action, subject: subject.to_string(), detail: detail.into() };
                    Error::$variant { context, source: None }
                }
            )*
        }
    };
}

constructors! {
    /// A [`Error::NotFound`] with its context.
    not_found => NotFound,
    /// A [`Error::Denied`] with its context.
    denied => Denied,
    /// A [`Error::AlreadyExists`] with its context.
    already_exists => AlreadyExists,
    /// A [`Error::Precondition`] with its context.
    precondition => Precondition,
    /// A [`Error::Quota`] with its context.
    quota => Quota,
    /// A [`Error::Unsupported`] with its context.
    unsupported => Unsupported,
    /// A [`Error::Temporary`] with its context.
    temporary => Temporary,
    /// A [`Error::Permanent`] with its context.
    permanent => Permanent,
}

impl Error {
    /// A [`Error::Throttled`] with its context.
    #[must_use]
    pub fn throttled(
        action: &'static str,
        subject: impl fmt::Display,
        after: Option<Duration>,
    ) -> Self {
        let context = Context { action, subject: subject.to_string(), detail: String::new() };
        Error::Throttled { after, context, source: None }
    }

    /// A [`Error::TooLarge`] with its context; the limit is in bytes.
    #[must_use]
    pub fn too_large(action: &'static str, subject: impl fmt::Display, limit: u64) -> Self {
        let context = Context { action, subject: subject.to_string(), detail: String::new() };
        Error::TooLarge { limit, context }
    }

    /// Whether the same call may work a little later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::Throttled { .. } | Error::Temporary { .. })
    }

    /// What was being done when it went wrong.
    #[must_use]
    pub fn context(&self) -> &Context {
        match self {
            Error::NotFound { context, .. }
            | Error::Denied { context, .. }
            | Error::AlreadyExists { context, .. }
            | Error::Precondition { context, .. }
            | Error::Throttled { context, .. }
            | Error::Quota { context, .. }
            | Error::Unsupported { context, .. }
            | Error::TooLarge { context, .. }
            | Error::Temporary { context, .. }
            | Error::Permanent { context, .. } => context,
        }
    }

    /// The same error for somebody else who waited for the same call, without what lay
    /// below it.
    pub(crate) fn repeat(&self) -> Self {
        let (context, source) = (self.context().clone(), None);
        match self {
            Error::NotFound { .. } => Error::NotFound { context, source },
            Error::Denied { .. } => Error::Denied { context, source },
            Error::AlreadyExists { .. } => Error::AlreadyExists { context, source },
            Error::Precondition { .. } => Error::Precondition { context, source },
            Error::Throttled { after, .. } => Error::Throttled { after: *after, context, source },
            Error::Quota { .. } => Error::Quota { context, source },
            Error::Unsupported { .. } => Error::Unsupported { context, source },
            Error::TooLarge { limit, .. } => Error::TooLarge { limit: *limit, context },
            Error::Temporary { .. } => Error::Temporary { context, source },
            Error::Permanent { .. } => Error::Permanent { context, source },
        }
    }

    /// This error with what the system or the store's client said below it.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> Self {
        match &mut self {
            Error::NotFound { source, .. }
            | Error::Denied { source, .. }
            | Error::AlreadyExists { source, .. }
            | Error::Precondition { source, .. }
            | Error::Throttled { source, .. }
            | Error::Quota { source, .. }
            | Error::Unsupported { source, .. }
            | Error::Temporary { source, .. }
            | Error::Permanent { source, .. } => *source = Some(cause.into()),
            Error::TooLarge { .. } => {}
        }
        self
    }
}

/// The result of this crate's calls.
pub type Result<T, E = Error> = std::result::Result<T, E>;
