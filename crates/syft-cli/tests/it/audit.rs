use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

/// Puts a message of bob that is none into alice's inbox.
fn with_garbage() -> TestBox {
    let it = TestBox::in_the_open();
    let inbox = format!("shared/syft-1/inbox/{ALICE}/{BOB}");
    let name = "msgv2_1773480413.5_00000000-0000-4000-8000-000000000000.tar.gz";
    it.write(&format!("{inbox}/{name}"), "this is no message");
    it.alice(&["sync"]).ok();
    it
}

#[test]
fn what_is_malformed_is_put_away_with_its_reason() {
    let it = with_garbage();
    assert_snapshot!(it.alice(&["quarantine", "list"]).ok().all(), @r"
    ID            FROM         WHEN      REASON         DETAIL
    <ID>  bob@uni.org  just now  bad_container  it is not a gzip of a tar archive
    ");
    let items = it.alice(&["quarantine", "list", "--json"]).ok().json();
    assert_eq!(items["schema"], "syft/quarantine-list/1");
    assert_eq!(items["items"][0]["from"], BOB);
    let id = items["items"][0]["id"].as_str().unwrap();
    assert_snapshot!(it.alice(&["quarantine", "show", id]).ok().all(), @r"
    <ID>
      from     bob@uni.org
      channel  syft-1/inbox/alice@hospital.org/bob@uni.org
      name     msgv2_1773480413.5_00000000-0000-4000-8000-000000000000.tar.gz
      when     <TIME>
      reason   bad_container
      detail   it is not a gzip of a tar archive
      kept at  $BOX/alice/.syft/quarantine/<ID>.bin

    To drop it for good:
        syft quarantine drop <ID>
    ");
    assert_eq!(it.alice(&["status", "--json"]).ok().json()["quarantined"], 1);
    assert_snapshot!(it.alice(&["quarantine", "drop", id]).ok().all(), @"Dropped <ID>.");
    assert_snapshot!(it.alice(&["quarantine", "list"]).ok().all(), @"Nothing is in quarantine.");
    assert_snapshot!(it.alice(&["quarantine", "show", id]).all(), @r#"
    error: nothing in quarantine is called "<ID>"
     next: syft quarantine list
    [exit 3]
    "#);
}

#[test]
fn the_log_tells_what_was_decided() {
    let it = TestBox::in_the_open();
    assert_snapshot!(it.alice(&["audit", "log"]).ok().all(), @"
    NO  WHEN      WHO                 WHAT              TO WHAT
    1   just now  alice@hospital.org  keys.taken        <HASH>
    2   just now  alice@hospital.org  login             alice@hospital.org
    3   just now  alice@hospital.org  encrypt           off
    4   just now  alice@hospital.org  object.taken      syft-1/inbox/alice@hospital.org/bob@uni.org/hello
    5   just now  alice@hospital.org  peer.approved     bob@uni.org
    6   just now  alice@hospital.org  peer.key_trusted  bob@uni.org <HASH>
    7   just now  alice@hospital.org  object.sent       syft-1/inbox/bob@uni.org/alice@hospital.org/hello
    8   just now  alice@hospital.org  files.changed     3 files
    ");
    let log = it.alice(&["audit", "log", "--last", "1", "--json"]).ok().json();
    assert_eq!(log["schema"], "syft/audit-log/1");
    assert_eq!(log["entries"].as_array().unwrap().len(), 1);
}

#[test]
fn a_changed_audit_log_is_found() {
    let it = TestBox::connected();
    let verified = it.alice(&["audit", "verify", "--json"]).ok().json();
    assert_eq!(verified["schema"], "syft/audit-verify/1");
    assert_eq!(verified["ok"], true);
    let log = it.path("alice/.syft/audit/log.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replacen("peer.approved", "peer.rejected", 1)).unwrap();
    assert_snapshot!(it.alice(&["audit", "verify"]).exits(9).all(), @r"
    The audit log was tampered with at line 5: it does not continue the line before: one of them was changed
    Up to there, 4 entries hang together.
    [exit 9]
    ");
    assert_eq!(it.alice(&["audit", "verify", "--json"]).exits(9).json()["ok"], false);
    it.alice(&["doctor"]).exits(9);
    std::fs::remove_dir_all(it.path("alice/.syft/audit")).unwrap();
    assert_snapshot!(it.alice(&["audit", "verify"]).exits(9).all(), @r"
    The audit log was tampered with at line 1: it is empty, and the login that made this home is gone
    Up to there, 0 entries hang together.
    [exit 9]
    ");
}

#[test]
fn the_log_goes_elsewhere_byte_for_byte() {
    let it = TestBox::connected();
    let log = || std::fs::read_to_string(it.path("alice/.syft/audit/log.jsonl")).unwrap();
    assert_eq!(it.alice(&["audit", "export"]).ok().raw, log());
    assert_snapshot!(it.alice(&["audit", "export", "-o", "kept.jsonl"]).ok().all(), @"
    The audit log is in $BOX/kept.jsonl.
      entries  12
      head     <HASH>
      Each line holds the SHA-256 of the one before, the head is that of the last.
    ");
    assert_eq!(std::fs::read_to_string(it.path("kept.jsonl")).unwrap(), log());
    // A file that is there is not written over.
    it.alice(&["audit", "export", "-o", "kept.jsonl"]).exits(6);

    let verified = it.alice(&["audit", "verify", "--json"]).ok().json();
    let exported = it.alice(&["audit", "export", "--json"]).ok().json();
    assert_eq!(exported["head"], verified["head"]);
    let lines: Vec<serde_json::Value> =
        log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(*exported["entries"].as_array().unwrap(), lines);
    assert!(!it.alice(&["audit", "log", "--json"]).ok().stdout.contains("audit.exported"));

    let text = log().replacen("peer.approved", "peer.rejected", 1);
    std::fs::write(it.path("alice/.syft/audit/log.jsonl"), &text).unwrap();
    let said = it.alice(&["audit", "export"]).exits(9);
    assert_eq!(said.raw, text);
    assert!(said.stderr.contains("tampered with at line 5"), "{}", said.stderr);
    let exported = it.alice(&["audit", "export", "--json"]).exits(9).json();
    assert_eq!(exported["problem"]["line"], 5);
    let said = it.alice(&["audit", "export", "-o", "other.jsonl"]).exits(9);
    assert!(said.stdout.contains("tampered with at line 5"), "{}", said.stdout);
    assert_eq!(std::fs::read_to_string(it.path("other.jsonl")).unwrap(), text);
}

#[test]
fn r6_a_log_on_a_terminal_cannot_hide_anything() {
    let it = TestBox::connected();
    let script = it.write("ask.sh", "echo 1\n");
    it.bob(&["job", "submit", &script, "--to", ALICE, "--name", "ask"]).ok();
    it.alice(&["sync"]).ok();
    it.alice(&["job", "reject", "ask", "--reason", "not \u{202e}this"]).ok();
    let log = std::fs::read_to_string(it.path("alice/.syft/audit/log.jsonl")).unwrap();
    assert!(log.contains('\u{202e}') && it.alice(&["audit", "export"]).ok().raw == log);
    let command = format!("{} audit export", env!("CARGO_BIN_EXE_syft"));
    let output = std::process::Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SHELL", "/bin/sh")
        .env("SYFTBOX_FOLDER", it.path("alice"))
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(!shown.contains('\u{202e}') && shown.contains("‹U+202E›"), "{shown}");
    assert!(shown.contains("with -o FILE the log is written byte for byte"), "{shown}");
}

#[test]
fn doctor_looks_at_box_store_and_home() {
    let it = TestBox::new();
    let doctor = it.alice(&["doctor", "--json"]).json();
    assert_eq!(doctor["schema"], "syft/doctor/1");
    assert_eq!(doctor["store"]["reachable"], true);
    assert_eq!(doctor["store"]["identity"], "claimed");
    let all = serde_json::to_string_pretty(&doctor).unwrap();
    let told = it.alice(&["doctor"]).raw;
    let isolation = &doctor["isolation"];
    match isolation["no_namespaces"].as_str() {
        None => assert_eq!(isolation["level"], "L2", "{all}"),
        Some(why) => {
            assert_eq!(isolation["level"], "L1", "{all}");
            assert!(
                told.contains(&format!("no box of level L2, with namespaces: {why}.")),
                "{told}"
            );
        }
    }
    assert!(told.contains("Identities are claimed"), "{told}");
    it.unplug();
    let doctor = it.alice(&["doctor", "--json"]).json();
    assert_eq!(doctor["store"]["reachable"], false);
    let left_alone = it.alice(&["doctor", "--offline", "--json"]).json();
    assert_eq!(left_alone["store"]["reachable"], serde_json::Value::Null);
}

#[test]
fn every_command_names_its_schema() {
    let it = TestBox::connected();
    it.census("any");
    let url = it.url();
    let commands: &[(&str, &[&str])] = &[
        ("login", &["login", "--email", ALICE, "--transport", &url, "--role", "owner"]),
        ("whoami", &["whoami"]),
        ("status", &["status"]),
        ("sync", &["sync"]),
        ("peer-list", &["peer", "list"]),
        ("peer-add", &["peer", "add", "carol@lab.org"]),
        ("peer-approve", &["peer", "approve", BOB, "--trust-first"]),
        ("dataset-list", &["dataset", "list"]),
        ("dataset-show", &["dataset", "show", "census"]),
        ("dataset-path", &["dataset", "path", "census"]),
        ("dataset-share", &["dataset", "share", "census", BOB]),
        ("dataset-unshare", &["dataset", "unshare", "census", "any"]),
        ("dataset-delete", &["dataset", "delete", "census"]),
        ("perm-show", &["perm", "show"]),
        ("perm-check", &["perm", "check", "public/x", BOB, "read"]),
        ("perm-explain", &["perm", "explain", "public/x", BOB]),
        ("quarantine-list", &["quarantine", "list"]),
        ("audit-log", &["audit", "log"]),
        ("audit-verify", &["audit", "verify"]),
        ("audit-export", &["audit", "export"]),
        ("audit-traffic", &["audit", "traffic"]),
        ("reset", &["reset", "--dry-run"]),
    ];
    for (verb, args) in commands {
        let said = it.alice(&[args, &["--json"][..]].concat()).ok();
        assert_eq!(said.json()["schema"], format!("syft/{verb}/1"), "{args:?}");
        assert_eq!(said.stderr, "", "{args:?}");
    }
}
