//! Envelopes, bundles and key files of either side, read by the other; and damaged
//! ones, which both must refuse.

use std::io::Read;
use std::path::Path;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use syft_core::{Email, Entropy};
use syft_crypto::{Bundle, KeyFile, Keys, Limits, Party, RecoveryKey, Sealer};

use crate::dice::Dice;
use crate::python::{Python, Script};

/// Failures that are shown; all are counted.
const SHOWN: usize = 5;

const ADDRESSES: [&str; 3] = ["alice@hospital.org", "bob+data@uni.edu", "c@a-b.example"];

/// Sizes at and around those at which the form of an envelope changes.
const SIZES: &[usize] = &[0, 1, 15, 16, 17, 4_095, 65_537, 1 << 20, (1 << 20) + 1];

/// What came of a comparison.
#[derive(Debug, Default)]
pub(crate) struct Report {
    ours: usize,
    theirs: usize,
    damaged: usize,
    people: usize,
    failures: Vec<String>,
}

/// Compares so many envelopes each way.
///
/// # Errors
/// The script of the peer failed.
pub(crate) fn run(python: &Python, home: &Path, seed: u64, count: usize) -> Result<Report, String> {
    let mut peer = Peer { script: python.start("envelopes.py", home)?, report: Report::default() };
    for case in 0..u64::try_from(count).unwrap_or(u64::MAX) {
        let outcome = peer.compare(&mut Dice::of_case(seed, case))?;
        if let Err(what) = outcome {
            peer.report.failures.push(format!("{case}: {what}"));
        }
    }
    Ok(peer.report)
}

struct Peer {
    script: Script,
    report: Report,
}

/// Somebody, as both sides know them.
struct Person {
    digits: String,
    keys: Keys,
    bundle: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Refused { refused: String },
    Done(T),
}

#[derive(Deserialize)]
struct Known {
    words: String,
    secret: Value,
    bundle: Value,
    fingerprint: String,
}

#[derive(Deserialize)]
struct Bytes {
    bytes: String,
}

#[derive(Deserialize)]
struct Written {
    file: String,
}

#[derive(Debug)]
struct Drawn(Mutex<Dice>);

impl Entropy for Drawn {
    fn fill(&self, buffer: &mut [u8]) -> syft_core::Result<()> {
        let mut dice = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        buffer.fill_with(|| dice.number().to_le_bytes()[0]);
        Ok(())
    }
}

type Outcome = Result<Result<(), String>, String>;

impl Peer {
    /// The error of the outer result ends all, that of the inner one is a difference.
    fn compare(&mut self, dice: &mut Dice) -> Outcome {
        let mut people = Vec::new();
        for address in ADDRESSES {
            match self.person(dice, address)? {
                Ok(person) => people.push(person),
                Err(what) => return Ok(Err(what)),
            }
        }
        let size = dice.one_of(SIZES).copied().unwrap_or(0);
        let plain: Vec<u8> = (0..size).map(|_| dice.number().to_le_bytes()[0]).collect();
        let to = dice.between(1, people.len());
        let Some((sender, recipients)) = people.first().zip(people.get(..to)) else {
            return Ok(Ok(()));
        };
        let ours = match seal(sender, recipients, &plain, dice) {
            Ok(ours) => ours,
            Err(what) => return Ok(Err(what)),
        };
        let theirs = match self.sealed(sender, recipients, &plain, dice)? {
            Ok(theirs) => theirs,
            Err(what) => return Ok(Err(what)),
        };
        for person in recipients {
            if self.opens(&ours, sender, person)? != Ok(plain.clone()) {
                return Ok(Err(format!("Python does not open what we seal, {size} bytes")));
            }
            if open(&theirs, sender, person) != Ok(plain.clone()) {
                return Ok(Err(format!("we do not open what Python seals, {size} bytes")));
            }
        }
        self.report.ours += 1;
        self.report.theirs += 1;
        for mut envelope in [ours, theirs] {
            let how = damage(&mut envelope, dice);
            let ours = open(&envelope, sender, sender);
            let theirs = self.opens(&envelope, sender, sender)?;
            if ours.as_ref().ok() != theirs.as_ref().ok() {
                return Ok(Err(format!("{how}: {:?}, and Python {:?}", ours.err(), theirs.err())));
            }
            self.report.damaged += 1;
        }
        Ok(Ok(()))
    }

    /// Keys that are the same for both sides, and what is written of them.
    fn person(&mut self, dice: &mut Dice, address: &str) -> Result<Result<Person, String>, String> {
        let digits: String = (0..4).map(|_| format!("{:016x}", dice.number())).collect();
        let asked = json!({"do": "person", "recovery": digits, "email": address});
        let known = match self.script.ask(&asked)? {
            Answer::Done(known) => known,
            Answer::Refused { refused } => return Ok(Err(format!("Python refuses: {refused}"))),
        };
        let Known { words, secret, bundle, fingerprint } = known;
        let (person, file) = match person(digits, address, &words, &bundle, &fingerprint) {
            Ok(person) => person,
            Err(what) => return Ok(Err(what)),
        };
        let read: Value = serde_json::from_str(&file).unwrap_or_default();
        if read.get("keys_jwk") != Some(&secret) {
            return Ok(Err("our secret keys are not Python's".to_owned()));
        }
        let again = self.script.ask(&json!({"do": "load", "file": file}))?;
        Ok(match again {
            Answer::Done(Written { file: again }) if again == file => {
                self.report.people += 1;
                Ok(person)
            }
            Answer::Done(_) => Err("Python writes our key file otherwise".to_owned()),
            Answer::Refused { refused } => Err(format!("Python refuses our key file: {refused}")),
        })
    }

