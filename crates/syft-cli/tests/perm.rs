#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "tests"
)]

mod common;

use common::{BOB, TestBox};
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
