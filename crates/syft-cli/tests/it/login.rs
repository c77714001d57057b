use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

#[test]
fn a_login_makes_a_home_and_says_what_comes_next() {
    let it = TestBox::empty();
    let url = it.url();
    let owner = it.alice(&["login", "--email", ALICE, "--transport", &url, "--role", "owner"]);
    assert_snapshot!(owner.all(), @r"
    Logged in as alice@hospital.org
      home   $BOX/alice
      role   owner
      store  file://$BOX/shared
      words  <WORDS>
    The store is new: nobody has used it before. Your peers log in with the same.

    Your keys were made. Keep what they come from, since a lost key is a lost identity:
        syft keys export FILE

    Next, publish a dataset:
        syft dataset create NAME --mock PATH --private PATH
    ");
    let both = it.bob(&["login", "--email", BOB, "--transport", &url]);
    assert_snapshot!(both.all(), @r"
    Logged in as bob@uni.org
      home   $BOX/bob
      role   both
      store  file://$BOX/shared
      words  <WORDS>

    Your keys were made. Keep what they come from, since a lost key is a lost identity:
        syft keys export FILE

    Next, ask a data owner to become a peer:
        syft peer add EMAIL
    ");
    assert_snapshot!(it.alice(&["whoami"]).all(), @"
    alice@hospital.org
      home      $BOX/alice
      datasite  $BOX/alice/alice@hospital.org
      role      owner
      store     file://$BOX/shared
      layout    native
      sealing   auto
      packages  index
    ");
}

#[test]
fn the_owner_says_where_packages_come_from() {
    let it = TestBox::new();
    let url = it.url();
    let login = |said: &str| {
        let login = ["login", "--email", ALICE, "--transport", &url, "--role", "owner"];
        it.alice(&[&login[..], &["--packages", said]].concat())
    };
    let packages = || it.alice(&["whoami", "--json"]).ok().json()["packages"].clone();
    assert_eq!(packages(), "index");
    login("none").ok();
    assert_eq!(packages(), "none");
    it.alice(&["login", "--email", ALICE, "--transport", &url, "--role", "owner"]).ok();
    assert_eq!(packages(), "none", "a login that says nothing of it changes nothing");
    let wheels = it.path("wheels");
    login(wheels.to_str().unwrap()).exits(2);
    assert_eq!(packages(), "none");
    std::fs::create_dir(&wheels).unwrap();
    login(wheels.to_str().unwrap()).ok();
    assert_eq!(packages(), wheels.canonicalize().unwrap().to_str().unwrap());
    login("index").ok();
    assert_eq!(packages(), "index");
    let log = it.alice(&["audit", "log", "--json"]).ok().json();
    let entries = log["entries"].as_array().unwrap().iter();
    assert_eq!(entries.filter(|entry| entry["action"] == "packages").count(), 3, "{log}");
}

#[test]
fn a_second_login_leaves_what_the_first_one_switched_on() {
    let it = TestBox::empty();
    let url = it.url();
    let login = ["login", "--email", ALICE, "--transport", &url];
    it.alice(&[&login[..], &["--event-cache"]].concat()).ok();
    it.alice(&[&login[..], &["--role", "owner"]].concat()).ok();
    let config = std::fs::read_to_string(it.path("alice/.syft/config.yaml")).unwrap();
    assert!(config.contains("event_cache: true") && config.contains("role: owner"), "{config}");
    let said = it.alice(&["login", "--packages", "none", "--json"]).ok().json();
    assert_eq!((&said["email"], &said["packages"]), (&ALICE.into(), &"none".into()));
    assert_eq!((&said["role"], &said["transport"]), (&"owner".into(), &url.into()));
}

#[test]
fn a_first_login_says_what_it_needs() {
    let it = TestBox::empty();
    for (said, needed) in [
        (&["login"][..], "--email"),
        (&["login", "--email", ALICE], "--transport"),
        (&["login", "--transport", "file:///nowhere"], "--email"),
    ] {
        let error = it.alice(said).exits(2);
        let needs = format!("the first login in a home needs {needed}");
        assert!(error.stderr.contains(&needs), "{}", error.stderr);
        assert!(error.stderr.contains("syft login --email EMAIL --transport URL"));
    }
    assert!(!it.path("alice/.syft").exists());
}

#[test]
fn a_home_without_login_says_how_to_log_in() {
    let it = TestBox::empty();
    assert_snapshot!(it.alice(&["status"]).all(), @r"
    error: nobody is logged in at $BOX/alice
     next: syft login --email YOU@EXAMPLE.ORG --transport file:///SHARED/FOLDER
    [exit 2]
    ");
    assert_snapshot!(it.alice(&["status", "--json"]).all(), @r#"
    {"schema":"syft/error/1","code":"not_logged_in","message":"nobody is logged in at $BOX/alice","next":"syft login --email YOU@EXAMPLE.ORG --transport file:///SHARED/FOLDER"}
    [exit 2]
    "#);
}

#[test]
fn a_damaged_configuration_is_named() {
    let it = TestBox::new();
    it.write("alice/.syft/config.yaml", "email: [\n");
    let said = it.alice(&["whoami", "--json"]).exits(9).json_error();
    assert_eq!(said["code"], "damaged");
    assert!(said["message"].as_str().unwrap().contains("alice/.syft/config.yaml is damaged"));
    let url = it.url();
    it.alice(&["login", "--email", ALICE, "--transport", &url]).exits(9);
}

#[test]
fn as_guards_against_the_wrong_home() {
    let it = TestBox::new();
    assert_snapshot!(it.alice(&["whoami", "--as", BOB]).all(), @r"
    error: this home belongs to alice@hospital.org, not to bob@uni.org
     next: syft --home DIR whoami
    [exit 2]
    ");
    it.syft("alice", &["whoami"], &[("SYFTBOX_EMAIL", BOB)]).exits(2);
    it.alice(&["whoami", "--as", ALICE]).ok();
    let url = it.url();
    assert_snapshot!(it.alice(&["login", "--email", BOB, "--transport", &url]).all(), @r"
    error: this home belongs to alice@hospital.org, not to bob@uni.org
     next: syft --home DIR whoami
    [exit 2]
    ");
}

#[test]
fn a_store_that_cannot_be_is_refused_at_login() {
    let it = TestBox::empty();
    let login = |url: &str| it.alice(&["login", "--email", ALICE, "--transport", url]).exits(2);
    assert_snapshot!(login("/mnt/shared").all(), @r#"
    error: "/mnt/shared" is no store: relative URL without a base; a folder is file:///its/path
     next: syft login --email alice@hospital.org --transport file:///mnt/shared
    [exit 2]
    "#);
    assert_snapshot!(login("gopher://somewhere").all(), @r"
    error: gopher: is no kind of store that this version knows; a folder is file:///its/path, Google Drive is gdrive:, and others begin with s3:, gs:, azblob:, webdav:, sftp:, dropbox:
    [exit 2]
    ");
    it.alice(&["whoami"]).exits(2);
}

#[test]
fn what_is_typed_wrongly_is_told_to_people_and_programs() {
    let it = TestBox::empty();
    let url = it.url();
    let wrong = it.alice(&["login", "--email", "Alice", "--transport", &url]);
    assert_snapshot!(wrong.all(), @r#"
    error: invalid value 'Alice' for '--email <EMAIL>': email "Alice" is not allowed: it has no @

    For more information, try '--help'.
    [exit 2]
    "#);
    assert_snapshot!(it.alice(&["frobnicate", "--json"]).all(), @r#"
    {"schema":"syft/error/1","code":"usage","message":"unrecognized subcommand 'frobnicate'","next":"syft --help"}
    [exit 2]
    "#);
    let wrong = it.syft("alice", &["whoami"], &[("PRE_SYNC", "maybe")]);
    assert_snapshot!(wrong.all(), @r#"
    error: PRE_SYNC is "maybe": it is true or false
    [exit 2]
    "#);
}

#[test]
fn suggested_commands_name_the_home_if_it_was_named() {
    let it = TestBox::new();
    assert_snapshot!(it.bob(&["--home", "alice", "peer", "list"]).all(), @r"
    No peers yet.

    Ask somebody:
        syft --home alice peer add EMAIL
    ");
}

#[test]
fn colours_are_for_those_who_ask() {
    let it = TestBox::new();
    assert!(!it.alice(&["whoami"]).raw.contains('\u{1b}'));
    assert!(it.alice(&["whoami", "--color", "always"]).raw.contains('\u{1b}'));
}

#[test]
fn help_tells_the_exit_codes() {
    let help = TestBox::empty().alice(&["--help"]).ok();
    let (_, codes) = help.stdout.split_once("Exit codes:").unwrap();
    assert_snapshot!(codes, @r"
    0    done
    1    a bug, or something unforeseen
    2    the command was not understood, or does not fit this home
    3    not found, or ambiguous
    4    refused: permission, policy, isolation
    5    the store, the network or the disk: try again
    6    a conflict with what is there
    7    the job itself failed
    8    still waiting at the deadline
    9    integrity: tampering, rollback, a changed key
    130  a run was stopped by Ctrl-C, and is interrupted
    ");
}

#[test]
fn a_second_login_never_puts_an_empty_store_in_the_place_of_one_that_is_away() {
    let it = TestBox::connected();
    let url = format!("file://{}", it.path("shared").display());
    it.unplug();
    it.alice(&["login", "--email", ALICE, "--transport", &url]).ok();
    assert!(!it.path("shared").exists(), "nothing is made where the store belongs");
    it.plug_in();
    it.alice(&["sync"]).ok();
}