    fn sealed(
        &mut self,
        sender: &Person,
        recipients: &[Person],
        plain: &[u8],
        dice: &mut Dice,
    ) -> Result<Result<Vec<u8>, String>, String> {
        let to = |person: &Person| json!({"email": person.keys.email(), "bundle": person.bundle});
        let segment = dice.one_of(&[None, Some(16), Some(4_096), Some(1 << 20)]).copied().flatten();
        // So that no envelope has more pieces than are worth the time.
        let segment = segment.map(|segment: usize| segment.max(plain.len() / 500));
        let asked = json!({
            "do": "seal",
            "recovery": sender.digits,
            "email": sender.keys.email(),
            "to": recipients.iter().map(to).collect::<Vec<_>>(),
            "plain": STANDARD.encode(plain),
            "label": dice.chance(50).then_some("place"),
            "segment": segment,
        });
        self.bytes(&asked)
    }

    fn opens(
        &mut self,
        envelope: &[u8],
        sender: &Person,
        person: &Person,
    ) -> Result<Result<Vec<u8>, String>, String> {
        let asked = json!({
            "do": "open",
            "recovery": person.digits,
            "email": person.keys.email(),
            "from": sender.bundle,
            "sealed": STANDARD.encode(envelope),
        });
        self.bytes(&asked)
    }

    fn bytes(&mut self, asked: &Value) -> Result<Result<Vec<u8>, String>, String> {
        Ok(match self.script.ask(asked)? {
            Answer::Refused { refused } => Err(refused),
            Answer::Done(Bytes { bytes }) => {
                STANDARD.decode(bytes).map_err(|error| format!("no base64: {error}"))
            }
        })
    }
}

/// What we make of a recovery key, which must be what Python makes of it; and the key
/// file.
fn person(
    digits: String,
    address: &str,
    words: &str,
    bundle: &Value,
    fingerprint: &str,
) -> Result<(Person, String), String> {
    let text = |error: syft_crypto::Error| error.to_string();
    let email = Email::parse(address).map_err(|error| error.to_string())?;
    let recovery = RecoveryKey::parse(&digits).map_err(text)?;
    let keys = recovery.keys(&email).map_err(text)?;
    let document = serde_json::to_value(keys.bundle().to_did(&email).map_err(text)?)
        .map_err(|error| error.to_string())?;
    let mut theirs = bundle.clone();
    if let Some(fields) = theirs.as_object_mut() {
        fields.insert("identity".to_owned(), json!(email));
    }
    let is_same = recovery.words().as_str() == words
        && keys.bundle().fingerprint().to_string() == fingerprint
        && document == theirs
        && &Bundle::from_did(bundle).map_err(text)? == keys.bundle();
    if !is_same {
        return Err(format!("of {digits} we make other keys than Python"));
    }
    let peers = [(email, keys.bundle().clone())].into();
    let file = KeyFile { keys: keys.clone(), peers }.to_json().map_err(text)?;
    Ok((Person { digits, keys, bundle: document }, file.to_string()))
}

fn party(person: &Person) -> Party<'_> {
    Party { email: person.keys.email(), bundle: person.keys.bundle() }
}

fn seal(
    sender: &Person,
    recipients: &[Person],
    plain: &[u8],
    dice: &mut Dice,
) -> Result<Vec<u8>, String> {
    let to: Vec<Party<'_>> = recipients.iter().map(party).collect();
    let label = dice.chance(50).then_some("place");
    let entropy = Drawn(Mutex::new(Dice::new(dice.number())));
    let mut sealed = Vec::new();
    let mut reader = plain;
    let plain = (plain.len() as u64, &mut reader as &mut dyn Read);
    let made = sender.keys.seal(&to, label, plain, &mut sealed, &entropy);
    made.map(|_| sealed).map_err(|error| error.to_string())
}

fn open(envelope: &[u8], sender: &Person, person: &Person) -> Result<Vec<u8>, String> {
    let mut plain = Vec::new();
    let mut reader = envelope;
    let opened = person.keys.open(party(sender), &Limits::default(), &mut reader, &mut plain);
    opened.map(|_| plain).map_err(|error| error.to_string())
}

/// Changes a bit, cuts something off, or adds something; and says so.
fn damage(envelope: &mut Vec<u8>, dice: &mut Dice) -> String {
    match dice.below(10) {
        0 => {
            let length = dice.below(envelope.len());
            envelope.truncate(length);
            format!("cut off at {length}")
        }
        1 => {
            envelope.push(dice.number().to_le_bytes()[0]);
            "with a byte more".to_owned()
        }
        // Mostly where it says something, seldom in what is sealed.
        kind => {
            let end = if kind < 8 { envelope.len().min(1_400) } else { envelope.len() };
            let at = dice.below(end);
            if let Some(byte) = envelope.get_mut(at) {
                *byte ^= 1 << dice.below(8);
            }
            format!("changed at {at}")
        }
    }
}

impl Report {
    /// Prints what was compared; true if nothing differs.
    pub(crate) fn print(&self) -> bool {
        let Report { ours, theirs, damaged, people, failures } = self;
        println!("envelopes: {ours} of ours opened by Python, {theirs} of Python's by us");
        println!("  {damaged:>6} x damaged, and read alike");
        println!("  {people:>6} x somebody's keys, bundle and key file, the same on both sides");
        for failure in failures.iter().take(SHOWN) {
            let short: String = failure.chars().take(2_000).collect();
            println!("  DIFFERS: {short}");
        }
        if !failures.is_empty() {
            println!("  {} cases differ", failures.len());
        }
        failures.is_empty()
    }
}
