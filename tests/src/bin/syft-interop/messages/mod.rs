//! Sends generated messages and backups through the models of the Python peer, and
//! those that the peer generates through ours.

mod container;
mod draw;

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use syft_core::codec::{WireFormat, decode, encode};
use syft_core::{
    Checkpoint, Content, FileChangeEventsMessage, IncrementalCheckpoint,
    ProposedFileChangesMessage, RejectCode, RollingState,
};

use crate::dice::Dice;
use crate::python::{Python, Script};

/// Failures that are shown; all are counted.
const SHOWN: usize = 5;

/// The one difference: the peer's full checkpoint holds text alone. It reads the
/// base64 of a binary file as text and writes it without saying so; that is refused
/// here, since the hash of the file does not fit.
const BINARY_IN_CHECKPOINT: &str = "a binary file in a full checkpoint, refused as it comes back";

/// A value that both sides know.
trait Kind: WireFormat + PartialEq + std::fmt::Debug {
    /// What the script calls it.
    const KIND: &'static str;
    fn draw(dice: &mut Dice) -> syft_core::Result<Self>;
    /// The name that it is stored under.
    fn stored_as(&self) -> String;
    /// The value without the keys that the peer does not know.
    fn without_our_keys(self) -> Self {
        self
    }
    /// Whether the peer has no form for a part of it.
    fn is_foreign(&self) -> bool {
        false
    }
}

impl Kind for ProposedFileChangesMessage {
    const KIND: &'static str = "proposal";
    fn draw(dice: &mut Dice) -> syft_core::Result<Self> {
        draw::proposal(dice)
    }
    fn stored_as(&self) -> String {
        self.name.to_string()
    }
    fn without_our_keys(self) -> Self {
        ProposedFileChangesMessage { position: None, ..self }
    }
}

impl Kind for FileChangeEventsMessage {
    const KIND: &'static str = "events";
    fn draw(dice: &mut Dice) -> syft_core::Result<Self> {
        draw::events_message(dice)
    }
    fn stored_as(&self) -> String {
        self.name.to_string()
    }
    fn without_our_keys(self) -> Self {
        FileChangeEventsMessage { position: None, record: None, ..self }
    }
}

impl Kind for RollingState {
    const KIND: &'static str = "rolling";
    fn draw(dice: &mut Dice) -> syft_core::Result<Self> {
        draw::rolling(dice)
    }
    fn stored_as(&self) -> String {
        self.name().to_string()
    }
}

impl Kind for IncrementalCheckpoint {
    const KIND: &'static str = "incremental";
    fn draw(dice: &mut Dice) -> syft_core::Result<Self> {
        draw::incremental(dice)
    }
    fn stored_as(&self) -> String {
        self.name().to_string()
    }
}

impl Kind for Checkpoint {
    const KIND: &'static str = "checkpoint";
    fn draw(dice: &mut Dice) -> syft_core::Result<Self> {
        draw::checkpoint(dice)
    }
    fn stored_as(&self) -> String {
        self.name().to_string()
    }
    fn is_foreign(&self) -> bool {
        self.files.iter().any(|file| matches!(file.content, Content::Binary(_)))
    }
}

/// What came of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// By kind: how many went from us through Python, and how many from Python through us.
    compared: BTreeMap<&'static str, [usize; 2]>,
    bytes: usize,
    binary_in_checkpoint: usize,
    failures: Vec<String>,
}

/// Compares so many values each way at least, as many of each kind.
///
/// # Errors
/// The script of the peer failed.
pub(crate) fn run(python: &Python, home: &Path, seed: u64, count: usize) -> Result<Report, String> {
    let mut peer = Peer { script: python.start("messages.py", home)?, report: Report::default() };
    let rounds = u64::try_from(count.div_ceil(5)).unwrap_or(u64::MAX);
    for round in 0..rounds {
        peer.compare::<ProposedFileChangesMessage>(seed, round)?;
        peer.compare::<FileChangeEventsMessage>(seed, round)?;
        peer.compare::<RollingState>(seed, round)?;
        peer.compare::<IncrementalCheckpoint>(seed, round)?;
        peer.compare::<Checkpoint>(seed, round)?;
    }
    Ok(peer.report)
}

struct Peer {
    script: Script,
    report: Report,
}

/// What the peer makes of a container of ours.
#[derive(Deserialize)]
#[serde(untagged)]
enum Read {
    Refused {
        refused: String,
    },
    Again {
        data: String,
        /// As its model builds it, and as its parser understands ours.
        names: [String; 2],
    },
}

#[derive(Deserialize)]
struct Written {
    data: String,
    name: String,
}

#[derive(Deserialize)]
struct Same {
    same: bool,
}

impl Peer {
    fn compare<T: Kind>(&mut self, seed: u64, round: u64) -> Result<(), String> {
        for (way, outcome) in
            [self.ours::<T>(seed, round)?, self.theirs::<T>(seed, round)?].into_iter().enumerate()
        {
            if let Some(count) = self.report.compared.entry(T::KIND).or_default().get_mut(way) {
                *count += 1;
            }
            if let Err(what) = outcome {
                self.report.failures.push(format!("{} {round}: {what}", T::KIND));
            }
        }
        Ok(())
    }

