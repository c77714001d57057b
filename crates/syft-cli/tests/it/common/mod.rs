//! A sealed box for tests: two people, each with a home, over one shared folder,
//! and nothing of the environment but the path. What is printed is compared
//! whole, with times, paths and ids replaced by words.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use syft_sync::job::sandbox::IsolationLevel;
use tempfile::TempDir;

/// The owner of the story.
pub const ALICE: &str = "alice@hospital.org";
/// The scientist of the story.
pub const BOB: &str = "bob@uni.org";

/// Two homes and a folder that both see.
pub struct TestBox {
    root: TempDir,
}

/// What a command said.
pub struct Said {
    /// How it ended.
    pub code: i32,
    /// Results, normalised.
    pub stdout: String,
    /// Notes and errors, normalised.
    pub stderr: String,
    /// Results as they came.
    pub raw: String,
}

impl TestBox {
    /// Homes that nobody has logged in to yet, and an empty shared folder.
    pub fn empty() -> TestBox {
        let root = TempDir::new().unwrap();
        std::fs::create_dir(root.path().join("shared")).unwrap();
        TestBox { root }
    }

    /// Both have logged in: alice as an owner, bob as both.
    pub fn new() -> TestBox {
        TestBox::logged_in(&[])
    }

    fn logged_in(options: &[&str]) -> TestBox {
        let it = TestBox::empty();
        let url = it.url();
        let login = |email, role| {
            let login = ["login", "--email", email, "--transport", &url, "--role", role];
            [&login[..], options].concat()
        };
        it.alice(&login(ALICE, "owner")).ok();
        it.bob(&login(BOB, "both")).ok();
        it
    }

    /// Both have logged in and are connected.
    pub fn connected() -> TestBox {
        TestBox::new().connect()
    }

    /// The same of two who seal nothing.
    pub fn in_the_open() -> TestBox {
        TestBox::logged_in(&["--encrypt", "off"]).connect()
    }

    fn connect(self) -> TestBox {
        let it = self;
        it.bob(&["peer", "add", ALICE]).ok();
        it.alice(&["peer", "approve", BOB, "--trust-first"]).ok();
        it.bob(&["sync"]).ok();
        it
    }

    /// The store's address.
    pub fn url(&self) -> String {
        format!("file://{}", self.path("shared").display())
    }

    /// A path in the box.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.path().join(below)
    }

    /// Writes a file in the box and says where.
    pub fn write(&self, below: &str, text: &str) -> String {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// What alice types.
    pub fn alice(&self, args: &[&str]) -> Said {
        self.syft("alice", args, &[])
    }

    /// What bob types.
    pub fn bob(&self, args: &[&str]) -> Said {
        self.syft("bob", args, &[])
    }

    /// What somebody types in a home, with variables of the environment.
    pub fn syft(&self, who: &str, args: &[&str], variables: &[(&str, &str)]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_syft"))
            .args(args)
            .current_dir(self.root.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("nobody"))
            .env("SYFTBOX_FOLDER", self.path(who))
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        self.said(&output)
    }

    /// The level of the box that jobs run in on this machine.
    pub fn level(&self) -> String {
        self.alice(&["doctor", "--json"]).json()["isolation"]["level"].as_str().unwrap().to_owned()
    }

    /// Takes the shared folder away, as when a drive is not there.
    pub fn unplug(&self) {
        std::fs::rename(self.path("shared"), self.path("unplugged")).unwrap();
    }

    /// Brings the shared folder back.
    pub fn plug_in(&self) {
        std::fs::rename(self.path("unplugged"), self.path("shared")).unwrap();
    }

    /// A dataset of alice, shared with `audience`.
    pub fn census(&self, audience: &str) {
        let mock = self.write("census_mock.csv", "age,sex\n1,f\n2,m\n");
        let private =
            self.write("census.csv", "age,sex\n31,f\n47,m\n28,f\n52,m\n39,f\n44,m\n61,f\n35,m\n");
        let create = ["dataset", "create", "census", "--mock", &mock, "--private", &private];
        let told = ["--summary", "who lives here", "--tag", "people", "--share", audience];
        self.alice(&[&create[..], &told[..]].concat()).ok();
    }

    /// A text with what differs from run to run replaced.
    pub fn shown(&self, text: &str) -> String {
        normalised(text, self.root.path())
    }

    /// What a command said that was started otherwise.
    pub fn said(&self, output: &Output) -> Said {
        let raw = String::from_utf8(output.stdout.clone()).unwrap();
        let stderr = String::from_utf8(output.stderr.clone()).unwrap();
        Said {
            code: output.status.code().unwrap_or(-1),
            stdout: normalised(&raw, self.root.path()),
            stderr: normalised(&stderr, self.root.path()),
            raw,
        }
    }
}

impl Said {
    /// Panics unless it went well.
    #[track_caller]
    pub fn ok(self) -> Said {
        assert_eq!(self.code, 0, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// Panics unless it ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Said {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }

    /// All that was said, as a person sees it.
    pub fn all(&self) -> String {
        let code = if self.code == 0 { String::new() } else { format!("[exit {}]\n", self.code) };
        format!("{}{}{code}", self.stdout, self.stderr)
    }

    /// The JSON object on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.raw)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.raw, self.stderr))
    }

    /// The JSON object on stderr.
    #[track_caller]
    pub fn json_error(&self) -> Value {
        serde_json::from_str(&self.stderr)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stderr))
    }
}

/// Replaces what differs from run to run: the box's path, times, hashes, ids, words; and
/// from machine to machine: whether somebody has handed this user a control group.
fn normalised(text: &str, root: &Path) -> String {
    let text = text.replace(&root.display().to_string(), "$BOX");
    let text = text.replace(IsolationLevel::L3.in_words(), IsolationLevel::L2.in_words());
    let text = without_seconds(&text);
    let lines = text.split_inclusive('\n').map(|line| match line.split_whitespace().next() {
        Some("words") => "  words  <WORDS>\n".to_owned(),
        Some("took") => "  took       <N> s\n".to_owned(),
        _ => line.to_owned(),
    });
    let text: String = lines.collect();
    let mut shown = String::new();
    let mut word = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '-' || c == ':' {
            word.push(c);
        } else {
            shown.push_str(&replaced(&word));
            word.clear();
            shown.push(c);
        }
    }
    shown + &replaced(&word)
}

/// How long something took is in whole seconds, and under one where nothing else runs.
fn without_seconds(text: &str) -> String {
    let mut shown = String::new();
    for (index, part) in text.split(" in ").enumerate() {
        let (number, rest) = part.split_once(" s,").unwrap_or(("", part));
        let is_time = number == "under 1" || number.parse::<u32>().is_ok();
        shown.push_str(if index == 0 { "" } else { " in " });
        shown.push_str(&if is_time { format!("<N> s,{rest}") } else { part.to_owned() });
    }
    shown
}

fn replaced(word: &str) -> String {
    let is_hex =
        |word: &str| word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let is_time = word.len() == 20
        && word.ends_with('Z')
        && word.bytes().zip(*b"0000-00-00T00:00:00Z").all(|(b, shape)| match shape {
            b'0' => b.is_ascii_digit(),
            other => b == other,
        });
    match word.len() {
        _ if matches!(word, "L3" | "L3:") => word.replace('3', "2"),
        _ if is_time => "<TIME>".to_owned(),
        64 if is_hex(word) => "<HASH>".to_owned(),
        12 if is_hex(word) => "<ID>".to_owned(),
        _ => word.to_owned(),
    }
}
