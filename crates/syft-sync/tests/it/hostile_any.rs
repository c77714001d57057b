//! Whatever a store does to what it is given, in any order, nothing forged and nothing stale
//! has an effect: what stands anywhere was written by the one whose place it is in, and never
//! goes back.

use std::collections::BTreeMap;

use crate::common::forge::{name, proposal};
use crate::common::{Member, Trio, alice, bob, carol, inbox, outbox};
use proptest::prelude::*;
use syft_core::codec::{encode_events, encode_proposal};
use syft_core::{
    Change, Content, DatasitePath, Email, EventsName, FileChangeEvent, FileChangeEventsMessage,
    JobName, Timestamp,
};
use syft_job::{Script, Submission};
use syft_transport::{Object, Space};
use uuid::Uuid;

const NOTE: &str = "alice@hospital.org/public/note.txt";

/// What happens next; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    /// Somebody honest does something.
    Edit,
    Send {
        by_bob: bool,
    },
    Sync {
        who: u8,
    },
    /// The store changes a byte, loses an object, delivers one again, moves one to another
    /// place, puts the bytes of one in place of those of another, or says that it is
    /// another one's; or it writes a message of its own.
    Change {
        object: usize,
        at: usize,
    },
    Lose {
        object: usize,
    },
    Again {
        past: usize,
    },
    Move {
        past: usize,
        to: u8,
        name: usize,
    },
    Swap {
        object: usize,
        past: usize,
    },
    Owner {
        past: usize,
        bob: bool,
    },
    Reorder {
        by: usize,
    },
    Forge {
        number: u32,
        of_alice: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let number = 0..1_000_usize;
    prop_oneof![
        2 => Just(Step::Edit),
        3 => any::<bool>().prop_map(|by_bob| Step::Send { by_bob }),
        5 => (0..3_u8).prop_map(|who| Step::Sync { who }),
        1 => (number.clone(), number.clone()).prop_map(|(object, at)| Step::Change { object, at }),
        1 => number.clone().prop_map(|object| Step::Lose { object }),
        2 => number.clone().prop_map(|past| Step::Again { past }),
        2 => (number.clone(), 0..4_u8, number.clone())
            .prop_map(|(past, to, name)| Step::Move { past, to, name }),
        2 => (number.clone(), number.clone()).prop_map(|(object, past)| Step::Swap { object, past }),
        1 => (number.clone(), any::<bool>()).prop_map(|(past, bob)| Step::Owner { past, bob }),
        1 => number.prop_map(|by| Step::Reorder { by }),
        1 => (1..1_000_u32, any::<bool>())
            .prop_map(|(number, of_alice)| Step::Forge { number, of_alice }),
    ]
}

/// A store with a memory of all that was ever put there.
struct World {
    trio: Trio,
    past: BTreeMap<String, (Object, Vec<u8>)>,
    edits: u64,
    jobs: u64,
    /// The scripts that each has sent.
    sent: BTreeMap<Email, Vec<String>>,
    /// The newest edit that each scientist has seen.
    seen: BTreeMap<Email, u64>,
}

impl World {
    async fn new() -> World {
        let trio = Trio::sealed().await;
        let (past, sent, seen) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        World { trio, past, edits: 0, jobs: 0, sent, seen }
    }

    fn remember(&mut self) {
        for object in self.trio.store.objects() {
            let bytes = self.trio.store.bytes(&object.id).unwrap().to_vec();
            self.past.insert(format!("{object} {}", object.id), (object, bytes));
        }
    }

    fn here(&self, choice: usize) -> Option<Object> {
        let all = self.trio.store.objects();
        (!all.is_empty()).then(|| all[choice % all.len()].clone())
    }

    fn before(&self, choice: usize) -> Option<(Object, Vec<u8>)> {
        let all: Vec<_> = self.past.values().collect();
        (!all.is_empty()).then(|| all[choice % all.len()].clone())
    }

    async fn take(&mut self, step: &Step) {
        match step {
            Step::Edit => {
                self.edits += 1;
                self.trio.alice.write(NOTE, &self.edits.to_string());
                self.trio.alice.sync().await;
            }
            Step::Send { by_bob } => self.send(*by_bob).await,
            Step::Sync { who } => {
                let Trio { pair, carol } = &self.trio;
                [&pair.alice, &pair.bob, carol][usize::from(*who)].sync().await;
            }
            _ => self.attack(step),
        }
        self.remember();
        self.check();
    }

    async fn send(&mut self, by_bob: bool) {
        self.jobs += 1;
        let script = format!("echo job {}", self.jobs);
        let mut submission = Submission::new(alice(), Script::Text(script.clone()));
        submission.name = Some(JobName::parse(&format!("job-{}", self.jobs)).unwrap());
        let member: &Member = if by_bob { &self.trio.bob } else { &self.trio.carol };
        self.sent.entry(member.email.clone()).or_default().push(script);
        // One who was shown a contradiction sends nothing, and says so.
        drop(member.manager.submit_job(&submission, false).await);
        member.sync().await;
    }

