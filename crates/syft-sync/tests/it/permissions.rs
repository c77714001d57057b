//! Granting and revoking by path: on a datasite alone, and between peers.

use crate::common::{Member, Trio, alice, bob, carol, scratch};
use syft_core::DatasitePath;
use syft_dataset::Audience;
use syft_perm::Level;
use syft_sync::{Error, PathAccess, PermContext};

const ALICE: &str = "alice@hospital.org";
const BOB: &str = "bob@university.org";
const CAROL: &str = "carol@institute.net";

/// Whose datasite it is, before a path in it.
fn at(path: &str) -> String {
    format!("{ALICE}/{path}")
}

fn grant(node: &Member, path: &str, user: &str, level: Level) {
    node.manager.grant_access(path, user, level).unwrap();
}

/// The example of the seed "Datasites", section "Datasite Configuration".
#[test]
fn a_datasite_is_configured_as_in_the_seed() {
    let home = scratch();
    let datasite = home.path().join(ALICE);
    std::fs::create_dir(&datasite).unwrap();
    let ctx = PermContext::at(&datasite).unwrap();

    let public_folder = ctx.open("public/").unwrap();
    public_folder.grant_read_access("*").unwrap(); // Everyone can read

    let private_folder = ctx.open("private/").unwrap();
    private_folder.grant_read_access(ALICE).unwrap(); // Owner only

    let api_folder = ctx.open("api_data/").unwrap();
    api_folder.grant_read_access(BOB).unwrap(); // Specific peer
    api_folder.grant_write_access(BOB).unwrap(); // Can write back results

    assert!(public_folder.has_read_access(CAROL).unwrap());
    assert!(!public_folder.has_write_access(CAROL).unwrap());
    assert!(!private_folder.has_read_access(BOB).unwrap());
    assert!(private_folder.has_admin_access(ALICE).unwrap());
    assert!(ctx.open("api_data/results.json").unwrap().has_write_access(BOB).unwrap());
    assert!(!api_folder.has_read_access(CAROL).unwrap());
    let told = api_folder.explain(BOB).unwrap();
    assert_eq!(told.governing_file.as_deref(), Some("api_data/syft.pub.yaml"));
    assert_eq!((told.line, told.pattern.as_deref()), (Some(2), Some("**")));
    let text = std::fs::read_to_string(datasite.join("public/syft.pub.yaml")).unwrap();
    assert_eq!(
        text,
        "rules:\n- access:\n    admin: []\n    read:\n    - '*'\n    write: []\n  pattern: '**'\nterminal: false\n"
    );

    api_folder.grant_admin_access(CAROL).unwrap();
    assert!(api_folder.has_admin_access(CAROL).unwrap());
    api_folder.revoke_admin_access(CAROL).unwrap();
    api_folder.revoke_write_access(BOB).unwrap();
    assert!(api_folder.has_read_access(BOB).unwrap() && !api_folder.has_write_access(BOB).unwrap());
    api_folder.revoke_read_access(BOB).unwrap();
    assert!(!api_folder.has_read_access(BOB).unwrap());
    assert_eq!(api_folder.revoke_read_access(BOB).unwrap().files, Vec::<String>::new());
}

#[test]
fn what_can_never_work_is_refused_and_a_bad_file_is_left_alone() {
    let home = scratch();
    let datasite = home.path().join(ALICE);
    std::fs::create_dir_all(datasite.join("bad")).unwrap();
    std::fs::write(datasite.join("bad/syft.pub.yaml"), "rules: 7\n").unwrap();
    let ctx = PermContext::at(&datasite).unwrap();
    let refused = |path: &str| ctx.open(path).unwrap().grant_read_access(BOB).unwrap_err();
    for path in ["private/", "private/datasets/x.csv"] {
        assert!(refused(path).to_string().contains("what is private never travels"), "{path}");
    }
    assert!(refused("x/.git/").to_string().contains("never travels"));
    assert!(refused("d/syft.pub.yaml").to_string().contains("for admins alone"));
    let mock = refused("public/datasets/census/mock.csv");
    assert!(matches!(&mock, Error::SharedAsDataset(name) if name == "census"), "{mock:?}");
    let bad = refused("bad/x.csv").to_string();
    assert_eq!(bad, "bad/syft.pub.yaml: line 1: `rules` must be a list, not a number");
    assert!(ctx.open("bad/").unwrap().revoke_read_access(BOB).is_err());
    let text = std::fs::read_to_string(datasite.join("bad/syft.pub.yaml")).unwrap();
    assert_eq!(text, "rules: 7\n");
    assert!(ctx.open("x").unwrap().grant_read_access("nobody in particular").is_err());
    assert!(ctx.open("../x").is_err());
    assert!(!datasite.join("x").exists() && !datasite.join("private").exists());
}

#[test]
fn the_comment_above_everything_stays_and_a_folder_needs_no_slash() {
    let home = scratch();
    let datasite = home.path().join(ALICE);
    std::fs::create_dir_all(datasite.join("lab")).unwrap();
    let text = "# Agreed with the board.\n\nrules: [] # nothing yet\nextra: 1\n";
    std::fs::write(datasite.join("lab/syft.pub.yaml"), text).unwrap();
    let ctx = PermContext::at(&datasite).unwrap();
    ctx.open("lab").unwrap().grant_read_access("*@university.org").unwrap();
    let text = std::fs::read_to_string(datasite.join("lab/syft.pub.yaml")).unwrap();
    assert!(text.starts_with("# Agreed with the board.\n\nrules:\n- access:\n"), "{text}");
    assert!(!text.contains("extra") && text.contains("'*@university.org'"), "{text}");
    assert!(ctx.open("lab/a.csv").unwrap().has_read_access(BOB).unwrap());
}

