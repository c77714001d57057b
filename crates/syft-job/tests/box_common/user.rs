//! Tests that root cannot make, run as an ordinary user.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

use rustix::process::geteuid;
use syft_job::sandbox::{IsolationLevel, Probe, WardenSandbox, probe};

/// Where the warden's executable is for tests that were started again.
const WARDEN: &str = "BOX_TEST_WARDEN";
/// `nobody`.
const USER: u32 = 65534;

#[allow(clippy::disallowed_methods, reason = "how a test knows that it was started again")]
pub(crate) fn warden() -> PathBuf {
    let copy = std::env::var_os(WARDEN).map(PathBuf::from);
    copy.unwrap_or_else(|| env!("CARGO_BIN_EXE_syft-warden").into())
}

/// Runs a test as an ordinary user. Where root has started the tests, all of its module
/// are started again as somebody else, once, and `test` is what that said of it: its
/// name, below the modules that it is in.
pub(crate) fn as_user(test: &str, body: impl FnOnce()) {
    if !geteuid().is_root() {
        return body();
    }
    static SAID: Mutex<BTreeMap<String, Arc<OnceLock<String>>>> = Mutex::new(BTreeMap::new());
    let module = test.rfind("::").map_or("", |at| &test[..at + 2]);
    let said = SAID.lock().unwrap().entry(module.to_owned()).or_default().clone();
    let said = said.get_or_init(|| all_as_user(module));
    assert!(said.lines().any(|line| line == format!("test {test} ... ok")), "{said}");
}

/// With each box in namespaces that root can make, and each that an ordinary user can.
pub(crate) fn in_namespaces(test: &str, body: impl Fn(WardenSandbox)) {
    namespaces().into_iter().for_each(&body);
    if geteuid().is_root() {
        as_user(test, || {});
    }
}

/// As an ordinary user, with the box that bubblewrap makes, if it makes one here.
pub(crate) fn in_bubblewrap(test: &str, body: impl FnOnce(WardenSandbox)) {
    as_user(test, || {
        let bubblewrap = format!("{:?}", super::boxed().in_bubblewrap());
        let made = namespaces().into_iter().find(|made| format!("{made:?}") == bubblewrap);
        made.map(body).unwrap_or_default();
    });
}

/// The executables stand where nobody else may look; their copies do not.
fn all_as_user(module: &str) -> String {
    let folder = tempfile::tempdir_in("/var/tmp").unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let copy = |from: &Path, name: &str| {
        let to = folder.path().join(name);
        fs::copy(from, &to).unwrap();
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755)).unwrap();
        to
    };
    let tests = copy(&std::env::current_exe().unwrap(), "tests");
    let warden = copy(&warden(), "warden");
    let tmp = folder.path().join("tmp");
    fs::create_dir(&tmp).unwrap();
    chown(&tmp, Some(USER), Some(USER)).unwrap();
    let (user, group) = (format!("--reuid={USER}"), format!("--regid={USER}"));
    let ended = Command::new("setpriv")
        .args([user.as_str(), &group, "--clear-groups", "--inh-caps=-all"])
        .arg(tests)
        .arg(module)
        .current_dir("/")
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("SECRET_OF_THE_CALLER", "canary")])
        .env(WARDEN, warden)
        .env("TMPDIR", tmp)
        .output()
        .unwrap();
    let [out, err] =
        [ended.stdout, ended.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
    format!("as user {USER}:\n{out}\n{err}")
}

/// The boxes in namespaces that this user can make. None, where the machine lets it
/// make none: then the reason must have been found, and nothing but that may be the
/// reason.
#[allow(clippy::print_stderr, reason = "not to pass in silence")]
pub(crate) fn namespaces() -> Vec<WardenSandbox> {
    static FOUND: OnceLock<[Probe; 2]> = OnceLock::new();
    let boxes = [super::boxed().in_bubblewrap(), super::boxed().in_namespaces()];
    let found = FOUND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        boxes.each_ref().map(|sandbox| probe(sandbox, folder.path()))
    });
    assert!(Path::new("/usr/bin/bwrap").exists(), "missing: apt-get install bubblewrap");
    let root = geteuid().is_root();
    let can_be_made = Command::new("unshare")
        .args(if root { &["--net"][..] } else { &["--user", "--map-root-user", "--net"] })
        .args(["--pid", "--fork", "--mount-proc", "true"])
        .status()
        .unwrap();
    let mut made = Vec::new();
    for (sandbox, found) in boxes.into_iter().zip(found) {
        if found.level == IsolationLevel::L2 {
            made.push(sandbox);
            continue;
        }
        let why = found.reasons.join("; ");
        if root && why.starts_with("bubblewrap was not tried as root") {
            continue;
        }
        assert!(!can_be_made.success(), "namespaces can be made here, and yet: {why}");
        eprintln!("this user can make no namespaces here: {why}");
    }
    made
}
