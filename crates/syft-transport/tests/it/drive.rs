//! Google Drive, on an emulator of it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use syft_core::Email;
use syft_drive_emulator::{DriveEmulator, Fault, FaultPlan, Lag, Rule};
use syft_transport::conformance::{self, Cast, Outcome, Setup};
use syft_transport::drive::DriveTransport;
use syft_transport::drive::auth::{Credentials, Endpoints, Tokens, http_client};
use syft_transport::{
    Cache, Error, Listed, MemoryCache, Mirror, ObjectName, Result, Retry, Space, SpaceKind,
    Transport, TransportExt,
};

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

/// The store of an account.
fn store_of(drive: &DriveEmulator, of: &str) -> DriveTransport {
    remembering(drive, of, None)
}

pub(crate) fn remembering(
    drive: &DriveEmulator,
    of: &str,
    cache: Option<Arc<dyn Cache>>,
) -> DriveTransport {
    let user = drive.add_user(of);
    let endpoints = Endpoints::at(drive.url()).unwrap();
    let client = http_client().unwrap();
    let credentials = Credentials::from_token_file(user.token_file_json(false).as_bytes()).unwrap();
    let tokens = Tokens::new(credentials, &endpoints, client.clone());
    DriveTransport::new(email(of), client, tokens, &endpoints, cache).unwrap()
}

#[derive(Default)]
struct OnEmulator {
    mirrored: bool,
    running: Mutex<Vec<DriveEmulator>>,
}

#[async_trait]
impl Setup for OnEmulator {
    async fn cast(&self) -> Result<Cast> {
        let drive = DriveEmulator::start().unwrap();
        let cast = ["alice@example.org", "bob@example.org", "eve@example.org"].map(|email| {
            let store = Arc::new(store_of(&drive, email)) as Arc<dyn Transport>;
            if self.mirrored { Arc::new(Mirror::new(store)) } else { store }
        });
        self.running.lock().unwrap().push(drive);
        Ok(Cast::new(cast))
    }
}

/// What a store that names its readers and creates without looking does not claim.
const DRIVE_LACKS: [&str; 2] =
    ["a_collection_for_any_reaches_everyone", "one_of_many_creators_wins"];

