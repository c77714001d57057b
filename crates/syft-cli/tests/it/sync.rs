use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

#[test]
fn status_says_who_must_act_next() {
    let it = TestBox::new();
    assert_snapshot!(it.bob(&["status"]).all(), @"
    bob@uni.org
      home          $BOX/bob
      role          both
      store         folder $BOX/shared
      box for jobs  L2
      peers         0 accepted, 0 pending
      sealing       auto

    Nothing waits for anybody.
    ");
    it.bob(&["peer", "add", ALICE]).ok();
    assert_snapshot!(it.bob(&["status"]).all(), @"
    bob@uni.org
      home          $BOX/bob
      role          both
      store         folder $BOX/shared
      box for jobs  L2
      peers         0 accepted, 1 pending
      sealing       auto

    Waiting for others
      alice@hospital.org has not answered yet (just now); alice@hospital.org types:
        syft peer approve bob@uni.org
    ");
    assert_snapshot!(it.alice(&["status"]).all(), @"
    alice@hospital.org
      home          $BOX/alice
      role          owner
      store         folder $BOX/shared
      box for jobs  L2
      peers         0 accepted, 1 pending
      sealing       auto

    Waiting for you
      bob@uni.org asks to become a peer (just now)
        syft peer approve bob@uni.org
    ");
    it.alice(&["peer", "approve", BOB, "--trust-first"]).ok();
    assert_snapshot!(it.bob(&["status"]).all(), @"
    bob@uni.org
      home          $BOX/bob
      role          both
      store         folder $BOX/shared
      box for jobs  L2
      peers         1 accepted, 0 pending
      sealing       auto

    Nothing waits for anybody.
    ");
}

#[test]
fn status_for_programs_has_the_fields_of_the_contract() {
    let it = TestBox::new();
    it.bob(&["peer", "add", ALICE]).ok();
    assert_snapshot!(it.alice(&["status", "--json"]).ok().stdout, @r#"
    {
      "schema": "syft/status/1",
      "email": "alice@hospital.org",
      "home": "$BOX/alice",
      "role": "owner",
      "transport": "folder $BOX/shared",
      "data": null,
      "isolation": "L2",
      "encrypt": "auto",
      "peers": {
        "accepted": 0,
        "pending": 1,
        "sealed": 0
      },
      "elsewhere": [],
      "waiting": [
        {
          "what": "bob@uni.org asks to become a peer",
          "job": null,
          "waiting_for": {
            "who": "alice@hospital.org",
            "since": "<TIME>",
            "command": "syft peer approve bob@uni.org"
          }
        }
      ],
      "queued_out": 0,
      "refused": 0,
      "quarantined": 0,
      "unreleased": 0,
      "warnings": []
    }
    "#);
}

#[test]
fn a_sync_says_what_came_and_went() {
    let it = TestBox::connected();
    assert_snapshot!(it.alice(&["sync"]).all(), @"Synced with folder $BOX/shared");
    it.census("any");
    assert_snapshot!(it.bob(&["sync", "--peer", ALICE]).all(), @r"
    Synced with folder $BOX/shared
      datasets  1 exchanged
    ");
    assert_snapshot!(it.bob(&["sync", "--json"]).ok().stdout, @r#"
    {
      "schema": "syft/sync/1",
      "transport": "folder $BOX/shared",
      "peers": [],
      "changed": 0,
      "datasets": 0,
      "queued_out": 0,
      "store": null,
      "notes": [],
      "alarms": []
    }
    "#);
}

#[test]
fn without_the_store_work_goes_on_and_waits() {
    let it = TestBox::connected();
    it.census(BOB);
    it.bob(&["sync"]).ok();
    it.unplug();
    let list = it.bob(&["dataset", "list"]).ok();
    assert_snapshot!(list.stdout, @r"
    DATASET                    MOCK          SHARED    SUMMARY
    alice@hospital.org/census  1 file, 16 B  with you  who lives here
    ");
    assert!(list.stderr.contains("$BOX/shared"), "{}", list.stderr);
    assert!(list.stderr.trim_end().ends_with("showing what is known here"), "{}", list.stderr);
    let share = it.alice(&["dataset", "share", "census", "any"]).ok();
    assert_snapshot!(share.stdout, @"The mock of census is shared with any peer.");
    assert!(share.stderr.trim_end().ends_with("sent by the next sync"), "{}", share.stderr);
    let sync = it.alice(&["sync"]).ok().stdout;
    assert!(sync.starts_with("The store is away: "), "{sync}");
    assert!(sync.contains("Nothing is lost: "), "{sync}");
    let sync = it.bob(&["sync", "--json"]).ok().json();
    assert!(sync["store"].as_str().unwrap().contains("shared"));
    it.plug_in();
    assert_eq!(it.bob(&["sync", "--json"]).ok().json()["store"], serde_json::Value::Null);
}

#[test]
fn offline_leaves_the_store_alone() {
    let it = TestBox::new();
    let before = everything_below(&it.path("shared"));
    it.bob(&["--offline", "peer", "add", ALICE]).ok();
    it.bob(&["--offline", "peer", "list"]).ok();
    assert_snapshot!(it.bob(&["--offline", "sync"]).ok().all(), @"
    The store was left alone.
    Nothing is lost: 2 objects wait for the next sync.
    ");
    assert_eq!(everything_below(&it.path("shared")), before);
    it.bob(&["sync"]).ok();
    assert_eq!(it.alice(&["peer", "list", "--json"]).ok().json()["peers"][0]["email"], BOB);
}

#[test]
fn a_list_syncs_first_unless_told_not_to() {
    let it = TestBox::connected();
    it.census("any");
    let datasets = |args: &[&str], variables: &[(&str, &str)]| {
        let args = [&["dataset", "list", "--json"], args].concat();
        it.syft("bob", &args, variables).ok().json()["datasets"].as_array().unwrap().len()
    };
    assert_eq!(datasets(&["--no-sync"], &[]), 0);
    assert_eq!(datasets(&[], &[("PRE_SYNC", "false")]), 0);
    assert_eq!(datasets(&["--offline"], &[]), 0);
    assert_eq!(datasets(&[], &[("PRE_SYNC", "true")]), 1);
}

fn everything_below(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(everything_below(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

/// Two lines of a person who watches: the first pass, and what was edited then.
#[test]
fn watching_sends_an_edit_and_ends_with_ctrl_c() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let it = TestBox::connected();
    let mut watching = Command::new(env!("CARGO_BIN_EXE_syft"))
        .args(["sync", "--watch"])
        .env_clear()
        .env("SYFTBOX_FOLDER", it.path("alice"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.starts_with("Synced with folder"), "{first}");
    it.write("alice/alice@hospital.org/public/news.txt", "fresh");
    let told = lines.find(|line| line.as_ref().unwrap().contains("changed here"));
    assert_eq!(told.unwrap().unwrap().trim(), "changed here  1 file");
    let pid = watching.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(watching.wait().unwrap().code(), Some(0));
    it.bob(&["sync"]).ok();
    let news = it.path("bob/alice@hospital.org/public/news.txt");
    assert_eq!(std::fs::read_to_string(news).unwrap(), "fresh");
}
