//! Laws of the codec: what is written reads back, and no bytes are too strange.

use crate::support::{PROPOSAL, gunzip, pack};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use syft_core::codec::{Limits, WireFormat, decode, decode_events, decode_proposal, encode};
use syft_core::{
    Change, ChannelHead, ChannelPosition, Checkpoint, CheckpointFile, Content, ContentHash,
    DatasitePath, Email, EventsName, FileChangeEvent, FileChangeEventsMessage,
    IncrementalCheckpoint, ProposalName, ProposedFileChange, ProposedFileChangesMessage,
    RecordChange, RollingState, Timestamp,
};
use uuid::Uuid;

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        (1.0e9..2.0e9).prop_map(|seconds| Timestamp::new(seconds).unwrap()),
        any::<f64>().prop_filter_map("finite", |seconds| Timestamp::new(seconds).ok()),
    ]
}

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn hash() -> impl Strategy<Value = ContentHash> {
    any::<[u8; 8]>().prop_map(|seed| ContentHash::of(&seed))
}

fn email() -> impl Strategy<Value = Email> {
    "[a-z][a-z0-9.+]{0,8}[a-z]@[a-z]{1,8}\\.(org|example)"
        .prop_filter_map("an address", |text| text.parse().ok())
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        any::<String>().prop_map(Content::Text),
        vec(any::<u8>(), 0..200).prop_map(Content::from_bytes),
        vec(any::<u8>(), 0..20).prop_map(Content::Binary),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![4 => content().prop_map(Change::Write), 1 => Just(Change::Delete)]
}

/// Paths that do not collide: folders and files have different first letters.
fn path() -> impl Strategy<Value = DatasitePath> {
    "(d[a-z0-9é漢 ]{0,6}[a-z]/){0,4}f[a-z0-9._é漢-]{0,10}[a-z]"
        .prop_filter_map("a path", |text| text.parse().ok())
}

fn position() -> impl Strategy<Value = Option<ChannelPosition>> {
    let seen = (1..=1_u64 << 40, hash()).prop_map(|(seq, hash)| ChannelHead { seq, hash });
    let options = (proptest::option::of(hash()), proptest::option::of(seen));
    let position = (1..=1_u64 << 53, options);
    let position = position.prop_map(|(seq, (prev, seen))| ChannelPosition { seq, prev, seen });
    proptest::option::of(position)
}

fn proposed() -> impl Strategy<Value = ProposedFileChange> {
    (uuid(), path(), email(), change(), proptest::option::of(hash()), time()).prop_map(
        |(id, path, datasite, change, old_hash, submitted)| ProposedFileChange {
            id,
            path,
            datasite,
            change,
            old_hash,
            submitted,
        },
    )
}

prop_compose! {
    fn proposal()(
        id in uuid(), sender in email(), submitted in time(), uid in uuid(),
        changes in vec(proposed(), 0..6), position in position(),
    ) -> ProposedFileChangesMessage {
        let name = ProposalName::new(submitted, uid);
        ProposedFileChangesMessage { id, sender, name, changes, position }
    }
}

fn events() -> impl Strategy<Value = Vec<FileChangeEvent>> {
    vec((proposed(), time()).prop_map(|(change, at)| FileChangeEvent::accept(change, at)), 0..6)
}

prop_compose! {
    fn record_change()(base in hash(), hash in hash(), patch in ".*") -> RecordChange {
        RecordChange { base, hash, patch }
    }
}

prop_compose! {
    fn events_message()(
        events in events(), timestamp in time(), id in uuid(), position in position(),
        record in option::of(record_change()),
    ) -> FileChangeEventsMessage {
        FileChangeEventsMessage { events, name: EventsName { timestamp, id }, position, record }
    }
}

prop_compose! {
    fn rolling()(
        timestamp in time(), email in email(), base_checkpoint in time(),
        last_event in proptest::option::of(time()), events in events(),
    ) -> RollingState {
        RollingState { timestamp, email, base_checkpoint, last_event, events }
    }
}

