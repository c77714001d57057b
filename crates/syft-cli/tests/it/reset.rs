use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

/// Bob has what alice shares.
fn shared() -> TestBox {
    let it = TestBox::connected();
    it.census("any");
    it.write(&format!("alice/{ALICE}/public/note.txt"), "for all\n");
    it.alice(&["sync"]).ok();
    it.bob(&["sync"]).ok();
    it
}

#[test]
fn a_dry_run_lists_what_would_go_and_changes_nothing() {
    let it = shared();
    it.write("alice/notes.txt", "mine\n");
    let said = it.alice(&["reset", "--dry-run", "--json"]).ok().json();
    assert_eq!(said["schema"], "syft/reset/1");
    assert_eq!(said["dry_run"], true);
    assert_eq!(said["broadcast"][0]["peer"], BOB);
    assert!(said["remote"].as_array().unwrap().len() > 5);
    let said = it.alice(&["reset", "--dry-run"]).ok().stdout;
    assert!(said.starts_with("A reset of alice@hospital.org would take away:\n"), "{said}");
    assert!(said.contains("bob@uni.org would be told to forget 1 file"), "{said}");
    assert!(said.contains("  notes.txt: it is no datasite"), "{said}");
    assert!(said.contains("Nothing was changed."), "{said}");
    assert!(it.path(&format!("bob/{ALICE}/public/note.txt")).exists());
    it.bob(&["sync"]).ok();
    assert!(it.path(&format!("bob/{ALICE}/public/note.txt")).exists());
}

#[test]
fn a_home_in_which_a_job_runs_is_not_cleared() {
    let it = TestBox::connected();
    for folder in ["runs", "rehearsals"] {
        let lock = format!("alice/.syft/{folder}/.runner");
        it.write(&lock, "");
        let runner = std::fs::File::open(it.path(&lock)).unwrap();
        runner.lock().unwrap();
        let reset = ["reset", "--local", "--yes", ALICE, "--json"];
        assert_eq!(it.alice(&reset).exits(6).json_error()["code"], "runner_busy");
        it.alice(&["whoami"]).ok();
    }
    it.alice(&["reset", "--local", "--yes", ALICE]).ok();
    it.alice(&["whoami"]).exits(2);
}

