//! A datasite takes another layout, whatever instant that is stopped at, and a fresh
//! machine has the one that the old one had.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::common::{Machine, Member, Pair, alice, bob};
use syft_core::{LayoutKind, Timestamp};
use syft_dataset::Audience;
use syft_job::sandbox::{IsolationLevel, LogStream, PlainSandbox};
use syft_job::{ReleaseFiles, RunOptions, Status};
use syft_perm::Level;
use syft_sync::{Error, SyftboxManager, SyncOptions};
use syft_transport::{Space, Transport, TransportExt};

/// A shared dataset, a job that ran and was released, one that waits.
async fn rich(layout: LayoutKind) -> Pair {
    let mut pair = Pair::connected().await;
    if layout == LayoutKind::Pysyft {
        take(&mut pair.alice, &pair.store.clone(), layout).await.unwrap();
        pair.alice.sync().await;
        pair.bob.sync().await;
    }
    pair.create_dataset("patients", Audience::Any);
    for name in ["ran", "waits"] {
        let submitted = pair.submit("echo 7 > $SYFT_OUTPUTS/answer.txt", name).await;
        pair.bob.sync().await;
        pair.alice.sync().await;
        if name == "ran" {
            pair.approve(&submitted.id);
            let options = RunOptions { minimum: IsolationLevel::L0, ..RunOptions::default() };
            let manager = &pair.alice.manager;
            manager
                .run_job(&submitted.id, &options, &PlainSandbox, &mut |_: LogStream, _: &[u8]| {})
                .unwrap();
            manager.release_job(&submitted.id, None, &ReleaseFiles::All, true).unwrap();
        }
    }
    pair.alice.sync().await;
    pair.bob.sync().await;
    pair
}

/// Logs in again with a layout.
async fn take(
    member: &mut Member,
    store: &syft_transport::MemoryStore,
    layout: LayoutKind,
) -> Result<(), Error> {
    let mut config = member.config(Arc::new(store.user(member.email.clone())));
    config.layout = Some(layout);
    member.manager = SyftboxManager::login(config).await?;
    Ok(())
}

/// All files, with the home, which is named in one of them, called the same.
fn datasite(node: &Member) -> BTreeMap<String, String> {
    readable(node.tree(alice().as_str()), node.home.path())
}

fn readable(files: BTreeMap<String, Vec<u8>>, home: &Path) -> BTreeMap<String, String> {
    let text = |bytes| String::from_utf8(bytes).unwrap().replace(&home.display().to_string(), "~");
    files.into_iter().map(|(path, bytes)| (path, text(bytes))).collect()
}

/// The first file in which two datasites differ.
fn assert_same(found: &BTreeMap<String, String>, expected: &BTreeMap<String, String>, when: &str) {
    let paths = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(found), paths(expected), "{when}");
    for (path, text) in expected {
        assert_eq!(&found[path], text, "{when}: {path}");
    }
}

fn statuses(manager: &SyftboxManager) -> Vec<(String, Status)> {
    let jobs = manager.job_store().jobs().unwrap();
    jobs.iter().map(|job| (job.name().to_string(), job.status())).collect()
}