async fn not_claimed(mirrored: bool) -> Vec<&'static str> {
    let report = conformance::run(&OnEmulator { mirrored, ..OnEmulator::default() }).await;
    let report = report.into_result().unwrap_or_else(|report| panic!("{report}"));
    let open = report.outcomes.iter().filter(|(_, o)| matches!(o, Outcome::NotClaimed(_)));
    open.map(|(name, _)| *name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn drive_keeps_every_promise_it_can_make() {
    assert_eq!(not_claimed(false).await, DRIVE_LACKS);
}

#[tokio::test(flavor = "multi_thread")]
async fn drive_keeps_them_behind_a_mirror() {
    assert_eq!(not_claimed(true).await, DRIVE_LACKS);
}

/// More than goes in one request, in more than one piece.
const LARGE: usize = 9 * 1024 * 1024;

/// A store of Alice's with a log, and a body for it.
struct Uploading {
    drive: DriveEmulator,
    store: Retry,
    log: Space,
    body: Vec<u8>,
}

impl Uploading {
    async fn of(length: usize) -> Self {
        let drive = DriveEmulator::start().unwrap();
        let store = Retry::new(Arc::new(store_of(&drive, "alice@example.org")));
        let log = Space::Log { owner: email("alice@example.org") };
        store.open(&log).await.unwrap();
        let body = (0..length).map(|at| (at % 251) as u8).collect();
        Uploading { drive, store, log, body }
    }

    /// Puts the body, and sees that it is there once and comes back as it was.
    async fn arrives_once(&self) {
        let name = ObjectName::parse("large").unwrap();
        let put = self.store.put_bytes(&self.log, &name, self.body.clone()).await.unwrap();
        self.is_there_once().await;
        self.drive.set_faults(Default::default());
        let back = self.store.get_bytes(&put, LARGE as u64).await.unwrap();
        assert!(back == self.body, "{} bytes came back changed", back.len());
    }

    async fn is_there_once(&self) {
        let files = self.drive.files_of("alice@example.org");
        let named: Vec<_> = files.iter().filter(|file| file.name == "large").collect();
        assert_eq!(named.len(), 1, "there are twins");
    }

    /// The requests with which pieces were sent.
    fn pieces(&self) -> usize {
        self.drive.requests().iter().filter(|request| request.method == "PUT").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_in_pieces() {
    let uploading = Uploading::of(LARGE).await;
    uploading.arrives_once().await;
    assert_eq!(uploading.pieces(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_an_upload_goes_on_where_it_was_cut() {
    for fault in
        [Fault::ChunkCut(300_000), Fault::Unavailable(None), Fault::RequestLost, Fault::AnswerLost]
    {
        let uploading = Uploading::of(LARGE).await;
        uploading.drive.add_fault(Rule::new(fault).method("PUT").times(1));
        uploading.arrives_once().await;
        assert!(uploading.pieces() <= 4, "{fault:?}: {} requests", uploading.pieces());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_google_forgot_begins_anew() {
    let uploading = Uploading::of(LARGE).await;
    uploading.drive.add_fault(Rule::new(Fault::Gone).method("PUT").after(1).times(1));
    uploading.arrives_once().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f5_a_put_whose_answer_is_lost_is_not_put_twice() {
    let uploading = Uploading::of(1_000).await;
    uploading.drive.add_fault(Rule::new(Fault::AnswerLost).path("/upload/").times(1));
    uploading.arrives_once().await;
}

/// Answers are lost so many times, and no list shows what was done last.
fn lost_and_late(method: &str, path: &str, times: u32) -> FaultPlan {
    FaultPlan {
        rules: vec![Rule::new(Fault::AnswerLost).method(method).path(path).times(times)],
        lags: vec![(None, Lag::Steps(20))],
        ..FaultPlan::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f5_a_put_whose_answer_is_lost_is_not_put_twice_where_lists_lag() {
    for (length, method) in [(1_000, "POST"), (LARGE, "PUT")] {
        let uploading = Uploading::of(length).await;
        uploading.drive.set_faults(lost_and_late(method, "/upload/", 2));
        uploading.arrives_once().await;
    }
}

#[tokio::test]
async fn f5_a_copy_whose_answer_is_lost_is_not_made_twice_where_lists_lag() {
    let uploading = Uploading::of(1_000).await;
    let [from, to] = ["small", "large"].map(|name| ObjectName::parse(name).unwrap());
    let object = uploading.store.put_bytes(&uploading.log, &from, b"x".to_vec()).await.unwrap();
    uploading.drive.set_faults(lost_and_late("POST", "/copy", 2));
    uploading.store.copy(&object, &uploading.log, &to).await.unwrap();
    uploading.is_there_once().await;
}

#[tokio::test]
async fn f5_a_message_that_was_taken_before_its_answer_came_is_not_put_again() {
    let drive = DriveEmulator::start().unwrap();
    let [alice, bob] = ["alice@example.org", "bob@example.org"].map(|of| store_of(&drive, of));
    let [owner, sender] = [&alice, &bob].map(|store| store.info().identity.clone());
    let inbox = Space::Inbox { owner, sender };
    bob.open(&inbox).await.unwrap();
    drive.add_fault(Rule::new(Fault::AnswerLost).path("/upload/").times(1));
    let name = ObjectName::parse("message").unwrap();
    let put = || bob.put_bytes(&inbox, &name, b"x".to_vec());
    put().await.unwrap_err();
    alice.retire(&alice.list_all(&inbox).await.unwrap()).await.unwrap();
    put().await.unwrap();
    assert!(alice.list_all(&inbox).await.unwrap().is_empty());
    // Once that is known, the name is free again.
    let again = bob.put_bytes(&inbox, &name, b"y".to_vec()).await.unwrap();
    assert_eq!(alice.list_all(&inbox).await.unwrap(), [again]);
}

#[tokio::test(flavor = "multi_thread")]
async fn f10_a_download_that_is_cut_goes_on_and_is_compared_as_a_whole() {
    let uploading = Uploading::of(LARGE).await;
    let name = ObjectName::parse("large").unwrap();
    let put = uploading.store.put_bytes(&uploading.log, &name, uploading.body.clone()).await;
    let mut object = put.unwrap();
    uploading.drive.add_fault(Rule::new(Fault::BodyCut).path("alt=media").times(2));
    let back = uploading.store.get_bytes(&object, LARGE as u64).await.unwrap();
    assert!(back == uploading.body, "{} bytes came back changed", back.len());
    object.version = Some(syft_transport::Version("another".to_owned()));
    let refused = uploading.store.get_bytes(&object, LARGE as u64).await.map(|bytes| bytes.len());
    assert!(matches!(refused, Err(Error::Precondition { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_folder_whose_answer_is_lost_is_not_made_twice() {
    let drive = DriveEmulator::start().unwrap();
    let store = Retry::new(Arc::new(store_of(&drive, "alice@example.org")));
    drive.set_faults(lost_and_late("POST", "/drive/v3/files?", 2));
    store.open(&Space::Log { owner: email("alice@example.org") }).await.unwrap();
    let mut names: Vec<String> = drive.files().into_iter().map(|file| file.name).collect();
    names.sort();
    assert_eq!(names, ["0.10.0#alice@example.org", "SyftBox"]);
}

#[tokio::test]
async fn what_is_remembered_of_another_drive_is_found_out_again() {
    let log = Space::Log { owner: email("alice@example.org") };
    let notes = Arc::new(MemoryCache::default());
    // The second one has none of the folders of the first.
    for _ in 0..2 {
        let drive = DriveEmulator::start().unwrap();
        let store = remembering(&drive, "alice@example.org", Some(notes.clone()));
        let listed = store.list_all(&log).await.unwrap();
        assert!(listed.is_empty(), "{listed:?}");
        store.open(&log).await.unwrap();
        let name = ObjectName::parse("event").unwrap();
        let put = store.put_bytes(&log, &name, b"x".to_vec()).await;
        put.unwrap();
        assert_eq!(store.list_all(&log).await.unwrap().len(), 1);
    }
}

/// Messages as a scientist's programs name them.
const TAKEN: &str = "msgv2_1773480414.5_0000a0a0-0000-0000-0000-000000000001.tar.gz";
const WAITING: &str = "msgv2_1773480415.5_0000a0a0-0000-0000-0000-000000000002.tar.gz";

/// What two wrote to each other, taken in and left to lie.
async fn after_an_exchange(drive: &DriveEmulator) -> (DriveTransport, DriveTransport) {
    let (alice, bob) = ("alice@example.org", "bob@example.org");
    let (owner, scientist) = (store_of(drive, alice), store_of(drive, bob));
    let inbox = Space::Inbox { owner: email(alice), sender: email(bob) };
    let outbox = Space::Outbox { owner: email(alice), recipient: email(bob) };
    scientist.open(&inbox).await.unwrap();
    for message in [TAKEN, WAITING] {
        let name = ObjectName::parse(message).unwrap();
        let sent = scientist.put_bytes(&inbox, &name, b"x".to_vec()).await.unwrap();
        if message == TAKEN {
            owner.discover(syft_transport::SpaceKind::Inbox).await.unwrap();
            owner.retire(&[sent]).await.unwrap();
        }
    }
    owner.open(&outbox).await.unwrap();
    let answer = ObjectName::parse("answer").unwrap();
    owner.put_bytes(&outbox, &answer, b"y".to_vec()).await.unwrap();
    (owner, scientist)
}

#[tokio::test]
async fn a_sweep_takes_what_leads_nowhere_and_nothing_else() {
    let drive = DriveEmulator::start().unwrap();
    let (owner, scientist) = after_an_exchange(&drive).await;
    let name =
        |direction| format!("syft_datasite#0.10.0#alice@example.org#{direction}#bob@example.org");
    let left = |of: &str| {
        let mut names: Vec<String> = drive.files_of(of).into_iter().map(|file| file.name).collect();
        names.sort();
        names
    };
    assert_eq!(scientist.sweep(false).await.unwrap(), [TAKEN]);
    assert_eq!(left("bob@example.org"), ["SyftBox", WAITING, &name("inbox"), &name("outbox")]);
    let archive = "syft_bob@example.org_to_alice@example.org_archive";
    assert_eq!(owner.sweep(false).await.unwrap(), [archive, "SyftBox"]);
    assert_eq!(left("alice@example.org"), ["answer"]);
    // One who leaves takes the box along, and not what the other one wrote.
    assert_eq!(scientist.sweep(true).await.unwrap(), [name("outbox")]);
    assert_eq!(left("bob@example.org"), ["SyftBox", WAITING, &name("inbox")]);
    assert_eq!(left("alice@example.org"), ["answer"]);
}

#[tokio::test]
async fn a_memory_that_is_behind_shuts_nobody_out() {
    let drive = DriveEmulator::start().unwrap();
    let (alice, bob) = (email("alice@example.org"), email("bob@example.org"));
    let notes = Arc::new(MemoryCache::default());
    let of_alice = || remembering(&drive, alice.as_str(), Some(notes.clone()));
    let bobs = store_of(&drive, bob.as_str());
    let inbox = Space::Inbox { owner: bob.clone(), sender: alice.clone() };
    let name = ObjectName::parse("hello").unwrap();
    let of_both = of_alice();
    of_both.open(&inbox).await.unwrap();
    of_both.put_bytes(&inbox, &name, b"x".to_vec()).await.unwrap();
    assert_eq!(bobs.list_all(&inbox).await.unwrap().len(), 1);

    // Another process shuts him out; what the first one knows is from before.
    let before = notes.load().unwrap();
    of_alice().sharing().unwrap().revoke(&inbox, &bob.clone().into()).await.unwrap();
    assert_eq!(bobs.list_all(&inbox).await.unwrap().len(), 0);
    notes.save(&before);
    let behind = of_alice();
    behind.sharing().unwrap().grant(&inbox, &bob.clone().into()).await.unwrap();
    assert_eq!(store_of(&drive, bob.as_str()).list_all(&inbox).await.unwrap().len(), 1);
    // Twice is once.
    drive.forget_requests();
    behind.sharing().unwrap().grant(&inbox, &bob.clone().into()).await.unwrap();
    assert_eq!(drive.requests().len(), 0);
    assert_eq!(behind.sharing().unwrap().grants(&inbox).await.unwrap(), [bob.clone().into()]);
    let of_eve = email("eve@example.org");
    let refused = behind.sharing().unwrap().grant(&inbox, &of_eve.into()).await;
    assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_without_an_answer_is_remembered_beside_another_process() {
    let drive = DriveEmulator::start().unwrap();
    let log = Space::Log { owner: email("alice@example.org") };
    let notes = Arc::new(MemoryCache::default());
    let of_alice = || remembering(&drive, "alice@example.org", Some(notes.clone()));
    of_alice().open(&log).await.unwrap();
    let (one, other) = (of_alice(), of_alice());
    let (name, its) = (ObjectName::parse("event").unwrap(), ObjectName::parse("its").unwrap());
    drive.add_fault(Rule::new(Fault::AnswerLost).path("/upload/").times(1));
    let lost = one.put_bytes(&log, &name, b"x".to_vec()).await;
    assert!(lost.unwrap_err().is_retryable());
    drop(one);
    // It knew nothing of that when it began.
    other.put_bytes(&log, &its, b"y".to_vec()).await.unwrap();
    of_alice().put_bytes(&log, &name, b"x".to_vec()).await.unwrap();
    let mut names: Vec<String> = drive.files().into_iter().map(|file| file.name).collect();
    names.retain(|name| ["event", "its"].contains(&name.as_str()));
    names.sort();
    assert_eq!(names, ["event", "its"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_spaces_of_many_are_listed_in_few_requests() {
    let drive = DriveEmulator::start().unwrap();
    let alice = store_of(&drive, "alice@example.org");
    let owner = alice.info().identity.clone();
    let name = ObjectName::parse("message").unwrap();
    let mut inboxes = Vec::new();
    for n in 0..60 {
        let of = format!("peer{n}@example.org");
        let (owner, sender) = (owner.clone(), email(&of));
        let (store, inbox) = (store_of(&drive, &of), Space::Inbox { owner, sender });
        store.open(&inbox).await.unwrap();
        store.put_bytes(&inbox, &name, of.into_bytes()).await.unwrap();
        inboxes.push(inbox);
    }
    alice.refresh().await.unwrap();
    alice.discover(SpaceKind::Inbox).await.unwrap();
    drive.forget_requests();
    let lists = alice.list_many(&inboxes).await.unwrap();
    assert_eq!(drive.requests().len(), 2);
    for (inbox, list) in inboxes.iter().zip(lists) {
        let [Listed::Object(object)] = &list.unwrap()[..] else { panic!("{inbox}") };
        assert_eq!((&object.space, object.owner.as_ref()), (inbox, Some(inbox.writer())));
    }
}

#[tokio::test]
async fn a_mirror_believes_what_the_feed_tells_of_others_only_where_it_was_seen_to() {
    let drive = DriveEmulator::start().unwrap();
    drive.set_faults(FaultPlan { blind_changes: true, ..FaultPlan::default() });
    let [alice, bob] = ["alice@example.org", "bob@example.org"]
        .map(|of| Mirror::new(Arc::new(store_of(&drive, of))));
    let [owner, sender] = [&alice, &bob].map(|store| store.info().identity.clone());
    let inbox = |owner: &Email, sender: &Email| {
        let (owner, sender) = (owner.clone(), sender.clone());
        Space::Inbox { owner, sender }
    };
    // Bob has opened what Alice sends him, too: it lies with him, and he sees what she puts.
    bob.open(&inbox(&owner, &sender)).await.unwrap();
    alice.open(&inbox(&sender, &owner)).await.unwrap();
    let outbox = Space::Outbox { owner: owner.clone(), recipient: sender.clone() };
    let to_bob = inbox(&sender, &owner);
    for text in ["first", "second", "third"] {
        let name = ObjectName::parse(text).unwrap();
        for space in [&outbox, &to_bob] {
            bob.refresh().await.unwrap();
            bob.list_all(space).await.unwrap();
            alice.put_bytes(space, &name, text.as_bytes().to_vec()).await.unwrap();
        }
        bob.refresh().await.unwrap();
        for space in [&outbox, &to_bob] {
            let names = bob.list_all(space).await.unwrap();
            assert!(names.iter().any(|object| object.name == name), "{text} in {space}");
        }
    }
}
