//! Draws messages and backups with everything in them that a value may hold.

use std::collections::BTreeMap;

use syft_core::{
    Change, ChannelPosition, Checkpoint, CheckpointFile, Content, ContentHash, DatasitePath, Email,
    EventsName, FileChangeEvent, FileChangeEventsMessage, IncrementalCheckpoint, ProposalName,
    ProposedFileChange, ProposedFileChangesMessage, RecordChange, RollingState, Timestamp,
};
use uuid::Uuid;

use crate::dice::Dice;

/// Drawing fails only if a table below holds what no value may hold.
type Drawn<T> = syft_core::Result<T>;

const ADDRESSES: &[&str] = &[
    "alice@hospital.org",
    "bob@uni.edu",
    "a+b@sub.corp.example",
    "x!$%&+-=^_~y@a-b.c.example",
    "0@1.example",
];

const TEXTS: &[&str] = &[
    "",
    "a",
    "b,c\n1,2\n",
    "\r\n",
    "\r",
    "\u{feff}",
    "é",
    "e\u{301}",
    "漢字",
    "🜁",
    "\0",
    "\u{1}\u{1f}",
    "\u{7f}\u{80}",
    "\"",
    "\\",
    "/",
    "\u{2028}\u{2029}",
    "<b>&amp;",
    "\t\u{8}\u{c}",
    "\u{fffd}\u{ffff}",
    "{\"a\": [1e5]}",
    "\u{10ffff}",
    "¼",
];

/// Doubles whose spelling differs between one program and the next.
const TIMES: &[f64] = &[
    0.0,
    -0.0,
    0.1,
    0.3,
    1e-4,
    1e-5,
    9.999_999e-5,
    1.5e-7,
    5e-324,
    2.225_073_858_507_201_4e-308,
    1.0,
    1e15,
    1e16,
    1.234e17,
    1.797_693_134_862_315_7e308,
    -3.5,
    -1e300,
    9_007_199_254_740_993.0,
    123_456_789.0,
];

const FOLDER_LETTERS: &[&str] = &["a", "b", "c", "0", "9", "é", "漢", " ", "z"];
const FILE_LETTERS: &[&str] = &["a", "b", "c", "0", "9", "é", "漢", ".", "_", "-", "z"];

pub(super) fn proposal(dice: &mut Dice) -> Drawn<ProposedFileChangesMessage> {
    let uid = uuid(dice);
    let submitted = time(dice)?;
    let name = match dice.below(10) {
        0 => ProposalName::with_uid(submitted, dice.pick(&["A", "0-0", "abcDEF"]))?,
        _ => ProposalName::new(submitted, uid),
    };
    let changes = (0..length(dice)).map(|_| change(dice)).collect::<Drawn<_>>()?;
    Ok(ProposedFileChangesMessage {
        id: uuid(dice),
        sender: email(dice)?,
        name,
        changes,
        position: position(dice),
    })
}

pub(super) fn events_message(dice: &mut Dice) -> Drawn<FileChangeEventsMessage> {
    let name = EventsName { timestamp: time(dice)?, id: uuid(dice) };
    let (events, position) = (events(dice)?, position(dice));
    Ok(FileChangeEventsMessage { events, name, position, record: record_change(dice) })
}

pub(super) fn rolling(dice: &mut Dice) -> Drawn<RollingState> {
    Ok(RollingState {
        timestamp: time(dice)?,
        email: email(dice)?,
        base_checkpoint: time(dice)?,
        last_event: perhaps_time(dice)?,
        events: events(dice)?,
    })
}

pub(super) fn incremental(dice: &mut Dice) -> Drawn<IncrementalCheckpoint> {
    let sequence = match dice.below(4) {
        0 => dice.number(),
        1 => u64::MAX,
        _ => dice.number() % 60,
    };
    let (timestamp, email) = (time(dice)?, email(dice)?);
    Ok(IncrementalCheckpoint { timestamp, email, sequence, events: events(dice)? })
}

/// A checkpoint of text, as the peer has room for; seldom with a binary file.
pub(super) fn checkpoint(dice: &mut Dice) -> Drawn<Checkpoint> {
    let binary = dice.chance(5);
    let mut files = BTreeMap::new();
    for _ in 0..length(dice) {
        let content = if binary { content(dice) } else { Content::Text(text(dice)) };
        files.insert(path(dice)?, content);
    }
    let file = |(path, content)| CheckpointFile { path, content };
    Ok(Checkpoint {
        timestamp: time(dice)?,
        email: email(dice)?,
        last_event: perhaps_time(dice)?,
        files: files.into_iter().map(file).collect(),
    })
}

