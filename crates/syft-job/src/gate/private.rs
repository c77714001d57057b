//! What a run could read, as tables.

use std::io::Read;

use syft_core::{DatasetName, DatasitePath, FileKind, HomePath};
use syft_disclosure::{Private, ReadLimits, Table};

use crate::{JobStore, Result};

/// Of all datasets of a run together, so many bytes and files are read.
const MOST_BYTES: u64 = 512 * 1024 * 1024;
const MOST_FILES: usize = 2_000;
/// And so many cells, each of which takes some hundred bytes.
const MOST_CELLS: usize = 12_000_000;

/// Folders in folders that are looked into.
const MOST_FOLDERS_DEEP: usize = 24;

/// Types of which the first part is a smaller file of the same type.
const OF_LINES: [&str; 6] = ["csv", "tsv", "jsonl", "ndjson", "txt", "log"];

impl JobStore {
    /// The private data of these datasets of mine, and what is public of it. What is not
    /// read is told by `whole`.
    pub(super) fn private_of(
        &self,
        names: &[DatasetName],
        limits: &ReadLimits,
    ) -> Result<Vec<Private>> {
        let mut budget = Budget { bytes: MOST_BYTES, files: MOST_FILES, cells: MOST_CELLS, limits };
        let mut private = Vec::new();
        for name in names {
            let folder = self.layouts.real_data(&*self.disk, name)?;
            let entries = self.real_entries(&folder)?;
            let (tables, whole) = self.tables(&folder, &entries, &mut budget)?;
            let mock = self.layouts.mock(&*self.disk, &self.me, name)?;
            let public = self.tables(&mock, &self.mock_entries(&mock)?, &mut budget)?.0;
            let whole = whole && !entries.is_empty();
            private.push(Private { name: name.clone(), tables, public, whole });
        }
        Ok(private)
    }

    /// The tables in these entries of a folder, and whether that is all of it.
    fn tables(
        &self,
        folder: &HomePath,
        entries: &[(String, FileKind)],
        budget: &mut Budget<'_>,
    ) -> Result<(Vec<Table>, bool)> {
        let (mut tables, mut whole) = (Vec::new(), true);
        let mut pending: Vec<(String, FileKind, usize)> =
            entries.iter().rev().map(|(name, kind)| (name.clone(), *kind, 0)).collect();
        while let Some((path, kind, depth)) = pending.pop() {
            let here = folder.join(&path)?;
            match kind {
                FileKind::Folder if depth < MOST_FOLDERS_DEEP => {
                    let Ok(entries) = self.disk.list(&here) else {
                        whole = false;
                        continue;
                    };
                    for entry in entries {
                        match entry.name {
                            Ok(name) => {
                                let below = format!("{path}/{name}");
                                pending.push((below, entry.metadata.kind, depth + 1));
                            }
                            Err(_) => whole = false,
                        }
                    }
                }
                FileKind::File => whole &= self.read_tables(&path, &here, budget, &mut tables)?,
                FileKind::Folder => whole = false,
                // No job reads what a link leads to.
                _ => {}
            }
        }
        Ok((tables, whole))
    }

    /// Adds the tables in a file; returns whether they are all that is in it.
    fn read_tables(
        &self,
        path: &str,
        here: &HomePath,
        budget: &mut Budget<'_>,
        tables: &mut Vec<Table>,
    ) -> Result<bool> {
        let Ok(name) = DatasitePath::parse(path) else { return Ok(false) };
        if budget.files == 0 || budget.bytes == 0 || budget.cells == 0 {
            return Ok(false);
        }
        budget.files -= 1;
        let most = budget.bytes.min(budget.limits.bytes as u64);
        let mut bytes = Vec::new();
        // One that its owner's node may not read is no reason to look at nothing.
        let Ok(body) = self.disk.open(here) else { return Ok(false) };
        if body.take(most.saturating_add(1)).read_to_end(&mut bytes).is_err() {
            return Ok(false);
        }
        let is_whole = bytes.len() as u64 <= most;
        budget.bytes = budget.bytes.saturating_sub(bytes.len() as u64);
        if !is_whole && !cut_to_lines(path, most, &mut bytes) {
            return Ok(false);
        }
        // The reason is about the file, and what is not compared is told of the dataset.
        let limits =
            ReadLimits { cells: budget.cells.min(budget.limits.cells), ..budget.limits.clone() };
        let Ok(read) = Table::read(&name, &bytes, &limits) else { return Ok(false) };
        let cells: usize = read.iter().map(|table| table.len() * table.columns().len()).sum();
        budget.cells = budget.cells.saturating_sub(cells);
        tables.extend(read);
        Ok(is_whole)
    }
}

/// What may still be read.
struct Budget<'a> {
    bytes: u64,
    files: usize,
    cells: usize,
    limits: &'a ReadLimits,
}

/// Cuts a file that is too large after a line; returns whether what is left can be read.
fn cut_to_lines(path: &str, most: u64, bytes: &mut Vec<u8>) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let is_of_lines = ending.is_some_and(|ending| OF_LINES.contains(&ending.as_str()));
    bytes.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { return false };
    bytes.truncate(end + 1);
    is_of_lines
}
