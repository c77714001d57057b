//! The layers: patience, counting, and faults that repeat themselves.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use syft_core::{ContentHash, Email, Entropy};
use syft_transport::{
    Chaos, Error, Fault, FaultRates, MemoryStore, Metered, ObjectName, Operation, PutMode,
    Recipient, Recorder, Retry, RetryPolicy, Sleeper, Space, SpaceKind, Stale, Transport,
    TransportExt, Wire, grants,
};

fn alice() -> Email {
    Email::parse("alice@example.org").unwrap()
}

fn log() -> Space {
    Space::Log { owner: alice() }
}

fn name(text: &str) -> ObjectName {
    ObjectName::parse(text).unwrap()
}

async fn memory() -> (MemoryStore, Arc<dyn Transport>) {
    let store = MemoryStore::new();
    let user = store.user(alice());
    user.open(&log()).await.unwrap();
    (store, Arc::new(user))
}

/// Notes each wait and lets no time pass.
#[derive(Debug, Default)]
struct Waits(Mutex<Vec<Duration>>);

#[async_trait]
impl Sleeper for Waits {
    async fn sleep(&self, wait: Duration) {
        self.0.lock().unwrap().push(wait);
    }
}

#[derive(Debug)]
struct Constant(u8);

impl Entropy for Constant {
    fn fill(&self, buffer: &mut [u8]) -> syft_core::Result<()> {
        buffer.fill(self.0);
        Ok(())
    }
}

fn patient(inner: impl Transport + 'static, jitter: u8) -> (Retry, Arc<Waits>) {
    let waits = Arc::new(Waits::default());
    let policy = RetryPolicy {
        tries: 4,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(3),
    };
    let retry = Retry::new(Arc::new(inner))
        .with_policy(policy)
        .with_sleeper(waits.clone())
        .with_entropy(Arc::new(Constant(jitter)));
    (retry, waits)
}

