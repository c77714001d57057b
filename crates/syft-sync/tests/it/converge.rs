//! Whatever three people do, in whatever order, over a store that loses answers:
//! once all is quiet each has what the owner has and lets them read.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{Member, Trio, alice, bob, carol, events_in, fold, log_of};
use proptest::prelude::*;
use syft_core::Email;
use syft_perm::{PermissionFile, Rule};
use syft_transport::{Chaos, FaultRates, MemoryStore, Operation};

#[derive(Debug, Clone)]
enum Step {
    /// Alice writes or deletes a file that all may read.
    Public(u8, Option<u8>),
    /// Alice writes a file of a folder, and says who may read the folder.
    Shared(u8, u8),
    /// Alice edits a file of a scientist's job.
    Meddle(u8, u8, u8),
    /// A scientist edits a file of a job.
    Edit(u8, u8, u8),
    /// A scientist edits a file that is not the scientist's to edit.
    Scribble(u8, u8, u8),
    Sync(u8),
    /// A new process, with a store that fails by this seed.
    Restart(u8, u64),
    /// The clock goes back.
    Back(u8, u16),
}

fn step() -> impl Strategy<Value = Step> {
    let file = 0..3_u8;
    let text = 0..5_u8;
    let scientist = 1..3_u8;
    prop_oneof![
        2 => (file.clone(), proptest::option::weighted(0.6, text.clone()))
            .prop_map(|(file, text)| Step::Public(file, text)),
        1 => (text.clone(), 0..4_u8).prop_map(|(text, readers)| Step::Shared(text, readers)),
        1 => (scientist.clone(), file.clone(), text.clone())
            .prop_map(|(who, file, text)| Step::Meddle(who, file, text)),
        3 => (scientist.clone(), file.clone(), text.clone())
            .prop_map(|(who, file, text)| Step::Edit(who, file, text)),
        1 => (scientist, file, text).prop_map(|(who, file, text)| Step::Scribble(who, file, text)),
        6 => (0..3_u8).prop_map(Step::Sync),
        2 => (0..3_u8, any::<u64>()).prop_map(|(who, seed)| Step::Restart(who, seed)),
        1 => (0..3_u8, any::<u16>()).prop_map(|(who, by)| Step::Back(who, by)),
    ]
}

fn member(world: &mut Trio, who: u8) -> &mut Member {
    match who {
        0 => &mut world.pair.alice,
        1 => &mut world.pair.bob,
        _ => &mut world.carol,
    }
}

fn scientist(who: u8) -> Email {
    if who == 1 { bob() } else { carol() }
}

fn flaky(store: &MemoryStore, who: &Email, seed: u64) -> Arc<Chaos> {
    let rates = FaultRates { before: 0.1, after: 0.1 };
    let operations = [
        Operation::Open,
        Operation::Put,
        Operation::Get,
        Operation::List,
        Operation::Retire,
        Operation::Discover,
    ];
    let inner = Arc::new(store.user(who.clone()));
    Arc::new(Chaos::new(inner).seeded(seed, operations.map(|operation| (operation, rates))))
}

async fn take(world: &mut Trio, step: Step) {
    let at = |path: String| format!("{}/{path}", alice());
    let code = |who, file| at(format!("jobs/{}/census/code/{file}.py", scientist(who)));
    match step {
        Step::Public(file, Some(text)) => {
            world.alice.write(&at(format!("public/{file}.txt")), &format!("public {text}"));
        }
        Step::Public(file, None) => {
            let _ = std::fs::remove_file(world.alice.path(&at(format!("public/{file}.txt"))));
        }
        Step::Shared(text, readers) => {
            let names = [(1, bob()), (2, carol())];
            let names = names.iter().filter(|(bit, _)| readers & bit != 0);
            let rule = Rule::new("**").read(names.map(|(_, name)| name.as_str()));
            let rules = PermissionFile::new([rule]).to_yaml();
            world.alice.write(&at("shared/syft.pub.yaml".to_owned()), &rules);
            world.alice.write(&at("shared/file.txt".to_owned()), &format!("shared {text}"));
        }
        Step::Meddle(who, file, text) => {
            world.alice.write(&code(who, file), &format!("alice {text}"));
        }
        Step::Edit(who, file, text) => {
            member(world, who).write(&code(who, file), &format!("mine {text}"));
        }
        Step::Scribble(who, file, text) => {
            let path = at(format!("public/{file}.txt"));
            member(world, who).write(&path, &format!("scribbled {text}"));
        }
        Step::Sync(who) => {
            member(world, who).sync().await;
        }
        Step::Restart(who, seed) => {
            let store = world.store.clone();
            let node = member(world, who);
            let transport = flaky(&store, &node.email, seed);
            node.restart(transport);
        }
        Step::Back(who, by) => member(world, who).clock.step(-f64::from(by)),
    }
}

/// All stores work again, and everybody syncs until nothing is left.
async fn quiet(world: &mut Trio) {
    let store = world.store.clone();
    for who in 0..3 {
        let node = member(world, who);
        node.restart(Arc::new(store.user(node.email.clone())));
    }
    for _ in 0..6 {
        for who in [1, 2, 0] {
            member(world, who).sync().await;
        }
    }
    for who in [1, 2] {
        member(world, who).sync().await;
    }
}

/// What a reader may see of Alice's datasite.
fn entitled(world: &Trio, reader: &Email) -> BTreeMap<String, String> {
    let permissions = world.alice.manager.permissions().unwrap();
    let mut files = world.alice.tree(alice().as_str());
    files.retain(|path, _| {
        permissions.allows(reader.as_str(), path, syft_perm::Level::Read)
            && !path.starts_with("private/")
    });
    text(files)
}

fn text(files: BTreeMap<String, Vec<u8>>) -> BTreeMap<String, String> {
    files.into_iter().map(|(path, bytes)| (path, String::from_utf8(bytes).unwrap())).collect()
}

async fn run(steps: Vec<Step>) {
    let mut world = Trio::sealed().await;
    world.bob.submit("echo 1", "census").await;
    world.carol.submit("echo 2", "census").await;
    world.settle().await;
    for step in steps {
        take(&mut world, step).await;
    }
    quiet(&mut world).await;
    for node in [&world.bob, &world.carol] {
        let mut copy = text(node.tree(alice().as_str()));
        copy.retain(|path, _| !path.contains(".conflict-"));
        let mut entitled = entitled(&world, &node.email);
        // An edit of a copy stays until the owner has something new to say.
        for (path, mine) in &copy {
            if mine.starts_with("scribbled") {
                entitled.remove(path);
            }
        }
        copy.retain(|_, mine| !mine.starts_with("scribbled"));
        assert_eq!(copy, entitled, "the copy of {}", node.email);
    }
    let mut datasite = text(world.alice.tree(alice().as_str()));
    datasite.retain(|path, _| !path.starts_with("private/"));
    assert_eq!(text(fold(&events_in(&world.store, &log_of(alice())))), datasite, "the log");
    for node in [&world.alice, &world.bob, &world.carol] {
        assert_eq!(node.manager.verify_audit().unwrap().problem, None);
        assert_eq!(node.manager.status().await.unwrap().queued_out, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn readers_end_up_with_what_the_owner_has(steps in proptest::collection::vec(step(), 5..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
