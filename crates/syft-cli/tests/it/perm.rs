use crate::common::{BOB, TestBox};
use insta::assert_snapshot;

const RUN_SH: &str = "jobs/bob@uni.org/count/run.sh";

#[test]
fn a_check_answers_by_its_exit_code() {
    let it = TestBox::connected();
    let check = |user: &str, level: &str| it.alice(&["perm", "check", RUN_SH, user, level]);
    assert_snapshot!(check(BOB, "write").exits(0).all(), @"yes: bob@uni.org may write jobs/bob@uni.org/count/run.sh");
    assert_snapshot!(check("carol@lab.org", "read").exits(4).all(), @r"
    no: carol@lab.org may not read jobs/bob@uni.org/count/run.sh
    [exit 4]
    ");
    check(BOB, "admin").exits(4);
    check(BOB, "everything").exits(2);
    let json = it.alice(&["perm", "check", RUN_SH, BOB, "admin", "--json"]).exits(4).json();
    assert_eq!(json["schema"], "syft/perm-check/1");
    assert_eq!(json["allowed"], false);
}

#[test]
fn path_and_user_are_taken_as_they_are() {
    let it = TestBox::new();
    it.alice(&["perm", "check", "public/x", "Nobody In Particular", "read"]).exits(0);
    it.alice(&["perm", "check", "public/../private/x", BOB, "read"]).exits(4);
    it.alice(&["perm", "check", "", BOB, "read"]).exits(4);
    it.unplug();
    it.alice(&["perm", "check", "public/x", BOB, "read"]).exits(0);
}

#[test]
fn explain_names_file_and_line() {
    let it = TestBox::connected();
    assert_snapshot!(it.alice(&["perm", "explain", RUN_SH, BOB]).ok().all(), @r"
    bob@uni.org on jobs/bob@uni.org/count/run.sh
      read: yes   write: yes   admin: no
      decided by: jobs/bob@uni.org/syft.pub.yaml, line 2, pattern `*/run.sh`
      because the rule names this user, or everyone
    ");
    assert_snapshot!(it.alice(&["perm", "explain", RUN_SH, BOB, "--json"]).ok().all(), @r#"
    {
      "schema": "syft/perm-explain/1",
      "path": "jobs/bob@uni.org/count/run.sh",
      "user": "bob@uni.org",
      "read": true,
      "write": true,
      "admin": false,
      "file": "jobs/bob@uni.org/syft.pub.yaml",
      "line": 2,
      "pattern": "*/run.sh",
      "reason": "the rule names this user, or everyone"
    }
    "#);
}

#[test]
fn show_lists_the_files_on_the_way() {
    let it = TestBox::connected();
    assert_snapshot!(it.alice(&["perm", "show", RUN_SH]).ok().all(), @r"
    syft.pub.yaml
      no rules: only the owner may

    jobs/bob@uni.org/syft.pub.yaml
    LINE  PATTERN        READ         WRITE        ADMIN
    2     */run.sh                    bob@uni.org
    8     */config.yaml               bob@uni.org
    14    */code/**                   bob@uni.org
    20    */cancel                    bob@uni.org
    26    **             bob@uni.org

    jobs/bob@uni.org/count/run.sh is decided by jobs/bob@uni.org/syft.pub.yaml
    ");
    let json = it.alice(&["perm", "show", "public", "--json"]).ok().json();
    assert_eq!(json["decides"], "public/syft.pub.yaml");
    assert_eq!(json["files"][1]["rules"][0]["read"][0], "*");
    it.alice(&["perm", "show", "../bob"]).exits(2);
}

#[test]
fn a_bad_permission_file_is_shown_and_reported() {
    let it = TestBox::new();
    it.write("alice/alice@hospital.org/public/syft.pub.yaml", "rules: 7\n");
    assert_snapshot!(it.alice(&["perm", "show", "public/x"]).ok().all(), @r"
    syft.pub.yaml
      no rules: only the owner may

    public/syft.pub.yaml
      cannot be read: line 1: `rules` must be a list, not a number

    public/x is decided by public/syft.pub.yaml
    ");
    it.alice(&["perm", "check", "public/x", BOB, "read"]).exits(4);
    let doctor = it.alice(&["doctor", "--json"]).json();
    let check = doctor["checks"].as_array().unwrap().iter().find(|c| c["name"] == "permissions");
    assert_eq!(check.unwrap()["ok"], false);
}

#[test]
fn access_is_granted_listed_and_revoked() {
    let it = TestBox::connected();
    it.write("alice/alice@hospital.org/api_data/r.json", "{}");
    it.write("alice/alice@hospital.org/api_data/deep/s.json", "{}");
    assert_snapshot!(it.alice(&["perm", "grant", "api_data/", BOB, "read"]).ok().all(), @r"
    bob@uni.org may read api_data/.
    Written: api_data/syft.pub.yaml
    ");
    it.bob(&["sync"]).ok();
    let copy = it.path("bob/alice@hospital.org/api_data/r.json");
    assert!(copy.exists(), "the command sent what is there");
    assert_snapshot!(it.alice(&["perm", "list"]).ok().all(), @r"
    PATH                  FILES  READ         WRITE  ADMIN
    api_data/r.json              bob@uni.org
    api_data/deep/s.json         bob@uni.org

    4 other files: nobody but me may read them.
    ");
    assert_snapshot!(it.alice(&["perm", "list", "--who", BOB, "--level", "write"]).ok().all(), @"6 other files: bob@uni.org may not write them.");
    let listed = it.alice(&["perm", "list", "--who", BOB, "--json"]).ok().json();
    assert_eq!(listed["schema"], "syft/perm-list/1");
    assert_eq!(listed["paths"][0]["path"], "api_data/deep/s.json");
    assert_eq!(listed["paths"][0]["read"][0], BOB);
    assert_snapshot!(it.alice(&["perm", "revoke", "api_data", BOB, "read"]).ok().all(), @r"
    bob@uni.org may no longer read api_data/.
    Written: api_data/syft.pub.yaml

    What was sent before cannot be recalled; the next sync takes it from these copies:
      bob@uni.org: api_data/deep/s.json, api_data/r.json
    ");
    it.bob(&["sync"]).ok();
    assert!(!copy.exists(), "the next sync takes it");
    let again = it.alice(&["perm", "revoke", "api_data", BOB, "read", "--json"]).ok().all();
    assert_snapshot!(again, @r#"
    {
      "schema": "syft/perm-revoke/1",
      "path": "api_data/",
      "user": "bob@uni.org",
      "level": "read",
      "files": [],
      "removed": [],
      "already_sent": {},
      "datasets": [],
      "delivery": "sent"
    }
    "#);
    let log = it.alice(&["audit", "log", "--json"]).ok().json().to_string();
    assert!(log.contains("permission.granted") && log.contains("permission.revoked"));
}

#[test]
fn a_wildcard_goes_as_a_whole_and_datasets_are_unshared_by_name() {
    let it = TestBox::connected();
    it.census("any");
    it.write("alice/alice@hospital.org/public/a.txt", "x");
    it.alice(&["sync"]).ok();
    assert_snapshot!(it.alice(&["perm", "revoke", "public/", BOB, "read"]).ok().all(), @r"
    bob@uni.org may no longer read public/.
    Written: public/syft.pub.yaml
    The entry * covered this user, so it went: others lost it there as well.

    What was sent before cannot be recalled; the next sync takes it from these copies:
      bob@uni.org: public/a.txt

    1 dataset in it is still shared with this user: census.

    Unshare it:
        syft dataset unshare census bob@uni.org
    ");
}

#[test]
fn what_has_no_effect_is_refused_with_what_to_do_instead() {
    let it = TestBox::connected();
    it.census("any");
    let grant =
        |path: &str, code| it.alice(&["perm", "grant", path, BOB, "read"]).exits(code).all();
    assert_snapshot!(grant("private/census.csv", 4), @r"
    error: private/census.csv: what is private never travels: no permission lets anybody have it
    [exit 4]
    ");
    assert_snapshot!(grant("public/datasets/census/", 4), @r"
    error: this is the mock of the dataset census, which is shared by its name
     next: syft dataset share census bob@uni.org
    [exit 4]
    ");
    it.write("alice/alice@hospital.org/lab/syft.pub.yaml", "rules: 7\n");
    assert_snapshot!(grant("lab/", 6), @r"
    error: lab/syft.pub.yaml: line 1: `rules` must be a list, not a number
     next: syft perm show lab/
    [exit 6]
    ");
    it.alice(&["perm", "grant", "public/", "nobody", "read"]).exits(2);
    let error = it.alice(&["perm", "grant", "lab/", BOB, "read", "--json"]).exits(6).json_error();
    assert_eq!(error["code"], "permission_file");
    assert_eq!(error["next"], "syft perm show lab/");
}