#[test]
fn the_address_must_be_typed() {
    let it = TestBox::connected();
    assert_snapshot!(it.alice(&["reset"]).all(), @r"
    error: this cannot be undone: confirm it with --yes alice@hospital.org
     next: syft reset --dry-run
    [exit 2]
    ");
    assert_snapshot!(it.alice(&["reset", "--yes", BOB]).all(), @r"
    error: this home belongs to alice@hospital.org, not to bob@uni.org: nothing was deleted
     next: syft reset --dry-run
    [exit 2]
    ");
    it.alice(&["whoami"]).ok();
}

#[test]
fn everything_goes_and_the_peer_hears_of_it() {
    let it = shared();
    it.write("alice/notes.txt", "mine\n");
    let said = it.alice(&["reset", "--yes", ALICE]).ok().stdout;
    let said: Vec<&str> = said
        .lines()
        .filter(|line| !line.contains(" files, ") && !line.contains("in the store: "))
        .collect();
    assert_snapshot!(said.join("\n"), @r"
    Deleted of alice@hospital.org:
      bob@uni.org is told to forget 1 file

    Left where it is:
      syft-1/inbox/alice@hospital.org/bob@uni.org/hello: bob@uni.org put it there
      notes.txt: it is no datasite

    What peers have copied stays with them until they sync; what they kept elsewhere
    cannot be recalled.
    1 message stays in the store, so that they hear of it. Later, to remove that too:
        syft login --email alice@hospital.org --transport file://$BOX/shared
        syft reset --remote --no-broadcast --yes alice@hospital.org
    ");
    assert!(!it.path("alice/.syft").exists());
    assert!(!it.path(&format!("alice/{ALICE}")).exists());
    assert!(it.path("alice/notes.txt").exists());
    it.bob(&["sync"]).ok();
    assert!(!it.path(&format!("bob/{ALICE}/public/note.txt")).exists());
    assert!(!it.path(&format!("bob/{ALICE}/public/datasets/census")).exists());
    it.alice(&["whoami"]).exits(2);
    it.alice(&["login", "--email", ALICE, "--transport", &it.url()]).ok();
    let kept = format!("shared/syft-1/outbox/{ALICE}/{BOB}");
    assert_eq!(std::fs::read_dir(it.path(&kept)).unwrap().count(), 1);
    it.alice(&["reset", "--remote", "--no-broadcast", "--yes", ALICE]).ok();
    assert_eq!(std::fs::read_dir(it.path(&kept)).unwrap().count(), 0);
    // Bob's request still lies there: it can be answered again.
    assert_eq!(it.alice(&["peer", "list", "--json"]).ok().json()["peers"][0]["email"], BOB);
}

#[test]
fn without_the_store_only_the_home_goes() {
    let it = shared();
    it.unplug();
    let refused = it.alice(&["reset", "--yes", ALICE]).exits(5);
    assert!(refused.stderr.ends_with("next: syft reset --local --yes alice@hospital.org\n"));
    it.alice(&["whoami"]).ok();
    it.alice(&["reset", "--local", "--yes", ALICE]).ok();
    assert!(!it.path("alice/.syft").exists());
}

#[test]
fn doctor_puts_right_what_can_be() {
    let it = shared();
    let check = |doctor: &serde_json::Value, name: &str| {
        let checks = doctor["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == name).unwrap()
    };
    let doctor = it.alice(&["doctor", "--json"]).json();
    for name in ["home", "store", "clock", "journal", "decisions", "audit log", "permissions"] {
        assert_eq!(check(&doctor, name)["ok"], true, "{name}: {doctor}");
    }
    assert_eq!(check(&doctor, "files")["ok"], true);
    assert_eq!(check(&doctor, "leftovers")["detail"], "none");
    std::fs::remove_file(it.path(&format!("alice/{ALICE}/jobs/{BOB}/syft.pub.yaml"))).unwrap();
    std::fs::write(it.path(&format!("alice/.syft/cache/index-{ALICE}.bin")), "torn").unwrap();
    it.write("alice/.syft/staging/submit-1/run.sh", "echo\n");
    it.write(&format!("alice/{ALICE}/public/.syft-tmp-1"), "half");
    for path in ["alice/.syft/staging/submit-1", &format!("alice/{ALICE}/public/.syft-tmp-1")] {
        let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(86_400);
        std::fs::File::open(it.path(path)).unwrap().set_modified(yesterday).unwrap();
    }
    let broken = it.alice(&["doctor"]);
    assert!(broken.stdout.contains("PROBLEM  permissions"), "{}", broken.stdout);
    assert!(broken.stdout.contains("PROBLEM  files"), "{}", broken.stdout);
    assert!(broken.stdout.contains("2 leftovers"), "{}", broken.stdout);
    assert!(broken.stdout.trim_end().ends_with("syft doctor --repair"), "{}", broken.stdout);
    let repaired = it.alice(&["doctor", "--repair", "--json"]).json();
    assert_eq!(check(&repaired, "permissions")["ok"], true);
    assert_eq!(check(&repaired, "files")["ok"], true);
    assert_eq!(check(&repaired, "leftovers")["detail"], "none");
    assert_snapshot!(repaired["repaired"].as_array().unwrap().iter()
        .map(|line| line.as_str().unwrap()).collect::<Vec<_>>().join("\n"), @r"
    removed 2 leftovers of unfinished writes
    dropped the index of alice@hospital.org: the next sync reads every file
    made the permission file for jobs of bob@uni.org again
    ");
    assert!(it.path(&format!("alice/{ALICE}/public/note.txt")).exists());
}

#[test]
fn doctor_finds_a_damaged_journal_and_leaves_it_alone() {
    let it = TestBox::connected();
    let journal = "alice/.syft/journal/log";
    it.write(journal, "this is no journal\n");
    let said = it.alice(&["doctor", "--repair"]).exits(9).stdout;
    assert!(said.contains("PROBLEM  journal"), "{said}");
    assert_eq!(std::fs::read_to_string(it.path(journal)).unwrap(), "this is no journal\n");
}

#[test]
fn traffic_is_a_table_for_each_peer() {
    let it = shared();
    let traffic = it.bob(&["audit", "traffic", "--json"]).ok().json();
    assert_eq!(traffic["schema"], "syft/audit-traffic/1");
    let entries = traffic["entries"].as_array().unwrap();
    let sum: u64 = entries
        .iter()
        .filter(|entry| entry["direction"] == "in")
        .map(|entry| entry["bytes"].as_u64().unwrap())
        .sum();
    assert_eq!(traffic["received"]["bytes"].as_u64().unwrap(), sum);
    // What alice sent to bob is what lies in the shared folder, byte for byte.
    let sent = it.alice(&["audit", "traffic", "--peer", BOB, "--json"]).ok().json();
    for entry in sent["entries"].as_array().unwrap() {
        let object = it.path(&format!("shared/{}", entry["object"].as_str().unwrap()));
        let size = std::fs::metadata(&object).unwrap().len();
        assert_eq!(entry["bytes"].as_u64().unwrap(), size, "{entry}");
        assert!(entry["direction"] == "in" || entry["because"].is_u64(), "{entry}");
    }
    let kinds = |said: &str| -> Vec<String> {
        let words =
            |line: &str| line.split_whitespace().skip(2).take(3).collect::<Vec<_>>().join(" ");
        said.lines().skip(1).take_while(|line| !line.is_empty()).map(words).collect()
    };
    let told = it.alice(&["audit", "traffic", "--peer", BOB]).ok().stdout;
    assert_snapshot!(kinds(&told).join("\n"), @"
    in bob@uni.org hello
    out bob@uni.org hello
    out bob@uni.org dataset
    out bob@uni.org dataset
    out bob@uni.org dataset
    out bob@uni.org grant
    out bob@uni.org events
    ");
    assert!(told.contains("approved peer bob@uni.org (line "), "{told}");
    it.alice(&["audit", "traffic", "--peer", "nobody@x.org"]).exits(3);
}
