use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::lines::{Lines, split};
use crate::{Access, ContentHash, Disk, Error, HomePath, Result, Timestamp};

/// Largest side file that is read, in bytes.
const MAX_HEAD_BYTES: u64 = 1_024;

/// What is to be recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEntry {
    /// The same key is recorded once, however often it is appended.
    pub key: Option<String>,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it: an address, or `system`.
    pub actor: String,
    /// What was done, as `job.approved`, `message.quarantined`, `object.sent`.
    pub action: String,
    /// To what: a job, a peer, an object.
    pub subject: String,
    /// What else there is to say.
    pub details: BTreeMap<String, Value>,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditEntry {
    /// Counts from 1, without gaps.
    pub seq: u64,
    /// The hash of the line before; of no bytes for the first.
    pub prev: ContentHash,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// What else there is to say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, Value>,
    /// Under which key it was recorded once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What [`AuditLog::verify`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// Number of entries that hang together, from the first.
    pub entries: u64,
    /// The hash of the last of them: two people who note it have the same log.
    pub head: ContentHash,
    /// What does not fit, if anything does not.
    pub problem: Option<AuditProblem>,
}

impl AuditEntry {
    /// The entries of a log's lines, as far as they hang together.
    #[must_use]
    pub fn all(lines: &[u8]) -> Vec<Self> {
        Chain::read(lines).entries
    }
}

impl AuditReport {
    /// What the lines of a log say by themselves, wherever they are. Lines that are missing
    /// at the end show by a head that was noted elsewhere.
    #[must_use]
    pub fn of(lines: &[u8]) -> Self {
        let chain = Chain::read(lines);
        let head = chain.heads.last().copied().unwrap_or_else(Head::start);
        let torn = (chain.torn > 0).then(|| AuditProblem {
            line: head.seq + 1,
            detail: "it is not whole: no line break ends it".to_owned(),
        });
        AuditReport { entries: head.seq, head: head.hash, problem: chain.problem.or(torn) }
    }
}

/// Where a log stops to hang together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditProblem {
    /// The line, counted from 1.
    pub line: u64,
    /// What does not fit, in words.
    pub detail: String,
}

/// The record of every decision and of everything that left: lines of JSON in
/// `log.jsonl`, each with the hash of the one before, and the last hash in the
/// file `head`. A changed, removed, inserted, reordered or cut-off line shows.
/// Whoever can write both files can still forge the whole of it; a head that
/// was noted elsewhere shows that too.
///
/// Hold the home's lock while one is open.
#[derive(Debug)]
pub struct AuditLog {
    lines: Lines,
    head_path: HomePath,
    head: Head,
    /// `head` is not in its file yet.
    head_is_pending: bool,
    keys: HashSet<String>,
    problem: Option<AuditProblem>,
}

/// How far the log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    seq: u64,
    hash: ContentHash,
}

impl AuditLog {
    /// Opens the log of a folder. A line that a crash has torn is dropped, and a
    /// head that a crash has left one line behind is brought up to date. A log
    /// that was tampered with opens, so that it can be looked at, but takes no
    /// new entries.
    ///
    /// # Errors
    /// `NotRegular`; `Io`.
    pub fn open(disk: Arc<dyn Disk>, folder: HomePath) -> Result<Self> {
        let head_path = folder.join("head")?;
        let (mut lines, content) = Lines::open(disk, folder.join("log.jsonl")?)?;
        let Chain { entries, mut heads, mut problem, torn } = Chain::read(&content);
        let head = heads.pop().unwrap_or_else(Head::start);
        let stated = read_head(lines.disk(), &head_path)?;
        // The head is written after its line: it is the last line's or the one
        // before's, and whoever cut the log off has left it further on.
        let lags = stated.unwrap_or_else(Head::start) != head;
        if problem.is_none() && lags && heads.pop() != Some(stated.unwrap_or_else(Head::start)) {
            problem = Some(head_mismatch(head, stated));
        }
        if problem.is_none() {
            if torn > 0 {
                let good = content.len().saturating_sub(torn);
                lines.replace(content.get(..good).unwrap_or_default())?;
            }
            if lags {
                write_head(lines.disk(), &head_path, head)?;
            }
        }
        let keys = entries.into_iter().filter_map(|entry| entry.key).collect();
        Ok(AuditLog { lines, head_path, head, head_is_pending: false, keys, problem })
    }

    /// Records an entry, unless its key was recorded before; durable on return.
    ///
    /// # Errors
    /// `Corrupt` if the log was found tampered with: moving its folder away
    /// starts a new one. `Encode`; `Io`.
    pub fn append(&mut self, entry: NewEntry) -> Result<()> {
        if let Some(problem) = &self.problem {
            let what = self.lines.path().to_string();
            let detail = format!("line {}: {}", problem.line, problem.detail);
            return Err(Error::Corrupt { what, detail });
        }
        self.settle_head()?;
        if entry.key.as_ref().is_some_and(|key| self.keys.contains(key)) {
            return Ok(());
        }
        let NewEntry { key, at, actor, action, subject, details } = entry;
        let (seq, prev) = (self.head.seq + 1, self.head.hash);
        let entry = AuditEntry { seq, prev, at, actor, action, subject, details, key };
        let mut line = serde_json::to_vec(&entry)
            .map_err(|error| Error::Encode { what: "an audit entry", detail: error.to_string() })?;
        let hash = ContentHash::of(&line);
        line.push(b'\n');
        self.lines.append(&line)?;
        self.keys.extend(entry.key);
        self.head = Head { seq, hash };
        self.head_is_pending = true;
        self.settle_head()
    }

