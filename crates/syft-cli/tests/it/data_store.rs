//! Datasets in a store of their own.

use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

fn data(it: &TestBox) -> String {
    it.url().replace("/shared", "/data")
}

/// Whether a dataset lies in a store.
fn is_in(it: &TestBox, store: &str) -> bool {
    let folder = it.path(store).join("syft-1/collections").join(ALICE);
    let mut entries = walkdir(&folder);
    entries.retain(|path| path.is_file());
    !entries.is_empty()
}

fn walkdir(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| [vec![path.clone()], walkdir(&path)].concat()).collect()
}

#[test]
fn who_names_one_keeps_datasets_there_and_says_what_readers_type() {
    let it = TestBox::connected();
    let url = data(&it);
    assert_snapshot!(it.alice(&["login", "--data-transport", &url]).all(), @r"
    Logged in as alice@hospital.org
      home      $BOX/alice
      role      owner
      store     file://$BOX/shared
      datasets  file://$BOX/data
      words  <WORDS>
    The next sync puts your datasets there, and then takes them away where they were.

    Next, publish a dataset:
        syft dataset create NAME --mock PATH --private PATH
    ");
    assert_snapshot!(it.alice(&["whoami"]).all(), @r"
    alice@hospital.org
      home      $BOX/alice
      datasite  $BOX/alice/alice@hospital.org
      role      owner
      store     file://$BOX/shared
      datasets  file://$BOX/data
      layout    native
      sealing   auto
      packages  index
    Your datasets lie in a store of their own. To find them, whoever may have one types:
        syft peer add alice@hospital.org --via file://$BOX/shared --via file://$BOX/data
    ");
    it.census("carol@lab.org");
    assert_snapshot!(it.alice(&["dataset", "share", "census", BOB]).all(), @r"
    The mock of census is shared with bob@uni.org, carol@lab.org.
    Your datasets lie in a store of their own. To find them, whoever may have one types:
        syft peer add alice@hospital.org --via file://$BOX/shared --via file://$BOX/data
    ");
    assert!(is_in(&it, "data") && !is_in(&it, "shared"));
    // No word of hers makes him look there.
    let mocks =
        |it: &TestBox| it.bob(&["dataset", "list", "--json"]).ok().json()["datasets"].clone();
    assert_eq!(mocks(&it).as_array().unwrap().len(), 0);
    let via = ["peer", "add", ALICE, "--via", &it.url(), "--via", &url];
    assert_snapshot!(it.bob(&via).all(), @r"
    You and alice@hospital.org are connected.

    See what they share:
        syft dataset list
    ");
    assert_eq!(mocks(&it)[0]["name"], "census");
    let whoami = it.alice(&["whoami", "--json"]).ok().json();
    assert_eq!(whoami["data"], url);
    assert!(whoami["reader_commands"][0].as_str().unwrap().ends_with("/data"), "{whoami}");
    assert_eq!(it.alice(&["status", "--json"]).ok().json()["data"], url);
}

#[test]
fn what_is_not_said_stays_and_none_ends_it() {
    let it = TestBox::connected();
    let url = data(&it);
    it.census("any");
    it.alice(&["sync"]).ok();
    assert!(is_in(&it, "shared"));
    it.alice(&["login", "--data-transport", &url]).ok();
    it.alice(&["sync"]).ok();
    assert!(is_in(&it, "data") && !is_in(&it, "shared"));
    assert_eq!(it.alice(&["login", "--json"]).ok().json()["data"], url);
    let ended = it.alice(&["login", "--data-transport", "none", "--json"]).ok().json();
    assert_eq!(ended["data"], serde_json::Value::Null);
    it.alice(&["sync"]).ok();
    assert!(is_in(&it, "shared") && !is_in(&it, "data"));
    assert_eq!(it.bob(&["dataset", "list", "--json"]).ok().json()["datasets"][0]["name"], "census");
}

#[test]
fn one_that_cannot_be_is_refused_at_login() {
    let it = TestBox::connected();
    let login = |url: &str| it.alice(&["login", "--data-transport", url]).exits(2);
    assert_snapshot!(login("/mnt/data").all(), @r#"
    error: "/mnt/data" is no store: relative URL without a base; a folder is file:///its/path
     next: syft login --email alice@hospital.org --data-transport file:///mnt/data
    [exit 2]
    "#);
    assert_snapshot!(login("gdrive:").all(), @r"
    error: invalid value 'gdrive:' for '--data-transport <URL|none>': Google Drive is no store for datasets alone

    For more information, try '--help'.
    [exit 2]
    ");
    let sealed = "s3://bucket?region=x&endpoint=http://127.0.0.1:9";
    it.alice(&["login", "--data-transport", sealed]).exits(4);
    assert_eq!(it.alice(&["whoami", "--json"]).ok().json()["data"], serde_json::Value::Null);
}

#[test]
fn one_that_is_away_stops_datasets_alone() {
    let it = TestBox::connected();
    let url = data(&it);
    it.alice(&["login", "--data-transport", &url]).ok();
    std::fs::rename(it.path("data"), it.path("unplugged")).unwrap();
    it.census("any");
    let synced = it.alice(&["sync", "--json"]).ok().json();
    assert!(synced["store"].as_str().unwrap().contains("/data"), "{synced}");
    let job = it.write("job/run.sh", "echo hello\n");
    let job = std::path::Path::new(&job).parent().unwrap().to_str().unwrap().to_owned();
    it.bob(&["job", "submit", &job, "--to", ALICE]).ok();
    let jobs = it.alice(&["job", "list", "--json"]).ok().json();
    assert_eq!(jobs["jobs"][0]["status"], "inbox", "{jobs}");
    std::fs::rename(it.path("unplugged"), it.path("data")).unwrap();
    it.alice(&["sync"]).ok();
    assert!(is_in(&it, "data"));
}
