use serde::Serialize;

/// One thing that was asked of a job, and the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was asked, in a word or two.
    pub what: &'static str,
    /// Whether it is as it has to be.
    pub ok: bool,
    /// A sentence; safe to show.
    pub detail: String,
}

impl Check {
    pub(super) fn ok(what: &'static str, detail: impl Into<String>) -> Check {
        Check { what, ok: true, detail: detail.into() }
    }

    pub(super) fn no(what: &'static str, detail: impl Into<String>) -> Check {
        Check { what, ok: false, detail: detail.into() }
    }

    pub(super) fn of(what: &'static str, ok: bool, yes: String, no: String) -> Check {
        Check { what, ok, detail: if ok { yes } else { no } }
    }
}