    /// All entries from the disk, as far as they hang together.
    ///
    /// # Errors
    /// `Io`.
    pub fn entries(&self) -> Result<Vec<AuditEntry>> {
        Ok(AuditEntry::all(&self.lines.read()?))
    }

    /// The log on the disk, byte for byte: each line holds the hash of the one before, so
    /// that whoever has all of them can check them with [`AuditReport::of`].
    ///
    /// # Errors
    /// `Io`.
    pub fn raw(&self) -> Result<Vec<u8>> {
        self.lines.read()
    }

    /// Checks the whole log on the disk.
    ///
    /// # Errors
    /// `Io`.
    pub fn verify(&self) -> Result<AuditReport> {
        let chain = Chain::read(&self.lines.read()?);
        let head = chain.heads.last().copied().unwrap_or_else(Head::start);
        let problem = chain.problem.or_else(|| self.problem.clone());
        let problem = match problem {
            Some(problem) => Some(problem),
            None if chain.torn > 0 || head != self.head => {
                Some(head_mismatch(head, Some(self.head)))
            }
            None if self.head_is_pending => None,
            None => {
                let stated = read_head(self.lines.disk(), &self.head_path)?;
                (stated.unwrap_or_else(Head::start) != head).then(|| head_mismatch(head, stated))
            }
        };
        Ok(AuditReport { entries: head.seq, head: head.hash, problem })
    }

    fn settle_head(&mut self) -> Result<()> {
        if self.head_is_pending {
            write_head(self.lines.disk(), &self.head_path, self.head)?;
            self.head_is_pending = false;
        }
        Ok(())
    }
}

impl Head {
    /// Before the first line.
    fn start() -> Self {
        Head { seq: 0, hash: ContentHash::of(b"") }
    }
}

/// What a log holds as far as it hangs together.
struct Chain {
    entries: Vec<AuditEntry>,
    /// The head before the first line and after each line.
    heads: Vec<Head>,
    problem: Option<AuditProblem>,
    /// Bytes behind the last line break.
    torn: usize,
}

impl Chain {
    fn read(content: &[u8]) -> Self {
        let (lines, torn) = split(content);
        let mut head = Head::start();
        let mut chain =
            Chain { entries: Vec::new(), heads: vec![head], problem: None, torn: torn.len() };
        for line in lines {
            let seq = head.seq + 1;
            match check(line, seq, head.hash) {
                Ok(entry) => chain.entries.push(entry),
                Err(detail) => {
                    chain.problem = Some(AuditProblem { line: seq, detail });
                    break;
                }
            }
            head = Head { seq, hash: ContentHash::of(line) };
            chain.heads.push(head);
        }
        chain
    }
}

fn check(line: &[u8], seq: u64, prev: ContentHash) -> std::result::Result<AuditEntry, String> {
    let entry: AuditEntry =
        serde_json::from_slice(line).map_err(|error| format!("it is no entry: {error}"))?;
    if entry.seq != seq {
        return Err(format!("it has the number {} instead of {seq}", entry.seq));
    }
    if entry.prev != prev {
        return Err("it does not continue the line before: one of them was changed".to_owned());
    }
    Ok(entry)
}

fn head_mismatch(found: Head, stated: Option<Head>) -> AuditProblem {
    let stated = stated.unwrap_or_else(Head::start);
    let detail = if stated.seq > found.seq {
        format!("the log ends here, but {} lines were written", stated.seq)
    } else {
        format!("the file `head` knows {} lines and not this last one", stated.seq)
    };
    AuditProblem { line: found.seq, detail }
}

fn read_head(disk: &dyn Disk, path: &HomePath) -> Result<Option<Head>> {
    let Some(bytes) = disk.read_if_there(path, MAX_HEAD_BYTES)? else {
        return Ok(None);
    };
    // What cannot be read fits no line, and shows as a mismatch.
    let unreadable = Head { seq: 0, hash: ContentHash::of(&bytes) };
    let text = String::from_utf8_lossy(&bytes);
    let head = text.trim_end().split_once(' ').and_then(|(seq, hash)| {
        Some(Head { seq: seq.parse().ok()?, hash: ContentHash::parse(hash).ok()? })
    });
    Ok(Some(head.unwrap_or(unreadable)))
}

fn write_head(disk: &dyn Disk, path: &HomePath, head: Head) -> Result<()> {
    disk.write(path, format!("{} {}\n", head.seq, head.hash).as_bytes(), Access::OwnerOnly)
}
