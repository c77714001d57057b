use crate::common::{ALICE, TestBox};

fn write(it: &TestBox, name: &str) {
    it.write(&format!("alice/{ALICE}/public/{name}"), name);
}

#[test]
fn a_checkpoint_is_made_shown_and_listed() {
    let it = TestBox::connected();
    write(&it, "a.txt");
    let made = it.alice(&["checkpoint", "create"]).ok().all();
    assert!(made.starts_with("Created a checkpoint with 4 files\n"), "{made}");
    let made = it.alice(&["checkpoint", "create", "--json"]).ok().json();
    let files = made["file_hashes"].as_array().unwrap();
    // The permission files, which are sealed for alice alone, and hers.
    assert_eq!(files.len(), 4, "{made}");
    let is_hers = |file: &&serde_json::Value| file["path"].as_str().unwrap().ends_with("a.txt");
    let file = files.iter().find(is_hers).unwrap();
    let content = std::fs::read(it.path("alice").join(ALICE).join("public/a.txt")).unwrap();
    assert_eq!(file["sha256"], syft_sync::core::ContentHash::of(&content).to_string());
    let status = it.alice(&["checkpoint", "status", "--json"]).ok().json();
    assert_eq!(status["schema"], "syft/checkpoint-status/1");
    assert_eq!(status["events"], 0);
    assert!(status["download"]["bytes"].as_u64().unwrap() > 0);
    let list = it.alice(&["checkpoint", "list", "--json"]).ok().json();
    assert_eq!(list["checkpoints"][0]["kind"], "full");
    for verb in ["status", "list"] {
        let shown = it.alice(&["checkpoint", verb]).ok().all();
        assert!(shown.contains("just now"), "{shown}");
    }
}

#[test]
fn sync_has_the_switches_of_the_document() {
    let it = TestBox::connected();
    let kinds = |it: &TestBox| -> Vec<String> {
        let list = it.alice(&["checkpoint", "list", "--json"]).ok().json();
        let kind = |piece: &serde_json::Value| piece["kind"].as_str().unwrap().to_owned();
        list["checkpoints"].as_array().unwrap().iter().map(kind).collect()
    };
    write(&it, "a.txt");
    it.alice(&["sync", "--no-checkpoint", "--checkpoint-threshold", "1"]).ok();
    assert_eq!(kinds(&it), ["rolling"]);
    it.alice(&["sync", "--checkpoint-threshold", "1"]).ok();
    assert_eq!(kinds(&it), ["incremental"]);
    write(&it, "b.txt");
    it.alice(&["sync", "--checkpoint-threshold", "1", "--compact-threshold", "2"]).ok();
    assert_eq!(kinds(&it), ["full"]);
}

#[test]
fn a_fresh_home_says_what_came_back() {
    let it = TestBox::connected();
    write(&it, "a.txt");
    it.alice(&["checkpoint", "create"]).ok();
    let words = it.path("words.txt");
    let words = words.to_str().unwrap();
    it.alice(&["keys", "export", words]).ok();
    std::fs::remove_dir_all(it.path("alice")).unwrap();
    let login = ["login", "--email", ALICE, "--transport", &it.url()];
    let said = it.alice(&login).ok().all();
    assert!(said.contains("is not as the keys of this home sealed it"), "{said}");
    assert!(said.contains("syft keys import FILE --replace"), "{said}");
    assert!(!it.path("alice").join(ALICE).join("public/a.txt").is_file());
    it.alice(&["keys", "import", words, "--replace"]).ok();
    let said = it.alice(&login).ok().all();
    assert!(said.contains("Restored from the store: 4 files, 1 peer"), "{said}");
    assert!(it.path("alice").join(ALICE).join("public/a.txt").is_file());
    // In one step, with a fresh home.
    std::fs::remove_dir_all(it.path("alice")).unwrap();
    let said = it.alice(&[&login[..], &["--recovery-key-file", words]].concat()).ok().all();
    assert!(said.contains("Restored from the store: 4 files, 1 peer"), "{said}");
}
