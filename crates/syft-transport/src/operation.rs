use std::fmt;

/// A call on a transport, for counting and for faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Operation {
    /// [`Transport::open`](crate::Transport::open)
    Open,
    /// [`Transport::put`](crate::Transport::put)
    Put,
    /// [`Transport::get`](crate::Transport::get)
    Get,
    /// [`Transport::list`](crate::Transport::list)
    List,
    /// [`Transport::list_many`](crate::Transport::list_many)
    ListMany,
    /// [`Transport::delete`](crate::Transport::delete)
    Delete,
    /// [`Transport::retire`](crate::Transport::retire)
    Retire,
    /// [`Transport::discover`](crate::Transport::discover)
    Discover,
    /// [`Transport::copy`](crate::Transport::copy)
    Copy,
    /// [`Sharing::grant`](crate::Sharing::grant)
    Grant,
    /// [`Sharing::revoke`](crate::Sharing::revoke)
    Revoke,
    /// [`Sharing::grants`](crate::Sharing::grants)
    Grants,
    /// [`Changes::cursor`](crate::Changes::cursor)
    Cursor,
    /// [`Changes::since`](crate::Changes::since)
    Since,
}

impl Operation {
    /// Whether the call changes the store.
    #[must_use]
    pub fn is_mutating(self) -> bool {
        matches!(
            self,
            Operation::Open
                | Operation::Put
                | Operation::Delete
                | Operation::Retire
                | Operation::Copy
                | Operation::Grant
                | Operation::Revoke
        )
    }

    /// The call as a word, as `put`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Operation::Open => "open",
            Operation::Put => "put",
            Operation::Get => "get",
            Operation::List => "list",
            Operation::ListMany => "list many",
            Operation::Delete => "delete",
            Operation::Retire => "retire",
            Operation::Discover => "discover",
            Operation::Copy => "copy",
            Operation::Grant => "grant",
            Operation::Revoke => "revoke",
            Operation::Grants => "grants",
            Operation::Cursor => "cursor",
            Operation::Since => "since",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