prop_compose! {
    fn checkpoint()(
        timestamp in time(), email in email(), last_event in proptest::option::of(time()),
        files in btree_map(path(), content(), 0..6),
    ) -> Checkpoint {
        let file = |(path, content)| CheckpointFile { path, content };
        let files = files.into_iter().map(file).collect();
        Checkpoint { timestamp, email, last_event, files }
    }
}

fn check<T: WireFormat + PartialEq + std::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let bytes = encode(value).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&decode::<T>(&bytes, &T::LIMITS).unwrap(), value);
    let json = serde_json::to_string(value).unwrap();
    prop_assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
    Ok(())
}

/// Whatever is accepted can be written, and then says the same.
fn read_anything(bytes: &[u8]) -> Result<(), TestCaseError> {
    if let Ok(message) = decode_proposal(bytes, &Limits::PROPOSAL) {
        check(&message)?;
    }
    if let Ok(message) = decode_events(bytes, &Limits::EVENTS) {
        check(&message)?;
    }
    let _ = decode::<RollingState>(bytes, &Limits::EVENTS);
    let _ = decode::<IncrementalCheckpoint>(bytes, &Limits::EVENTS);
    let _ = decode::<Checkpoint>(bytes, &Limits::EVENTS);
    Ok(())
}

/// Sets, inserts or removes some bytes.
fn mutate(bytes: &mut Vec<u8>, edits: &[(Index, u8, u8)]) {
    for (index, kind, byte) in edits {
        let at = index.index(bytes.len().max(1));
        match kind % 3 {
            0 => bytes.insert(at.min(bytes.len()), *byte),
            1 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.get_mut(at).into_iter().for_each(|old| *old = *byte),
        }
    }
}

fn edits() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    vec((any::<Index>(), any::<u8>(), any::<u8>()), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_proposal_reads_back(message in proposal()) {
        check(&message)?;
    }

    #[test]
    fn an_events_message_reads_back(message in events_message()) {
        check(&message)?;
    }

    #[test]
    fn a_rolling_state_reads_back(state in rolling()) {
        check(&state)?;
    }

    #[test]
    fn an_incremental_checkpoint_reads_back(state in rolling(), sequence: u64) {
        let RollingState { timestamp, email, events, .. } = state;
        check(&IncrementalCheckpoint { timestamp, email, sequence, events })?;
    }

    #[test]
    fn a_checkpoint_reads_back_with_its_hashes(checkpoint in checkpoint()) {
        check(&checkpoint)?;
        let hashes = checkpoint.file_hashes();
        prop_assert_eq!(hashes.len(), checkpoint.files.len());
        for file in &checkpoint.files {
            prop_assert_eq!(hashes[&file.path], ContentHash::of(file.content.as_bytes()));
        }
    }

    #[test]
    fn i10_arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..600)) {
        read_anything(&bytes)?;
        read_anything(&pack(&bytes))?;
    }

    #[test]
    fn i10_a_damaged_container_never_panics(edits in edits()) {
        let mut container = pack(PROPOSAL.as_bytes());
        mutate(&mut container, &edits);
        read_anything(&container)?;
        let mut tar = gunzip(&pack(PROPOSAL.as_bytes()));
        mutate(&mut tar, &edits);
        read_anything(&crate::support::gzip(&tar))?;
    }

    #[test]
    fn i12_damaged_json_never_panics(message in events_message(), edits in edits()) {
        let mut json = serde_json::to_vec(&message).unwrap();
        mutate(&mut json, &edits);
        read_anything(&pack(&json))?;
        let mut json = PROPOSAL.as_bytes().to_vec();
        mutate(&mut json, &edits);
        read_anything(&pack(&json))?;
    }

    #[test]
    fn a_time_has_one_name_that_reads_back(time in time()) {
        prop_assert_eq!(Timestamp::parse(&time.python_repr()).unwrap(), time);
        let name = ProposalName::new(time, Uuid::nil());
        prop_assert_eq!(ProposalName::parse(&name.to_string()).unwrap(), name);
    }
}