/// A copy of Alice's machine, so that each instant finds the same home.
fn copied(pair: &Pair) -> Machine {
    let machine = pair.alice.another_home(9);
    machine.clock.set(Timestamp::new(1_790_050_000.0).unwrap());
    for (path, bytes) in crate::common::tree_in(pair.alice.home.path()) {
        let to = machine.home.path().join(path);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::write(to, bytes).unwrap();
    }
    let keys = machine.home.path().join(".syft/keys");
    for (path, mode) in [(keys.join("identity"), 0o600), (keys, 0o700)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    machine
}

fn datasite_of(machine: &Machine) -> BTreeMap<String, String> {
    let home = machine.home.path();
    readable(crate::common::tree_in(&home.join(alice().as_str())), home)
}

async fn log_in(
    machine: &Machine,
    pair: &Pair,
    layout: LayoutKind,
) -> Result<SyftboxManager, Error> {
    let mut config = machine.config(Arc::new(pair.store.user(alice())));
    config.layout = Some(layout);
    SyftboxManager::login(config).await
}

#[tokio::test]
async fn a_change_of_layout_is_finished_whatever_instant_it_is_stopped_at() {
    for (from, to) in
        [(LayoutKind::Native, LayoutKind::Pysyft), (LayoutKind::Pysyft, LayoutKind::Native)]
    {
        let pair = rich(from).await;
        let before = statuses(&pair.alice.manager);
        let machine = copied(&pair);
        log_in(&machine, &pair, to).await.unwrap();
        let whole = datasite_of(&machine);
        let mut stopped = 0;
        loop {
            let machine = copied(&pair);
            machine.disk.crash_after(stopped);
            let taken = log_in(&machine, &pair, to).await;
            let is_whole = !machine.disk.is_down();
            machine.disk.repair();
            if is_whole {
                taken.unwrap();
                assert_same(&datasite_of(&machine), &whole, &format!("{from} to {to}"));
                break;
            }
            drop(taken);
            let when = format!("{from} to {to}, stopped after {stopped}");
            // Whoever opens the home next finishes it, or it had not begun.
            SyftboxManager::open(machine.config(Arc::new(pair.store.user(alice())))).unwrap();
            let manager = log_in(&machine, &pair, to).await.unwrap();
            assert_same(&datasite_of(&machine), &whole, &when);
            assert_eq!(statuses(&manager), before, "{when}");
            // So does one who thought better of it.
            let machine = copied(&pair);
            machine.disk.crash_after(stopped);
            drop(log_in(&machine, &pair, to).await);
            machine.disk.repair();
            let manager = log_in(&machine, &pair, from).await.unwrap();
            assert_eq!(statuses(&manager), before, "{when}, and taken back");
            let paths = |files: BTreeMap<String, String>| files.into_keys().collect::<Vec<_>>();
            let was = paths(datasite(&pair.alice));
            assert_eq!(paths(datasite_of(&machine)), was, "{when}, and taken back");
            stopped += 1;
        }
        assert!(stopped > 20, "only {stopped} instants");
    }
}

#[tokio::test]
async fn a_layout_is_not_taken_while_a_job_runs() {
    let mut pair = rich(LayoutKind::Native).await;
    let before = datasite(&pair.alice);
    let running = pair.alice.manager.job_store().hold_runs().unwrap();
    let refused = take(&mut pair.alice, &pair.store.clone(), LayoutKind::Pysyft).await;
    assert!(
        matches!(refused, Err(Error::Job(syft_job::Error::RunnerBusy))),
        "{:?}",
        refused.unwrap_err()
    );
    assert_eq!(datasite(&pair.alice), before);
    drop(running);
    take(&mut pair.alice, &pair.store.clone(), LayoutKind::Pysyft).await.unwrap();
    assert_ne!(datasite(&pair.alice), before);
}

/// The Python peer has a place for each version of its protocol, the native layout one.
#[tokio::test]
async fn a_layout_is_not_taken_that_would_make_one_of_two() {
    let twins = [
        (
            "app_data/job/inbox/bob@university.org/v1/waits",
            "app_data/job/inbox/bob@university.org/waits",
        ),
        ("app_data/job/inbox/bob@university.org/v1/waits", "jobs/bob@university.org/waits"),
        ("public/syft_datasets/patients", "public/syft_datasets/v1/patients"),
        ("private/syft_datasets/patients", "private/datasets/patients"),
    ];
    let mut pair = rich(LayoutKind::Pysyft).await;
    for (one, other) in twins {
        let root = pair.alice.home.path().join(alice().as_str());
        let twin = root.join(other);
        std::fs::create_dir_all(&twin).unwrap();
        std::fs::write(twin.join("only-here.txt"), other).unwrap();
        let before = datasite(&pair.alice);
        let refused = take(&mut pair.alice, &pair.store.clone(), LayoutKind::Native).await;
        let text = refused.expect_err(other).to_string();
        assert!(text.contains(one) && text.contains(other), "{text}");
        assert_eq!(datasite(&pair.alice), before, "{other}");
        std::fs::remove_dir_all(&twin).unwrap();
    }
    take(&mut pair.alice, &pair.store.clone(), LayoutKind::Native).await.unwrap();
}

/// The Python peer holds outputs back by rules of the owner in the same file.
#[tokio::test]
async fn what_an_owner_holds_back_stays_so_when_a_peer_is_one_again() {
    let pair = rich(LayoutKind::Pysyft).await;
    let review = "alice@hospital.org/app_data/job/review/bob@university.org";
    let rules = format!("{review}/syft.pub.yaml");
    let held_back = "rules:\n- access:\n    read:\n    - alice@hospital.org\n  pattern: v1/other/outputs/**\n\
                     - access:\n    read:\n    - bob@university.org\n  pattern: '**'\n";
    pair.alice.write(&rules, held_back);
    pair.alice.write(&format!("{review}/v1/other/outputs/secret.txt"), "41");
    pair.alice.sync().await;
    for _ in 0..2 {
        pair.alice.manager.remove_peer(&bob()).await.unwrap();
    }
    assert!(pair.alice.read(&rules).unwrap().contains("rules: []"));
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    assert_eq!(pair.alice.read(&rules).as_deref(), Some(held_back));
    pair.alice.sync().await;
    pair.bob.sync().await;
    assert_eq!(pair.bob.read(&format!("{review}/v1/other/outputs/secret.txt")), None);
}

#[tokio::test]
async fn a_fresh_machine_has_the_layout_of_the_old_one() {
    let pair = rich(LayoutKind::Pysyft).await;
    for _ in 0..2 {
        pair.alice.sync().await;
        pair.bob.sync().await;
    }
    for asked in [None, Some(LayoutKind::Native), Some(LayoutKind::Pysyft)] {
        let machine = pair.alice.another_home(77);
        machine.clock.set(Timestamp::new(1_790_100_000.0).unwrap());
        let mut config = machine.config(Arc::new(pair.store.user(alice())));
        config.layout = asked;
        let manager = SyftboxManager::login(config).await.unwrap();
        assert_eq!(manager.layout(), asked.unwrap_or(LayoutKind::Pysyft), "{asked:?}");
        let jobs = manager.job_store().jobs().unwrap();
        let found: Vec<_> = jobs.iter().map(|job| (job.name().to_string(), job.status())).collect();
        assert_eq!(found, statuses(&pair.alice.manager), "{asked:?}");
        if asked != Some(LayoutKind::Native) {
            let home = machine.home.path();
            let here = readable(crate::common::tree_in(&home.join(alice().as_str())), home);
            let mut there = datasite(&pair.alice);
            // Private parts are kept in the store by request alone.
            there.retain(|path, _| !path.starts_with("private/"));
            assert_same(&here, &there, "a fresh machine");
        }
    }
}

/// A peer that has said nothing yet is taken to have my layout. Jobs that it has not
/// taken move when it says otherwise.
#[tokio::test]
async fn a_job_sent_before_the_owner_said_its_layout_arrives_all_the_same() {
    let mut stopped = 0;
    loop {
        let mut pair = Pair::strangers().await;
        take(&mut pair.alice, &pair.store.clone(), LayoutKind::Pysyft).await.unwrap();
        pair.bob.manager.add_peer(&alice(), false).await.unwrap();
        let submitted = pair.submit("echo 1", "early").await;
        pair.bob.sync().await;
        pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
        pair.alice.sync().await;
        pair.bob.disk.crash_after(stopped);
        drop(pair.bob.manager.sync(&SyncOptions::default()).await);
        let is_whole = !pair.bob.disk.is_down();
        pair.bob.disk.repair();
        pair.bob.restart(Arc::new(pair.store.user(bob())));
        for _ in 0..2 {
            pair.bob.sync().await;
            pair.alice.sync().await;
        }
        let jobs = pair.alice.manager.job_store().jobs().unwrap();
        let arrived = jobs.get("early").unwrap_or_else(|error| panic!("{stopped}: {error}"));
        assert_eq!(arrived.id(), &submitted.id, "{stopped}");
        let sent = pair.bob.manager.job_store().jobs().unwrap();
        assert_eq!(sent.get("early").unwrap().id(), &submitted.id, "{stopped}");
        let config =
            "alice@hospital.org/app_data/job/inbox/bob@university.org/v1/early/config.yaml";
        let text = pair.bob.read(config).unwrap();
        assert!(text.contains("canonical_name: JobSubmissionMetadata"), "{stopped}: {text}");
        if is_whole {
            break;
        }
        stopped += 1;
    }
    assert!(stopped > 5, "only {stopped} instants");
}

#[tokio::test]
async fn a_job_that_ended_in_pysyft_is_frozen_from_the_login_on() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../syft-job/tests/fixtures/pysyft");
    let text = std::fs::read_to_string(folder.join("protocol0.json")).unwrap();
    let table: serde_json::Value = serde_json::from_str(&text).unwrap();
    let of = |key: &str| table[key].as_str().unwrap();
    let (owner, submitter) =
        (crate::common::email("do@org.example"), crate::common::email("ds@uni.example"));
    let mut machine = Pair::strangers().await.alice.another_home(9);
    machine.email = owner.clone();
    let job = of("config_path").strip_suffix("/config.yaml").unwrap();
    let ended = of("state").replace("status: pending", "status: done");
    assert_ne!(ended, of("state"));
    for (path, text) in [
        (of("config_path"), of("config")),
        (&format!("{job}/run.sh"), "echo hi\n"),
        (&format!("{job}/code/script.sh"), "echo hi\n"),
        (of("state_path"), &ended),
    ] {
        let path = machine.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let store = syft_transport::MemoryStore::new();
    let config = machine.config(Arc::new(store.user(owner)));
    let manager = SyftboxManager::login(config).await.unwrap();
    let name = syft_core::JobName::parse("v0job").unwrap();
    assert!(manager.job_store().is_frozen(&submitter, &name).unwrap());
}

/// As a Python peer leaves its log, and a store without access control: no backup that
/// says which layout it is of.
#[tokio::test]
async fn without_a_backup_the_restored_files_tell_the_layout() {
    for layout in LayoutKind::ALL {
        let pair = rich(layout).await;
        for _ in 0..2 {
            pair.alice.sync().await;
            pair.bob.sync().await;
        }
        let state = Space::State { owner: alice() };
        let user = pair.store.user(alice());
        user.delete(&user.list_all(&state).await.unwrap()).await.unwrap();
        for asked in [None, Some(LayoutKind::Native), Some(LayoutKind::Pysyft)] {
            let machine = pair.alice.another_home(77);
            machine.clock.set(Timestamp::new(1_790_100_000.0).unwrap());
            let mut config = machine.config(Arc::new(pair.store.user(alice())));
            config.layout = asked;
            let manager = SyftboxManager::login(config).await.unwrap();
            assert_eq!(manager.layout(), asked.unwrap_or(layout), "{layout}, {asked:?}");
            let jobs = manager.job_store().jobs().unwrap();
            let names: Vec<&str> = jobs.iter().map(|job| job.name().as_str()).collect();
            assert_eq!(names, ["ran", "waits"], "{layout}, {asked:?}");
        }
    }
}

/// Somebody whom the Python peer had let send jobs, and who is no peer here yet.
#[tokio::test]
async fn what_a_stranger_was_granted_does_not_survive_a_change_of_layout() {
    let mut pair = Pair::strangers().await;
    let store = pair.store.clone();
    take(&mut pair.alice, &store, LayoutKind::Pysyft).await.unwrap();
    let of = |side: &str| format!("alice@hospital.org/app_data/job/{side}/bob@university.org");
    let rule = |level: &str| {
        format!("rules:\n- access:\n    {level}:\n    - bob@university.org\n  pattern: '**'\n")
    };
    pair.alice.write(&format!("{}/syft.pub.yaml", of("inbox")), &rule("write"));
    pair.alice.write(&format!("{}/syft.pub.yaml", of("review")), &rule("read"));
    pair.alice.write(&format!("{}/notes.txt", of("review")), "for bob");
    take(&mut pair.alice, &store, LayoutKind::Native).await.unwrap();
    let permissions = pair.alice.manager.permissions().unwrap();
    let bob_may = |path: &str, level| permissions.allows(bob().as_str(), path, level);
    for folder in ["app_data/job/inbox/bob@university.org", "jobs/bob@university.org"] {
        assert!(!bob_may(&format!("{folder}/v1/x/run.sh"), Level::Write), "{folder}");
        assert!(!bob_may(&format!("{folder}/x/run.sh"), Level::Write), "{folder}");
    }
    assert!(!bob_may("app_data/job/review/bob@university.org/notes.txt", Level::Read));
    // As soon as Bob is a peer the folder is his.
    pair.bob.manager.add_peer(&alice(), false).await.unwrap();
    pair.alice.manager.approve_peer_request(&bob(), true).await.unwrap();
    let permissions = pair.alice.manager.permissions().unwrap();
    let path = "jobs/bob@university.org/x/run.sh";
    assert!(permissions.allows(bob().as_str(), path, Level::Write));
}

/// The Python peer holds outputs back by a rule for each job that it ran.
#[tokio::test]
async fn an_owner_is_told_what_a_rule_keeps_back_of_a_release() {
    let pair = rich(LayoutKind::Pysyft).await;
    let jobs = pair.alice.manager.job_store().jobs().unwrap();
    let id = jobs.get("ran").unwrap().id().clone();
    assert_eq!(pair.alice.manager.held_back(&id).unwrap(), []);
    let review = "app_data/job/review/bob@university.org";
    let rules = "rules:\n- access:\n    read:\n    - alice@hospital.org\n  pattern: v1/ran/outputs/**\n\
                 - access:\n    read:\n    - bob@university.org\n  pattern: '**'\n";
    pair.alice.write(&format!("alice@hospital.org/{review}/syft.pub.yaml"), rules);
    let held: Vec<String> = {
        let held = pair.alice.manager.held_back(&id).unwrap();
        held.iter().map(ToString::to_string).collect()
    };
    let rules = format!("{review}/syft.pub.yaml");
    let file = format!("{review}/v1/ran/outputs/answer.txt");
    assert_eq!(held, [format!("{file}: line 2 of {rules} keeps it back")]);
    let found = pair.alice.manager.check_up(false, false).await.unwrap();
    let check = found.checks.iter().find(|check| check.name == "permissions").unwrap();
    assert!(check.detail.contains(&file) && check.detail.contains(id.as_str()), "{check:?}");
}