fn seconds(waits: &Waits) -> Vec<u64> {
    waits.0.lock().unwrap().iter().map(Duration::as_secs).collect()
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_there_once() {
    let (store, inner) = memory().await;
    let chaos = Chaos::new(inner).script(Operation::Put, [Some(Fault::After), Some(Fault::Before)]);
    let (retry, waits) = patient(chaos, 0);
    retry.put_bytes(&log(), &name("once"), b"x".to_vec()).await.unwrap();
    assert_eq!(store.objects().len(), 1);
    assert_eq!(waits.0.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn waits_double_up_to_the_longest_and_tries_end() {
    let (_, inner) = memory().await;
    let chaos = Chaos::new(inner).script(Operation::List, [Some(Fault::Before); 9]);
    let (retry, waits) = patient(chaos.clone(), 255);
    let error = retry.list_all(&log()).await.unwrap_err();
    assert!(matches!(error, Error::Temporary { .. }), "{error}");
    assert_eq!(seconds(&waits), [1, 2, 3]);

    let (retry, waits) = patient(chaos, 0);
    retry.list_all(&log()).await.unwrap_err();
    assert_eq!(seconds(&waits), [0, 0, 0], "full jitter goes down to nothing");
}

#[tokio::test]
async fn a_store_that_asks_for_time_gets_it_unless_it_is_too_long() {
    let (_, inner) = memory().await;
    let asks = |seconds| Some(Fault::Throttled(Some(Duration::from_secs(seconds))));
    let chaos = Chaos::new(inner).script(Operation::List, [asks(2), None, asks(3600)]);
    let (retry, waits) = patient(chaos, 0);
    retry.list_all(&log()).await.unwrap();
    let error = retry.list_all(&log()).await.unwrap_err();
    assert!(matches!(error, Error::Throttled { after: Some(_), .. }), "{error}");
    assert_eq!(seconds(&waits), [2]);
}

#[tokio::test]
async fn what_will_not_work_is_tried_once() {
    let (_, inner) = memory().await;
    let metered = Metered::new(inner);
    let (retry, waits) = patient(metered.clone(), 0);
    retry.put_bytes(&log(), &name("taken"), b"x".to_vec()).await.unwrap();
    retry.put_bytes(&log(), &name("taken"), b"y".to_vec()).await.unwrap_err();
    let usage = metered.snapshot();
    assert_eq!((usage.calls_of(Operation::Put), usage.failures), (2, 1));
    assert!(seconds(&waits).is_empty());
}

#[tokio::test]
async fn a_replace_whose_answer_was_lost_is_not_repeated() {
    let (_, inner) = memory().await;
    let first = inner.put_bytes(&log(), &name("r"), b"1".to_vec()).await.unwrap();
    let throttled = Some(Fault::Throttled(None));
    let chaos = Chaos::new(inner).script(Operation::Put, [throttled, Some(Fault::After)]);
    let (retry, waits) = patient(chaos, 0);
    let mode = PutMode::Replace(first.version.clone().unwrap());
    let error = retry.put(&log(), &name("r"), b"2".to_vec().into(), mode).await.unwrap_err();
    assert!(matches!(error, Error::Temporary { .. }), "{error}");
    assert_eq!(waits.0.lock().unwrap().len(), 1, "only the throttled try was repeated");
}

#[tokio::test]
async fn f10_a_cut_download_goes_on_where_it_was_cut() {
    let (_, inner) = memory().await;
    let body: Vec<u8> = (0..=255).collect();
    let object = inner.put_bytes(&log(), &name("cut"), body.clone()).await.unwrap();
    let metered = Metered::new(inner);
    let cuts = [Some(Fault::Cut(100)), Some(Fault::Before), Some(Fault::Cut(50)), None];
    let chaos = Chaos::new(Arc::new(metered.clone())).script(Operation::Get, cuts);
    let bare = chaos.clone().script(Operation::Get, []);
    let (retry, _) = patient(chaos, 0);
    assert_eq!(retry.get_bytes(&object, 1000).await.unwrap(), body);
    assert_eq!(metered.snapshot().calls_of(Operation::Get), 3);

    let bare = bare.script(Operation::Get, [Some(Fault::Cut(10))]);
    assert!(bare.get_bytes(&object, 1000).await.unwrap_err().is_retryable());
}

#[tokio::test]
async fn calls_and_bytes_are_counted() {
    let (_, inner) = memory().await;
    let metered = Metered::new(inner);
    let object = metered.put_bytes(&log(), &name("a"), vec![1; 300]).await.unwrap();
    metered.get_bytes(&object, 1000).await.unwrap();
    let range = metered.get(&object, Some(0..40)).await.unwrap();
    syft_transport::collect(range, "a range", 1000).await.unwrap();
    metered.changes().unwrap().cursor().await.unwrap();
    let usage = metered.snapshot();
    assert_eq!((usage.bytes_up, usage.bytes_down, usage.failures), (300, 340, 0));
    assert_eq!(usage.calls_of(Operation::Get), 2);
    assert_eq!(usage.calls_of(Operation::Cursor), 1);
    assert_eq!(usage.total_calls(), 4);
}

#[tokio::test]
async fn many_spaces_are_counted_as_one_call_and_each_is_told_of_in_the_end() {
    let (_, inner) = memory().await;
    let metered = Metered::new(inner);
    metered.put_bytes(&log(), &name("a"), b"x".to_vec()).await.unwrap();
    let rates = FaultRates { before: 0.4, after: 0.0 };
    let chaos = Chaos::new(Arc::new(metered.clone())).seeded(3, [(Operation::List, rates)]);
    let (retry, waits) = patient(chaos, 0);
    for _ in 0..10 {
        let lists = retry.list_many(&[log(), log()]).await.unwrap();
        assert!(lists.into_iter().all(|list| list.unwrap().len() == 1));
    }
    assert!(!seconds(&waits).is_empty(), "no listing failed");
    assert_eq!(metered.snapshot().calls_of(Operation::List), 20);
    metered.list_many(&[log(), log()]).await.unwrap();
    assert_eq!(metered.snapshot().calls_of(Operation::ListMany), 1);
}

#[tokio::test]
async fn a_stopped_transport_does_nothing_more() {
    for (lose_answer, effects) in [(false, 0), (false, 2), (true, 1), (true, 2)] {
        let (store, inner) = memory().await;
        let chaos = Chaos::new(inner);
        let chaos = if lose_answer { chaos.stop_in(effects) } else { chaos.stop_after(effects) };
        let mut answers = 0;
        for i in 0..4 {
            let put = chaos.put_bytes(&log(), &name(&format!("o{i}")), b"x".to_vec()).await;
            answers += u64::from(put.is_ok());
        }
        assert!(chaos.list_all(&log()).await.unwrap_err().is_retryable());
        assert!(chaos.discover(SpaceKind::Inbox).await.is_err());
        assert_eq!(store.objects().len() as u64, effects);
        assert_eq!(answers, effects - u64::from(lose_answer));
        assert_eq!(chaos.effects(), effects);
    }
}

#[tokio::test]
async fn the_same_seed_gives_the_same_faults() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let (store, inner) = memory().await;
        let rates = FaultRates { before: 0.3, after: 0.3 };
        let chaos = Chaos::new(inner).seeded(seed, [(Operation::Put, rates)]);
        let mut run = Vec::new();
        for i in 0..60 {
            let put = chaos.put_bytes(&log(), &name(&format!("o{i}")), b"x".to_vec()).await;
            run.push((put.is_ok(), store.objects().len()));
        }
        runs.push(run);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let answered = runs[0].iter().filter(|(ok, _)| *ok).count();
    let (_, there) = runs[0][59];
    assert!(answered < there && there < 60, "{answered} answered, {there} there");
}

#[tokio::test]
async fn sharing_goes_through_the_layers() {
    let (_, inner) = memory().await;
    let profile = Space::Profile { owner: alice() };
    inner.open(&profile).await.unwrap();
    let bob = Email::parse("bob@example.org").unwrap();
    let chaos = Chaos::new(inner).script(Operation::Grant, [Some(Fault::After)]);
    let metered = Metered::new(Arc::new(chaos));
    let (retry, _) = patient(metered.clone(), 0);
    grants::grant(&retry, &profile, &bob).await.unwrap();
    assert_eq!(grants::list(&retry, &profile).await.unwrap(), [Recipient::One(bob)]);
    assert_eq!(metered.snapshot().calls_of(Operation::Grant), 2);
}

async fn listed(transport: &dyn Transport) -> Vec<String> {
    let objects = transport.list_all(&log()).await.unwrap();
    objects.iter().map(|object| object.name.to_string()).collect()
}

#[tokio::test]
async fn f3_a_stale_listing_shows_late_what_came_and_what_went() {
    let (_, inner) = memory().await;
    let stale = Stale::new(inner, 2);
    let object =
        stale.put(&log(), &name("a"), b"a".to_vec().into(), PutMode::Create).await.unwrap();
    assert_eq!(stale.get_bytes(&object, 10).await.unwrap(), b"a", "it is there");
    assert!(listed(&stale).await.is_empty());
    assert!(listed(&stale).await.is_empty());
    assert_eq!(listed(&stale).await, ["a"]);
    stale.delete(std::slice::from_ref(&object)).await.unwrap();
    assert!(matches!(stale.get_bytes(&object, 10).await, Err(Error::NotFound { .. })));
    assert_eq!(listed(&stale).await, ["a"]);
    assert_eq!(listed(&stale).await, ["a"]);
    assert!(listed(&stale).await.is_empty());
}

#[tokio::test]
async fn f3_an_uneven_listing_shows_later_objects_first_and_all_of_them_in_the_end() {
    let (_, inner) = memory().await;
    let stale = Stale::new(inner, 3).uneven(7);
    for text in ["a", "b", "c", "d", "e", "f"] {
        stale
            .put(&log(), &name(text), text.as_bytes().to_vec().into(), PutMode::Create)
            .await
            .unwrap();
    }
    let rounds = [listed(&stale).await, listed(&stale).await, listed(&stale).await];
    let in_order = |names: &Vec<String>| "abcdef".starts_with(&names.concat());
    assert!(!rounds.iter().all(in_order), "{rounds:?}");
    assert_eq!(listed(&stale).await.concat(), "abcdef");
}

#[tokio::test]
async fn a_recorder_notes_what_was_handed_over_and_what_came() {
    let (_, inner) = memory().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let recorder = Recorder::telling(inner, move |wire| telling.lock().unwrap().push(wire.clone()));
    let object = recorder.put_bytes(&log(), &name("one"), b"1".to_vec()).await.unwrap();
    recorder.put_bytes(&log(), &name("one"), b"2".to_vec()).await.unwrap_err();
    assert_eq!(recorder.get_bytes(&object, 10).await.unwrap(), b"1");
    drop(recorder.get(&object, None).await.unwrap());
    recorder.copy(&object, &log(), &name("two")).await.unwrap();
    recorder.clear(std::slice::from_ref(&object), &[]).await.unwrap();
    let key = |name: &str| format!("{}/{name}", log());
    let put = |name: &str, bytes: &[u8]| Wire::Put {
        object: key(name),
        bytes: bytes.len() as u64,
        sha256: ContentHash::of(bytes),
    };
    let got = Wire::Got { object: key("one"), bytes: 1, sha256: ContentHash::of(b"1") };
    let gone = Wire::Deleted { object: key("one") };
    let seen = [put("one", b"1"), put("one", b"2"), got, put("two", b""), gone];
    assert_eq!(recorder.seen(), seen);
    assert_eq!(*told.lock().unwrap(), seen);
}
