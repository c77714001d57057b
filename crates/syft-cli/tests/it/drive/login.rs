//! Who one is at Google.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use super::{OnDrive, login};
use crate::common::{ALICE, BOB};

#[test]
fn a_login_by_the_token_file_of_the_python_client() {
    let on = OnDrive::empty();
    let file = on.token_of(&on.alice);
    let said = on.alice(&login(ALICE, &["--token-path", &file]));
    assert_snapshot!(said.all(), @r"
    Logged in as alice@hospital.org
      home   $BOX/alice
      role   both
      store  gdrive:
      words  <WORDS>

    Your keys were made. Keep what they come from, since a lost key is a lost identity:
        syft keys export FILE

    Next, ask a data owner to become a peer:
        syft peer add EMAIL
    ");
    let who = on.alice(&["whoami", "--json"]).ok().json();
    assert_eq!((&who["transport"], &who["layout"]), (&"gdrive:".into(), &"pysyft".into()));
    assert_eq!(on.kept("alice"), fs::read_to_string(&file).unwrap());
    let mode = |path: &str| on.it.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("alice/.syft/keys/google.json"), 0o600);
    assert_eq!(mode("alice/.syft/keys"), 0o700);
    on.alice(&["sync"]).ok();
    assert_eq!(mode("alice/.syft/cache/listings.json"), 0o600);
    assert_eq!(mode("alice/.syft/cache/drive-folders.json"), 0o600);
}

#[test]
fn the_layout_is_another_one_if_that_is_said() {
    let on = OnDrive::empty();
    let file = on.token_of(&on.alice);
    on.alice(&login(ALICE, &["--token-path", &file, "--layout", "native"])).ok();
    assert_eq!(on.alice(&["whoami", "--json"]).ok().json()["layout"], "native");
    on.alice(&["login", "--role", "owner"]).ok();
    assert_eq!(on.alice(&["whoami", "--json"]).ok().json()["layout"], "native");
}

#[test]
fn the_environment_names_the_token_file_of_a_first_login() {
    let on = OnDrive::empty();
    let file = on.token_of(&on.alice);
    let of_bob = on.token_of(&on.bob);
    on.syft("alice", &login(ALICE, &[]), &[("SYFT_TOKEN_PATH", &file)]).ok();
    let kept = on.kept("alice");
    // What the home has is not given up for what the environment says.
    let said = on.syft("alice", &["login", "--role", "owner"], &[("SYFT_TOKEN_PATH", &of_bob)]);
    said.ok();
    assert_eq!(on.kept("alice"), kept);
}

#[test]
fn a_new_token_file_takes_the_place_of_the_login_alone() {
    let on = OnDrive::empty();
    let file = on.token_of(&on.alice);
    on.alice(&login(ALICE, &["--token-path", &file, "--role", "owner"])).ok();
    let config = || fs::read_to_string(on.it.path("alice/.syft/config.yaml")).unwrap();
    let (before, keys) = (config(), on.alice(&["keys", "show"]).ok().raw);
    let new = on.it.write("new.json", &on.alice.through("another").token_file_json(false));
    on.alice(&["login", "--token-path", &new]).ok();
    assert_eq!(on.kept("alice"), fs::read_to_string(&new).unwrap());
    assert_eq!((config(), on.alice(&["keys", "show"]).ok().raw), (before, keys));
}

