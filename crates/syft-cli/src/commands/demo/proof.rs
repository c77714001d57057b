//! The three proofs. Each can fail: it looks at bytes, not at what was intended.

use serde::Serialize;

use super::hostile::Attack;
use super::ledger::compare;
use super::stage::{EXPECTED, PATIENTS, People, Stage};
use super::store::{Found, Opened, read_all};
use super::story::Answer;
use crate::commands::job::safe_lines;
use crate::errors::CliError;

/// How many attempts the hostile job makes.
const ATTEMPTS: usize = 4;

/// What the jobs wrote and printed, and nobody released.
const HELD_BACK: [&str; 2] = ["attempt home: ", "summarised 569 patients"];

/// Something that is promised, and what was seen of it.
#[derive(Debug, Serialize)]
pub(super) struct Proof {
    pub(super) claim: &'static str,
    pub(super) verdict: Verdict,
    /// What was seen, line by line.
    pub(super) lines: Vec<String>,
}

/// Whether a promise is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Holds,
    Broken,
    CannotBeShown,
}

impl Proof {
    fn new(claim: &'static str, holds: bool, lines: Vec<String>) -> Self {
        let verdict = if holds { Verdict::Holds } else { Verdict::Broken };
        Proof { claim, verdict, lines }
    }
}

/// What the scientist holds is the true answer.
pub(super) fn answer(answer: &Answer) -> Proof {
    let got = String::from_utf8_lossy(&answer.bytes);
    let mut lines = vec![format!("{:<34}{}", "bob's file", "the true answer")];
    let (mut left, mut right) = (safe_lines(&got), safe_lines(EXPECTED));
    loop {
        match (left.next(), right.next()) {
            (None, None) => break,
            (left, right) => {
                lines.push(format!("{:<34}{}", left.unwrap_or_default(), right.unwrap_or_default()))
            }
        }
    }
    lines.push(format!("{}", answer.path.display()));
    let holds = answer.bytes == EXPECTED.as_bytes();
    Proof::new("the answer is the true one, byte for byte", holds, lines)
}

/// The hostile job got nothing, and nothing private lies where it should not.
pub(super) fn stopped(
    stage: &Stage,
    people: &People,
    attack: Option<&Attack>,
) -> Result<Proof, CliError> {
    let claim = "a hostile job was stopped by the kernel";
    let Some(attack) = attack else {
        let lines = vec!["no box can be made here, so there is nothing to stop it".to_owned()];
        return Ok(Proof { claim, verdict: Verdict::CannotBeShown, lines });
    };
    let attempts = &attack.attempts;
    let mut lines: Vec<String> =
        attempts.iter().map(|tried| format!("{:<20}{}", tried.what, tried.outcome)).collect();
    lines.push(format!("{:<20}{} connections arrived", "listener", attack.connections));
    let mut outside = read_all(&stage.shared(), &people.keys())?;
    outside.extend(read_all(people.bob.syftbox_folder(), &[])?);
    let search = Search::of(&outside);
    let canaries = &stage.canaries;
    let canary = search.files_with([&*canaries.dataset, &canaries.home, &canaries.network]);
    let rows = search.files_with(PATIENTS.lines().skip(1));
    let loot = attack.loot.iter().filter(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        [&canaries.dataset, &canaries.home, &canaries.network].iter().any(|it| text.contains(*it))
    });
    let loot = loot.count();
    let held = search.files_with(HELD_BACK);
    let control = search.files_with(EXPECTED.lines().last());
    lines.push(format!(
        "{} files in the shared folder and at bob's, all opened: canaries in {canary}, private \
         rows in {rows}, unreleased outputs and logs in {held}",
        outside.len()
    ));
    lines.push(format!("the same search finds the released answer in {control} of them"));
    lines.push(format!("what the job wrote for its owner: canaries in {loot}"));
    let missing = &attack.missing_targets;
    lines.extend(missing.iter().map(|target| format!("not there to be taken: {target}")));
    for path in &search.closed {
        lines.push(format!("could not be opened: {path}"));
    }
    let denied = attempts.len() == ATTEMPTS && attempts.iter().all(|it| it.is_denied(stage.level));
    let clean = canary + rows + held + loot == 0
        && missing.is_empty()
        && control > 0
        && search.closed.is_empty();
    Ok(Proof::new(claim, denied && clean && attack.connections == 0, lines))
}

/// All of the owner's that lies in the store is in the owner's audit log.
pub(super) fn ledger(stage: &Stage, people: &People) -> Result<Proof, CliError> {
    let ledger = compare(&people.alice, &stage.shared(), &people.keys())?;
    let audit = people.alice.verify_audit()?;
    let width = ledger.entries.iter().map(|entry| entry.what.len()).max().unwrap_or(0);
    let mut lines = vec![format!("{:<width$} {:>7}  sha256", "what left alice", "bytes")];
    for entry in &ledger.entries {
        let hash = entry.hash.map_or_else(|| "deleted".to_owned(), |hash| hash.short());
        lines.push(format!("{:<width$} {:>7}  {hash}", entry.what, entry.size));
    }
    lines.push(format!(
        "in the shared folder, and in no line of the ledger: {}; the other way round: {}",
        ledger.strangers.len(),
        ledger.missing.len()
    ));
    lines.extend(ledger.strangers.iter().map(|path| format!("not in the ledger: {path}")));
    lines.extend(ledger.missing.iter().map(|path| format!("not in the store: {path}")));
    let all = read_all(&stage.shared(), &people.keys())?;
    let sealed = all.iter().filter(|found| !found.sealed_for.is_empty()).count();
    lines.push(format!(
        "whoever keeps the folder can read {} of its {} files, greetings with public keys; the \
         others are sealed",
        all.len() - sealed,
        all.len()
    ));
    lines.push(format!("audit log: {} entries, head {}", audit.entries, audit.head.short()));
    let complete = ledger.strangers.is_empty() && ledger.missing.is_empty();
    let holds = complete && !ledger.entries.is_empty() && audit.problem.is_none();
    Ok(Proof::new("the ledger names everything that left the owner", holds, lines))
}

/// A search through files that have been opened.
struct Search<'a> {
    files: &'a [Found],
    /// Files that nobody could look into.
    closed: Vec<String>,
}

impl<'a> Search<'a> {
    fn of(files: &'a [Found]) -> Self {
        let closed = files.iter().filter(|found| matches!(found.opened, Opened::Closed));
        Search { files, closed: closed.map(|found| found.path.display().to_string()).collect() }
    }

    /// In how many files one of the texts is.
    fn files_with<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> usize {
        let texts: Vec<&str> = texts.into_iter().collect();
        self.files.iter().filter(|found| texts.iter().any(|text| found.holds(text))).count()
    }
}
