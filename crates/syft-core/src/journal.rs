use std::sync::Arc;

use crate::lines::{Lines, split};
use crate::{ContentHasher, Disk, Error, HomePath, Metadata, Result};

/// First line of the file; the number changes with the format.
const HEADER: &str = "syft-journal 1";
/// Hex digits of a checksum: 64 bits find accidents; attacks are no matter of
/// this file, which nobody but the owner writes.
const DIGITS: usize = 16;

/// The records of what this node has accepted and planned, in order; what is
/// appended is durable before the call returns (`threats.md` F12).
///
/// One line per record: a checksum over this record and the checksum before it,
/// a blank, the record as text. So a lost or moved line shows as much as a
/// changed one. Hold the home's lock while one is open.
#[derive(Debug)]
pub struct Journal {
    lines: Lines,
    checksum: String,
}

impl Journal {
    /// Opens the journal of a folder, making it if need be, with its records. A
    /// last record that was torn by a crash was never acknowledged: it is
    /// dropped, from the file too.
    ///
    /// # Errors
    /// `Corrupt` for damage anywhere else; `NotRegular`; `Io`.
    pub fn open(disk: Arc<dyn Disk>, folder: HomePath) -> Result<(Self, Vec<Vec<u8>>)> {
        let (lines, content) = Lines::open(disk, folder.join("log")?)?;
        let mut journal = Journal { lines, checksum: String::new() };
        if content.is_empty() {
            journal.rewrite(&[])?;
            return Ok((journal, Vec::new()));
        }
        let (records, is_torn) = journal.check(&content)?;
        if is_torn {
            journal.rewrite(&records)?;
        }
        Ok((journal, records))
    }

    /// Whether the file is the one that this was read from and appended to, as far as
    /// its metadata tell: nobody else has written to it since `then`.
    ///
    /// # Errors
    /// `Io`.
    pub fn is_as(&self, then: &Metadata) -> Result<bool> {
        let now = self.metadata()?;
        Ok(now.as_ref() == Some(then) && then.size == self.lines.length())
    }

    /// What the disk says of the file.
    ///
    /// # Errors
    /// `Io`.
    pub fn metadata(&self) -> Result<Option<Metadata>> {
        self.lines.disk().metadata(self.lines.path())
    }

    /// Appends a record: text without a line break, as compact JSON is.
    ///
    /// # Errors
    /// `Encode` for a line break; `Io`, after which the record is not in the
    /// journal and may be appended again.
    pub fn append(&mut self, record: &[u8]) -> Result<()> {
        let (line, checksum) = encode(record, &self.checksum)?;
        self.lines.append(&line)?;
        self.checksum = checksum;
        Ok(())
    }

    /// Replaces all records at once: after a crash there are either the old
    /// ones or the new ones.
    ///
    /// # Errors
    /// As [`Journal::append`]; nothing has changed then.
    pub fn rewrite(&mut self, records: &[Vec<u8>]) -> Result<()> {
        let mut content = format!("{HEADER}\n").into_bytes();
        let mut checksum = String::new();
        for record in records {
            let (line, next) = encode(record, &checksum)?;
            content.extend_from_slice(&line);
            checksum = next;
        }
        self.lines.replace(&content)?;
        self.checksum = checksum;
        Ok(())
    }

    /// The records in some content, and whether a torn one follows them.
    fn check(&mut self, content: &[u8]) -> Result<(Vec<Vec<u8>>, bool)> {
        let (lines, rest) = split(content);
        let mut lines = lines.into_iter();
        if lines.next() != Some(HEADER.as_bytes()) {
            return Err(self.corrupt("its first line is not of a known format"));
        }
        let mut records = Vec::new();
        while let Some(line) = lines.next() {
            let Some((record, checksum)) = decode(line, &self.checksum) else {
                // Blocks of one write may reach the disk in any order, so a
                // torn last line can have its end and lack its beginning.
                if lines.len() == 0 && rest.is_empty() {
                    return Ok((records, true));
                }
                return Err(self.corrupt(&format!("record {} does not fit", records.len() + 1)));
            };
            self.checksum = checksum;
            records.push(record.to_vec());
        }
        Ok((records, !rest.is_empty()))
    }

    fn corrupt(&self, detail: &str) -> Error {
        Error::Corrupt { what: self.lines.path().to_string(), detail: detail.to_owned() }
    }
}

fn checksum(record: &[u8], previous: &str) -> String {
    let mut hasher = ContentHasher::new();
    hasher.update(previous.as_bytes());
    hasher.update(record);
    hasher.finish().to_string().chars().take(DIGITS).collect()
}

fn encode(record: &[u8], previous: &str) -> Result<(Vec<u8>, String)> {
    if record.contains(&b'\n') {
        let detail = "it holds a line break".to_owned();
        return Err(Error::Encode { what: "a journal record", detail });
    }
    let checksum = checksum(record, previous);
    let mut line = checksum.clone().into_bytes();
    line.push(b' ');
    line.extend_from_slice(record);
    line.push(b'\n');
    Ok((line, checksum))
}

fn decode<'a>(line: &'a [u8], previous: &str) -> Option<(&'a [u8], String)> {
    let (stated, rest) = line.split_at_checked(DIGITS)?;
    let record = rest.strip_prefix(b" ")?;
    let checksum = checksum(record, previous);
    (checksum.as_bytes() == stated).then_some((record, checksum))
}