    /// A value of ours, read and written by Python, and read by us.
    fn ours<T: Kind>(&mut self, seed: u64, round: u64) -> Result<Result<(), String>, String> {
        let value = T::draw(&mut Dice::of_case(seed, round))
            .map_err(|error| format!("cannot draw a value: {error}"))?;
        let bytes = encode(&value).map_err(|error| format!("cannot encode: {error}"))?;
        self.report.bytes += bytes.len();
        let name = value.stored_as();
        let asked =
            json!({"do": "read", "kind": T::KIND, "name": name, "data": STANDARD.encode(bytes)});
        let (data, names) = match self.script.ask(&asked)? {
            Read::Refused { refused } => return Ok(Err(format!("Python refuses: {refused}"))),
            Read::Again { data, names } => (data, names),
        };
        if names != [name.clone(), name.clone()] {
            return Ok(Err(format!("{name} is {names:?} for Python")));
        }
        if value.is_foreign() {
            self.report.binary_in_checkpoint += 1;
            return Ok(comes_back_refused::<T>(&data));
        }
        Ok(comes_back(value.without_our_keys(), &data))
    }

    /// A value of Python's, read and written by us, and read by Python.
    fn theirs<T: Kind>(&mut self, seed: u64, round: u64) -> Result<Result<(), String>, String> {
        // Python takes a seed of any length, our numbers have 64 bits.
        let asked = json!({"do": "write", "kind": T::KIND, "seed": format!("{seed} {round}")});
        let Written { data, name } = self.script.ask(&asked)?;
        self.report.bytes += data.len() / 4 * 3;
        let ours = match written_again::<T>(&data, &name) {
            Ok(ours) => ours,
            Err(what) => return Ok(Err(what)),
        };
        let asked = json!({"do": "same", "kind": T::KIND, "both": [data, STANDARD.encode(ours)]});
        let Same { same } = self.script.ask(&asked)?;
        Ok(if same { Ok(()) } else { Err("for Python we wrote another value".to_owned()) })
    }
}

fn bytes_of(data: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(data).map_err(|error| format!("no base64: {error}"))
}

/// Python's bytes hold the value that we sent, and the JSON that we write for it.
fn comes_back<T: Kind>(sent: T, data: &str) -> Result<(), String> {
    let bytes = bytes_of(data)?;
    let back: T = decode(&bytes, &T::LIMITS)
        .map_err(|reject| format!("we refuse what Python wrote of ours: {reject}"))?;
    if back != sent {
        return Err(format!("sent {sent:?}, and back came {back:?}"));
    }
    let ours = encode(&sent).map_err(|error| error.to_string())?;
    same_json(&container::payload(&ours)?, &container::payload(&bytes)?)
}

fn comes_back_refused<T: Kind>(data: &str) -> Result<(), String> {
    match decode::<T>(&bytes_of(data)?, &T::LIMITS) {
        Err(reject) if reject.code == RejectCode::HashMismatch => Ok(()),
        Err(reject) => Err(format!("a binary file came back and is refused with {reject}")),
        Ok(_) => Err("a binary file came back as text".to_owned()),
    }
}

/// Reads what Python wrote; the bytes of the same value as we write them.
fn written_again<T: Kind>(data: &str, name: &str) -> Result<Vec<u8>, String> {
    let theirs = bytes_of(data)?;
    let value: T =
        decode(&theirs, &T::LIMITS).map_err(|reject| format!("we refuse Python's: {reject}"))?;
    if value.stored_as() != name {
        return Err(format!("{name} is {} for us", value.stored_as()));
    }
    let ours = encode(&value).map_err(|error| format!("cannot encode Python's: {error}"))?;
    same_json(&container::payload(&ours)?, &container::payload(&theirs)?)?;
    Ok(ours)
}

fn same_json(ours: &[u8], theirs: &[u8]) -> Result<(), String> {
    let Some(at) = ours.iter().zip(theirs).position(|(our, their)| our != their) else {
        let (ours, theirs) = (ours.len(), theirs.len());
        let lengths = || format!("our JSON has {ours} bytes, Python's {theirs}");
        return if ours == theirs { Ok(()) } else { Err(lengths()) };
    };
    let around = |json: &[u8]| {
        let piece = json.get(at.saturating_sub(60)..json.len().min(at + 60)).unwrap_or_default();
        String::from_utf8_lossy(piece).into_owned()
    };
    Err(format!("at byte {at} our JSON is {:?} and Python's {:?}", around(ours), around(theirs)))
}

impl Report {
    /// Prints what was compared; true if nothing differs that is not listed.
    pub(crate) fn print(&self) -> bool {
        let all: usize = self.compared.values().flatten().sum();
        println!("messages: {all} values, {} KiB packed", self.bytes / 1024);
        for (kind, [ours, theirs]) in &self.compared {
            println!("  {kind:<12} {ours} of ours through Python, {theirs} of Python's through us");
        }
        println!("  {:>6} x {BINARY_IN_CHECKPOINT}", self.binary_in_checkpoint);
        for failure in self.failures.iter().take(SHOWN) {
            let short: String = failure.chars().take(2_000).collect();
            println!("  DIFFERS: {short}");
        }
        if !self.failures.is_empty() {
            println!("  {} values differ", self.failures.len());
        }
        self.failures.is_empty()
    }
}