#[test]
fn the_account_must_be_that_of_the_home() {
    let on = OnDrive::empty();
    let of_bob = on.token_of(&on.bob);
    let said = on.alice(&login(ALICE, &["--token-path", &of_bob]));
    assert_snapshot!(said.all(), @r"
    error: could not log in to Google Drive: the account at Google is bob@uni.org, not alice@hospital.org; log in with that address, or choose the other account (permission denied)
     next: syft login --email alice@hospital.org --transport gdrive: --token-path FILE
    [exit 4]
    ");
    assert!(!on.it.path("alice").exists(), "a login that fails leaves nothing");
    let of_alice = on.token_of(&on.alice);
    on.alice(&login(ALICE, &["--token-path", &of_alice])).ok();
    let kept = on.kept("alice");
    on.alice(&["login", "--token-path", &of_bob]).exits(4);
    assert_eq!(on.kept("alice"), kept, "a login that fails changes nothing");
}

#[test]
fn who_names_no_login_is_told_both_ways() {
    let on = OnDrive::empty();
    assert_snapshot!(on.alice(&login(ALICE, &[])).all(), @r"
    error: Google has to know who you are: name the token file of a login, or log in with a browser by syft login --email alice@hospital.org --transport gdrive: --credentials credentials.json
     next: syft login --email alice@hospital.org --transport gdrive: --token-path token.json
    [exit 2]
    ");
    assert_snapshot!(on.alice(&login(ALICE, &["--json"])).all(), @r#"
    {"schema":"syft/error/1","code":"usage","message":"Google has to know who you are: name the token file of a login, or log in with a browser by syft login --email alice@hospital.org --transport gdrive: --credentials credentials.json","next":"syft login --email alice@hospital.org --transport gdrive: --token-path token.json"}
    [exit 2]
    "#);
    let file = on.token_of(&on.alice);
    on.alice(&login(ALICE, &["--token-path", &file, "--offline"])).exits(2);
    on.alice(&login(ALICE, &["--token-path", &file, "--credentials", &file])).exits(2);
    on.alice(&login(ALICE, &["--token-path", "nowhere.json"])).exits(3);
    assert!(!on.it.path("alice").exists());
}

#[test]
fn another_file_than_the_one_that_is_meant_is_named() {
    let on = OnDrive::empty();
    let token = on.token_of(&on.alice);
    let program = on.it.write("credentials.json", &on.alice.client_file_json());
    let other = on.it.write("notes.json", "[1, 2]");
    assert_snapshot!(on.alice(&login(ALICE, &["--token-path", &program])).all(), @r"
    error: $BOX/credentials.json: could not use the file of a login: it is a client secrets file (credentials.json), which says which program asks and not who: log in with it first; wanted is the token.json of a login, or the key of a service account
     next: syft login --email alice@hospital.org --transport gdrive: --credentials FILE
    [exit 2]
    ");
    assert_snapshot!(on.alice(&login(ALICE, &["--credentials", &token])).all(), @r#"
    error: $BOX/alice@hospital.org.json: could not use the client secrets file: it is a token file, the result of a login; wanted is a credentials.json of an OAuth client of the type "Desktop app"
     next: syft login --email alice@hospital.org --transport gdrive: --token-path FILE
    [exit 2]
    "#);
    assert_snapshot!(on.alice(&login(ALICE, &["--token-path", &other])).all(), @r"
    error: $BOX/notes.json: could not use the file of a login: it must be a JSON object
     next: syft login --email alice@hospital.org --transport gdrive: --token-path FILE
    [exit 2]
    ");
    assert!(!on.it.path("alice").exists());
}

#[test]
fn an_address_at_google_has_nothing_behind_it() {
    let on = OnDrive::empty();
    let file = on.token_of(&on.alice);
    let login = |url| ["login", "--email", ALICE, "--transport", url, "--token-path", &file];
    assert_snapshot!(on.alice(&login("gdrive:work")).all(), @r#"
    error: "gdrive:work" is no store: Google Drive is gdrive: with nothing behind it, and its account is that of the login
    [exit 2]
    "#);
    assert_snapshot!(on.alice(&login("file:///mnt/shared")).all(), @r"
    error: --token-path and --credentials are for Google Drive, and the store is file:///mnt/shared
     next: syft login --email alice@hospital.org --transport gdrive: --token-path FILE
    [exit 2]
    ");
}

#[test]
fn a_service_account_acts_as_the_person() {
    let on = OnDrive::empty();
    let robot = "robot@hospital.iam.gserviceaccount.com";
    let key = on.it.write("key.json", &on.drive.service_account(robot, &[ALICE]));
    on.alice(&login(ALICE, &["--token-path", &key])).ok();
    on.alice(&["sync"]).ok();
    let doctor = on.alice(&["doctor", "--json"]).ok().json();
    let checks = doctor["checks"].as_array().unwrap();
    let login_check = checks.iter().find(|check| check["name"] == "Google login").unwrap();
    let told = login_check["detail"].as_str().unwrap();
    assert!(told.starts_with("of a service account that acts as alice@hospital.org"), "{told}");
    // Nobody allowed it to act as Bob.
    assert_snapshot!(on.bob(&login(BOB, &["--token-path", &key])).all(), @r"
    error: could not log in to Google Drive: the service account may not act for this account: its administrator has to allow it the scope of Google Drive (unauthorized_client: Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the scopes requested.) (permission denied)
     next: syft login --email bob@uni.org --transport gdrive: --token-path FILE
    [exit 4]
    ");
    // It may also be somebody itself.
    on.syft("robot", &login(robot, &["--token-path", &key]), &[]).ok();
}

#[test]
fn f18_a_login_that_others_may_read_is_not_used() {
    let on = OnDrive::logged_in();
    let file = on.it.path("alice/.syft/keys/google.json");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert_snapshot!(on.alice(&["status"]).all(), @r"
    error: others may read $BOX/alice/.syft/keys/google.json, which holds the login at Google of this home
     next: chmod go-rwx $BOX/alice/.syft/keys/google.json
    [exit 4]
    ");
    // A new login puts it right, as the command does that is named.
    let new = on.token_of(&on.alice);
    on.alice(&["login", "--token-path", &new]).ok();
    on.alice(&["status"]).ok();
}

#[test]
fn what_is_known_of_the_store_can_be_lost() {
    let on = OnDrive::logged_in();
    on.bob(&["peer", "add", ALICE]).ok();
    on.alice(&["peer", "approve", BOB, "--trust-first"]).ok();
    on.bob(&["sync"]).ok();
    let peers = || on.bob(&["peer", "list"]).ok().stdout;
    let before = peers();
    fs::remove_dir_all(on.it.path("bob/.syft/cache")).unwrap();
    assert_eq!(peers(), before);
    fs::write(on.it.path("bob/.syft/cache/listings.json"), "no listing").unwrap();
    fs::write(on.it.path("bob/.syft/cache/drive-folders.json"), "{}\n{}").unwrap();
    assert_eq!(peers(), before);
}

#[test]
fn a_login_goes_with_the_store_that_it_is_for() {
    let on = OnDrive::logged_in();
    let url = on.it.url();
    assert_snapshot!(on.alice(&["login", "--transport", &url]).all(), @r"
    Logged in as alice@hospital.org
      home   $BOX/alice
      role   both
      store  file://$BOX/shared
      words  <WORDS>
    The store is new: nobody has used it before. Your peers log in with the same.
    The login at Google that this home kept was removed: this store has no use for it. Your account at Google still lists the program among those with access.

    Next, ask a data owner to become a peer:
        syft peer add EMAIL
    ");
    let kept = |who: &str| on.it.path(who).join(".syft/keys/google.json").exists();
    assert!(!kept("alice"), "no token is left for a store that is not used any more");
    let told = on.alice(&["login", "--json"]).ok().json();
    assert_eq!(told["google_login_removed"], false, "there is none any more");
    let log = on.alice(&["audit", "log"]).ok().stdout;
    assert_eq!(log.matches("google.forgotten").count(), 1, "{log}");
    // What it was read from is not touched, and logs in again.
    let file = on.token_of(&on.alice);
    on.alice(&login(ALICE, &["--token-path", &file])).ok();
    on.alice(&["sync"]).ok();

    on.bob(&["reset", "--remote", "--yes", BOB]).ok();
    assert!(kept("bob"), "the home goes on with its store");
    on.bob(&["reset", "--yes", BOB]).ok();
    assert!(!kept("bob"));
}

#[test]
fn a_peer_that_is_removed_and_taken_in_again_is_let_in_whatever_was_remembered() {
    let on = OnDrive::logged_in();
    on.bob(&["peer", "add", ALICE]).ok();
    on.alice(&["peer", "approve", BOB, "--trust-first"]).ok();
    on.bob(&["sync"]).ok();
    let open_to_bob = || {
        let files = on.drive.files().into_iter();
        let open = files.filter(|it| it.owner == ALICE && it.permissions.contains_key(BOB));
        open.map(|it| it.name).collect::<std::collections::BTreeSet<_>>()
    };
    let (before, memory) = (open_to_bob(), on.it.path("alice/.syft/cache/drive-folders.json"));
    let remembered = fs::read(&memory).unwrap();
    on.alice(&["peer", "remove", BOB]).ok();
    assert!(open_to_bob().is_empty());
    on.bob(&["sync"]).ok();
    fs::write(&memory, remembered).unwrap();
    on.alice(&["peer", "add", BOB]).ok();
    assert_eq!(open_to_bob(), before);
    on.bob(&["sync"]).ok();
}