/// Mostly few, seldom many.
fn length(dice: &mut Dice) -> usize {
    match dice.below(200) {
        0 => 400,
        1..6 => 60,
        _ => dice.below(6),
    }
}

fn events(dice: &mut Dice) -> Drawn<Vec<FileChangeEvent>> {
    let event = |dice: &mut Dice| Ok(FileChangeEvent::accept(change(dice)?, time(dice)?));
    (0..length(dice)).map(|_| event(dice)).collect()
}

fn change(dice: &mut Dice) -> Drawn<ProposedFileChange> {
    let change = if dice.chance(20) { Change::Delete } else { Change::Write(content(dice)) };
    Ok(ProposedFileChange {
        id: uuid(dice),
        path: path(dice)?,
        datasite: email(dice)?,
        change,
        old_hash: dice.chance(60).then(|| hash(dice)),
        submitted: time(dice)?,
    })
}

fn content(dice: &mut Dice) -> Content {
    match dice.below(10) {
        0..6 => Content::Text(text(dice)),
        // Bytes that happen to be text may travel as bytes; no bytes are the same in both forms.
        6 => match text(dice) {
            nothing if nothing.is_empty() => Content::Text(nothing),
            text => Content::Binary(text.into_bytes()),
        },
        _ => {
            let length = dice.one_of(&[0, 1, 2, 3, 57, 300]).copied().unwrap_or(0);
            let byte = |dice: &mut Dice| dice.number().to_le_bytes()[0];
            Content::from_bytes((0..length).map(|_| byte(dice)).collect())
        }
    }
}

fn text(dice: &mut Dice) -> String {
    if dice.below(600) == 0 {
        return "line,of,a,table\n".repeat(20_000);
    }
    let mut text = dice.several(0, 6, |dice| dice.pick(TEXTS).to_owned()).concat();
    for _ in 0..dice.below(4) {
        let number = u32::try_from(dice.below(0x11_0000)).unwrap_or(0);
        text.extend(char::from_u32(number));
    }
    text
}

fn time(dice: &mut Dice) -> Drawn<Timestamp> {
    match dice.below(10) {
        // Often halfway between two spellings.
        0 => Timestamp::new(
            1.0e9 + (dice.number() >> 34) as f64 + dice.below(4_096) as f64 / 4_096.0,
        ),
        1..6 => {
            let seconds = 1.0e9 + (dice.number() >> 34) as f64;
            Timestamp::new(seconds + (dice.number() >> 11) as f64 / (1_u64 << 53) as f64)
        }
        6..8 => Timestamp::new(dice.one_of(TIMES).copied().unwrap_or(0.0)),
        _ => {
            // Any double at all, if it is a number.
            let any = f64::from_bits(dice.number());
            Timestamp::new(if any.is_finite() { any } else { 1.0 })
        }
    }
}

fn perhaps_time(dice: &mut Dice) -> Drawn<Option<Timestamp>> {
    if dice.chance(70) { time(dice).map(Some) } else { Ok(None) }
}

fn uuid(dice: &mut Dice) -> Uuid {
    Uuid::from_u64_pair(dice.number(), dice.number())
}

fn hash(dice: &mut Dice) -> ContentHash {
    ContentHash::of(&dice.number().to_le_bytes())
}

fn email(dice: &mut Dice) -> Drawn<Email> {
    Email::parse(dice.pick(ADDRESSES))
}

fn position(dice: &mut Dice) -> Option<ChannelPosition> {
    dice.chance(50).then(|| {
        let seq = if dice.chance(10) { 1 << 53 } else { 1 + (dice.number() >> 40) };
        let prev = dice.chance(70).then(|| hash(dice));
        ChannelPosition { seq, prev, seen: None }
    })
}

fn record_change(dice: &mut Dice) -> Option<RecordChange> {
    dice.chance(30).then(|| {
        let patch = r#"[{"op":"remove","path":"/peers/x~1y"}]"#.to_owned();
        RecordChange { base: hash(dice), hash: hash(dice), patch }
    })
}

/// Folders begin with d and files with f, so that no file stands where a folder stands.
fn path(dice: &mut Dice) -> Drawn<DatasitePath> {
    let mut part = |first: &str, letters: &[&str]| {
        let middle = dice.several(0, 8, |dice| dice.pick(letters).to_owned()).concat();
        format!("{first}{middle}x")
    };
    let mut path = String::new();
    let folders = part("", &["d"]).len() % 5;
    for _ in 0..folders {
        path.push_str(&part("d", FOLDER_LETTERS));
        path.push('/');
    }
    path.push_str(&part("f", FILE_LETTERS));
    DatasitePath::parse(&path)
}