    fn attack(&self, step: &Step) {
        let store = &self.trio.store;
        match step {
            Step::Change { object, at } => {
                let Some(object) = self.here(*object) else { return };
                let mut bytes = store.bytes(&object.id).unwrap().to_vec();
                let at = at % bytes.len().max(1);
                bytes[at] ^= 1;
                store.tamper(&object.id, bytes);
            }
            Step::Lose { object } => {
                let Some(object) = self.here(*object) else { return };
                assert!(store.lose(&object.id));
            }
            Step::Again { past } => {
                let Some((object, bytes)) = self.before(*past) else { return };
                store.replay(&object, bytes);
            }
            Step::Move { past, to, name } => {
                let Some((object, bytes)) = self.before(*past) else { return };
                let Some((other, _)) = self.before(*name) else { return };
                let to: Space = match to {
                    0 => inbox(alice(), bob()),
                    1 => inbox(alice(), carol()),
                    2 => outbox(alice(), bob()),
                    _ => outbox(alice(), carol()),
                };
                let writer = to.writer().clone();
                let _ = object;
                store.plant(&to, other.name.as_str(), bytes, Some(writer));
            }
            Step::Swap { object, past } => {
                let Some(object) = self.here(*object) else { return };
                let Some((_, bytes)) = self.before(*past) else { return };
                store.tamper(&object.id, bytes);
            }
            Step::Owner { past, bob: is_bob } => {
                let Some((object, bytes)) = self.before(*past) else { return };
                let owner = if *is_bob { bob() } else { carol() };
                store.plant(&object.space, object.name.as_str(), bytes, Some(owner));
            }
            Step::Reorder { by } => {
                let all = store.objects();
                let mut ids: Vec<&str> = all.iter().map(|object| object.id.as_str()).collect();
                let by = by % ids.len().max(1);
                ids.rotate_left(by);
                store.reorder(&ids);
            }
            Step::Forge { number, of_alice: true } => {
                let at = Timestamp::new(1_890_000_000.0 + f64::from(*number)).unwrap();
                let name = EventsName { timestamp: at, id: Uuid::from_u128(u128::from(*number)) };
                let event = FileChangeEvent {
                    id: Uuid::from_u128(1),
                    path: DatasitePath::parse("public/note.txt").unwrap(),
                    datasite: alice(),
                    change: Change::Write(Content::from_bytes(b"1000000".to_vec())),
                    old_hash: None,
                    submitted: at,
                    timestamp: at,
                };
                let called = name.to_string();
                let message = FileChangeEventsMessage {
                    events: vec![event],
                    name,
                    position: None,
                    record: None,
                };
                let bytes = encode_events(&message).unwrap();
                store.plant(&outbox(alice(), bob()), &called, bytes, Some(alice()));
            }
            Step::Forge { number, of_alice: false } => {
                let path = format!("jobs/{}/forged/run.sh", bob());
                let bytes = encode_proposal(&proposal(*number, &path, "echo forged\n")).unwrap();
                store.plant(&inbox(alice(), bob()), &name(*number), bytes, Some(bob()));
            }
            Step::Edit | Step::Send { .. } | Step::Sync { .. } => {}
        }
    }

    fn check(&mut self) {
        let Trio { pair, carol } = &self.trio;
        for (path, bytes) in pair.alice.tree("alice@hospital.org/jobs") {
            let Some((submitter, rest)) = path.split_once('/') else { continue };
            if !rest.ends_with("/run.sh") {
                continue;
            }
            let script = String::from_utf8(bytes).unwrap();
            let sent = self.sent.get(&Email::parse(submitter).unwrap());
            assert!(sent.is_some_and(|all| all.contains(&script)), "{path}: {script}");
        }
        for member in [&pair.bob, carol] {
            let Some(note) = member.read(NOTE) else { continue };
            let note: u64 = note.parse().unwrap();
            let seen = self.seen.entry(member.email.clone()).or_default();
            assert!(
                note <= self.edits && note >= *seen,
                "{}: {seen} and then {note}",
                member.email
            );
            *seen = note;
        }
        let peers: Vec<Email> = [bob(), self::carol()].into();
        let decisions = pair.alice.read(".syft/decisions/peers.yaml").unwrap();
        let others = decisions.lines().filter(|line| line.contains('@'));
        assert!(others.clone().all(|line| peers.iter().any(|peer| line.contains(peer.as_str()))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn nothing_forged_and_nothing_stale_has_an_effect(steps in prop::collection::vec(step(), 10..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new().await;
            for step in &steps {
                world.take(step).await;
            }
        });
    }
}
