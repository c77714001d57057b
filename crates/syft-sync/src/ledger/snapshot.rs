//! The state as it is written. What a reader was sent is nearly always what
//! stands here, so it is said by the number of the file: a home of many files and
//! readers is opened by every command.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use syft_core::{ContentHash, DatasitePath, Email};

use super::State;

/// All that follows from the records before it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Snapshot {
    #[serde(with = "self")]
    pub(super) state: State,
    pub(super) next: u64,
}

/// What one reader was sent.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Sent {
    /// What stands here, by the places of the files in [`State::files`].
    same: Vec<usize>,
    /// Anything else.
    other: BTreeMap<DatasitePath, ContentHash>,
}

#[derive(Serialize)]
struct Written<'a> {
    state: &'a State,
    sent: BTreeMap<&'a Email, Sent>,
}

#[derive(Deserialize)]
struct Read {
    state: State,
    sent: BTreeMap<Email, Sent>,
}

fn serialize<S: Serializer>(state: &State, to: S) -> Result<S::Ok, S::Error> {
    let places: BTreeMap<&DatasitePath, (usize, ContentHash)> = state
        .files
        .iter()
        .enumerate()
        .map(|(place, (path, version))| (path, (place, version.hash)))
        .collect();
    let pack = |sent: &BTreeMap<DatasitePath, ContentHash>| {
        let mut packed = Sent::default();
        for (path, hash) in sent {
            match places.get(path).filter(|(_, here)| here == hash) {
                Some((place, _)) => packed.same.push(*place),
                None => drop(packed.other.insert(path.clone(), *hash)),
            }
        }
        packed
    };
    let sent = state.sent.iter().map(|(reader, sent)| (reader, pack(sent))).collect();
    Written { state, sent }.serialize(to)
}

fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<State, D::Error> {
    let Read { mut state, sent } = Read::deserialize(from)?;
    let files: Vec<(&DatasitePath, ContentHash)> =
        state.files.iter().map(|(path, version)| (path, version.hash)).collect();
    let unpack = |Sent { same, other }: Sent| {
        let file = |place: usize| files.get(place).map(|(path, hash)| ((*path).clone(), *hash));
        let mut sent: BTreeMap<_, _> = same.into_iter().map(file).collect::<Option<_>>()?;
        sent.extend(other);
        Some(sent)
    };
    let sent: Option<BTreeMap<_, _>> =
        sent.into_iter().map(|(reader, sent)| Some((reader, unpack(sent)?))).collect();
    state.sent = sent.ok_or_else(|| serde::de::Error::custom("a file that was sent is unknown"))?;
    Ok(state)
}