#[tokio::test]
async fn a_grant_sends_what_exists_and_a_revocation_takes_it_from_the_copy() {
    let world = Trio::connected().await;
    world.alice.write(&at("shared/a.txt"), "for some");
    world.alice.write(&at("shared/deep/b.txt"), "deep");
    world.settle().await;
    let copies = || {
        [&world.bob, &world.carol]
            .map(|node| ["shared/a.txt", "shared/deep/b.txt"].map(|p| node.read(&at(p)).is_some()))
    };
    grant(&world.alice, "shared/", BOB, Level::Read);
    grant(&world.alice, "shared/deep/b.txt", CAROL, Level::Write);
    world.settle().await;
    assert_eq!(copies(), [[true, true], [false, true]]);
    let syncer = world.alice.manager.owner_syncer();
    assert!(syncer.check_write_permission(&carol(), "shared/deep/b.txt").unwrap());

    let change = world.alice.manager.revoke_access("shared", BOB, Level::Read).unwrap();
    let lost = ["shared/a.txt", "shared/deep/b.txt"].map(|p| DatasitePath::parse(p).unwrap());
    assert_eq!(change.lost.into_iter().collect::<Vec<_>>(), [(bob(), lost.to_vec())]);
    world.settle().await;
    assert_eq!(copies(), [[false, false], [false, true]]);
    world.alice.write(&at("shared/a.txt"), "not for Bob");
    world.settle().await;
    assert_eq!(copies(), [[false, false], [false, true]]);
    assert_eq!(world.alice.audit("permission.granted").len(), 2);
    assert_eq!(
        world.alice.audit("permission.revoked")[0].subject,
        "read on /shared/ from bob@university.org"
    );
    world.alice.manager.revoke_access("shared/", BOB, Level::Read).unwrap();
    assert_eq!(world.alice.audit("permission.revoked").len(), 1, "nothing changed");
}

#[tokio::test]
async fn a_revocation_reaches_the_files_further_down_and_tells_of_the_datasets() {
    let world = Trio::connected().await;
    world.create_dataset("census", Audience::Any);
    world.alice.write(&at("public/a.txt"), "all");
    world.alice.write(&at("public/lab/b.txt"), "lab");
    world.alice.write(
        &at("public/lab/syft.pub.yaml"),
        "rules:\n- pattern: '*.txt'\n  access: {read: ['*']}\n",
    );
    world.settle().await;
    let exceptions =
        world.alice.manager.grant_access("public/", BOB, Level::Write).unwrap().exceptions;
    assert_eq!(exceptions, [DatasitePath::parse("public/lab/b.txt").unwrap()]);
    let change = world.alice.manager.revoke_access("public/", BOB, Level::Read).unwrap();
    assert_eq!(change.edit.files, ["public/syft.pub.yaml", "public/lab/syft.pub.yaml"]);
    assert_eq!(change.edit.removed.into_iter().collect::<Vec<_>>(), ["*", BOB]);
    assert_eq!(change.lost.keys().collect::<Vec<_>>(), [&bob(), &carol()], "the wildcard is gone");
    assert_eq!(change.datasets, ["census"]);
    world.settle().await;
    assert_eq!(world.bob.read(&at("public/lab/b.txt")), None);
    assert!(world.bob.manager.dataset_path(&alice(), &"census".parse().unwrap()).is_ok());
}

#[tokio::test]
async fn readers_are_listed_by_path() {
    let world = Trio::connected().await;
    world.create_dataset("census", Audience::parse([BOB]).unwrap());
    world.alice.write(&at("public/a.txt"), "all");
    world.alice.write(&at("api_data/r.json"), "{}");
    grant(&world.alice, "api_data/", BOB, Level::Write);
    let all = world.alice.manager.readers(None).unwrap();
    let of = |path: &str| -> PathAccess { all.iter().find(|a| a.path == path).unwrap().clone() };
    assert_eq!(of("public/a.txt").read, ["*", BOB, CAROL]);
    assert_eq!(of("public/a.txt").write, Vec::<String>::new());
    assert_eq!(of("api_data/r.json").read, [BOB]);
    assert_eq!(of("api_data/r.json").write, [BOB]);
    assert_eq!(of("api_data/syft.pub.yaml").read, Vec::<String>::new());
    assert_eq!(of("public/datasets/census/").read, [BOB]);
    assert!(all.iter().all(|access| !access.path.starts_with("private")));
    let dan = world.alice.manager.readers(Some("dan@lab.org")).unwrap();
    assert_eq!(dan.len(), all.len());
    assert!(dan.iter().any(|access| access.read == ["dan@lab.org"]));
}

#[tokio::test]
async fn the_list_knows_whoever_a_rule_names_peer_or_not() {
    let pair = crate::common::Pair::connected().await;
    pair.alice.write("alice@hospital.org/notes/a.txt", "a");
    let named = "dave@elsewhere.org";
    grant(&pair.alice, "notes/", named, Level::Read);
    let of = |path: &str| {
        let all = pair.alice.manager.readers(None).unwrap();
        all.into_iter().find(|access| access.path == path).unwrap().read
    };
    assert_eq!(of("notes/a.txt"), [named]);
    pair.alice.write("alice@hospital.org/lab/b.txt", "b");
    let rules = "rules:\n- pattern: '**'\n  access:\n    read: ['*@lab.org']\n";
    pair.alice.write("alice@hospital.org/lab/syft.pub.yaml", rules);
    assert_eq!(of("lab/b.txt"), ["*@lab.org"]);
}
