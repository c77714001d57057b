/// What a reader allows before it gives up (`threats.md` I11 to I13).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Size of the file as stored, in bytes.
    pub packed_bytes: u64,
    /// Size of the JSON in it, in bytes.
    pub unpacked_bytes: u64,
    /// Unpacked by packed size; does not count up to [`free_bytes`](Limits::free_bytes).
    pub ratio: u64,
    /// Up to this unpacked size the ratio is not looked at, in bytes: a small file of
    /// one repeated line compresses better than any bomb needs to.
    pub free_bytes: u64,
    /// Nesting of the JSON.
    pub depth: usize,
    /// Changes, events or files in one message.
    pub changes: usize,
}

impl Limits {
    /// For what a peer proposes: 64 MiB, ratio 200, 2,000 changes.
    pub const PROPOSAL: Limits = Limits {
        packed_bytes: 64 * 1024 * 1024,
        unpacked_bytes: 64 * 1024 * 1024,
        ratio: 200,
        free_bytes: 1024 * 1024,
        depth: 32,
        changes: 2_000,
    };

    /// Content in one proposal as the wire spells it
    /// ([`Content::wire_len`](crate::Content::wire_len)), in bytes: leaves room for
    /// the paths and hashes of 2,000 changes.
    pub const PROPOSAL_CONTENT: u64 = 60 * 1024 * 1024;

    /// For what an owner publishes and backs up: 1 GiB, ratio 200, a million events.
    /// Logs may well be repetitive, so the ratio counts above 16 MiB only. An owner is
    /// a peer, too: a message of a megabyte cannot ask for a GiB.
    pub const EVENTS: Limits = Limits {
        packed_bytes: 1024 * 1024 * 1024,
        unpacked_bytes: 1024 * 1024 * 1024,
        ratio: 200,
        free_bytes: 16 * 1024 * 1024,
        depth: 32,
        changes: 1_000_000,
    };

    /// The largest unpacked size that a file of this packed size may have.
    pub(crate) fn unpacked_for(&self, packed: u64) -> u64 {
        let by_ratio = packed.saturating_mul(self.ratio).max(self.free_bytes);
        by_ratio.min(self.unpacked_bytes)
    }
}

/// [`Limits::PROPOSAL`], the tighter ones.
impl Default for Limits {
    fn default() -> Self {
        Limits::PROPOSAL
    }
}
