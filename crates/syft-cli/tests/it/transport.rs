use crate::common::{ALICE, TestBox};
use insta::assert_snapshot;

#[test]
fn a_store_is_tried_out_by_whoever_has_no_home_yet() {
    let it = TestBox::empty();
    let url = it.url();
    std::fs::create_dir_all(url.strip_prefix("file://").unwrap()).unwrap();
    assert_snapshot!(it.alice(&["transport", "check", &url]).all(), @r"
    folder $BOX/shared
    PROMISE                     KEPT
    bytes come back             yes
    a part can be read          yes
    what was put is listed      yes
    a name is not taken twice   yes
    what was deleted is gone    yes
    one of many writers wins    yes
    a version is replaced once  not claimed
    capitals are told apart     yes
    ");
    // The place of a mount that is away is left as it is.
    let away = format!("{url}/away");
    let told = it.alice(&["transport", "check", &away]).exits(5).all();
    assert!(told.contains("is its drive mounted?"), "{told}");
    it.alice(&["transport", "check", &url, "--offline"]).exits(2);
}

#[test]
fn what_a_store_has_to_let_each_of_us_do_is_printed() {
    let it = TestBox::empty();
    let policy = it.alice(&[
        "transport",
        "policy",
        "s3://hospital//syft/?style=path",
        "--as",
        ALICE,
        "--json",
    ]);
    let told: serde_json::Value = serde_json::from_str(&policy.ok().stdout).unwrap();
    assert_eq!(told["schema"], "syft/transport-policy/1");
    assert_eq!(told["policies"][0]["email"], ALICE);
    assert_eq!(told["transport"], "s3://hospital/syft");
    let statements = told["policies"][0]["policy"]["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 4);
    let dropbox = it.alice(&["transport", "policy", "dropbox:///Apps/syft", "--as", ALICE]);
    assert_snapshot!(dropbox.all(), @r"
    dropbox:///Apps/syft
    Whoever may open dropbox:///Apps/syft may read and write all of it: there is no finer rule.
    Share it, for writing, with exactly these: alice@hospital.org.
    Take one folder for each pair of peers if a third is not to see who writes to whom, and how much.
    ");
    assert_snapshot!(it.alice(&["transport", "policy", "s3:///x"]).exits(2).all(), @r"
    error: could not use the address of the store: it names no bucket: s3://bucket/folder
    [exit 2]
    ");
}

#[test]
fn who_has_no_login_to_a_store_is_told_what_to_set() {
    let it = TestBox::empty();
    let s3 = "s3://hospital/x?endpoint=http://127.0.0.1:1";
    assert_snapshot!(it.alice(&["transport", "check", s3]).exits(4).all(), @r"
    error: could not log in to s3: there is no login for it (permission denied)
     next: export AWS_ACCESS_KEY_ID=KEY AWS_SECRET_ACCESS_KEY=SECRET
    [exit 4]
    ");
    assert_snapshot!(it.alice(&["transport", "check", "dropbox:///x"]).exits(4).all(), @r"
    error: could not log in to dropbox: there is no login for it (permission denied)
     next: export DROPBOX_APP_KEY=KEY DROPBOX_REFRESH_TOKEN=TOKEN
    [exit 4]
    ");
    let login = it.alice(&["login", "--email", ALICE, "--transport", s3]).exits(4).all();
    assert!(login.contains("next: export AWS_ACCESS_KEY_ID="), "{login}");
}

#[test]
fn a_store_in_other_hands_takes_nothing_in_the_open() {
    let it = TestBox::empty();
    let url = "webdav://cloud.example.org/x";
    let login =
        it.alice(&["login", "--email", ALICE, "--transport", url, "--encrypt", "off", "--offline"]);
    assert_snapshot!(login.exits(4).all(), @r"
    error: whoever has a login to webdav://cloud.example.org/x can read it and write there: nothing goes there in the open
     next: syft login --encrypt auto
    [exit 4]
    ");
    it.alice(&["whoami"]).exits(2);
}
