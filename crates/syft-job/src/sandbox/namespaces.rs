//! Namespaces around a warden, made by bubblewrap (`threats.md` 4.3).

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::{geteuid, getuid};

use super::Network;
use crate::warden::system;

/// The private temporary folder as a job sees it.
pub(super) const TMP: &str = "/tmp";
/// The warden's executable as a warden sees it; a job does not.
const WARDEN: &str = "/.warden";
/// Room in the temporary folder above its limit, in which the warden sees that the
/// limit was passed and says so, before the disk is full.
const TMP_SLACK: u64 = 64 * 1024 * 1024;
/// The most that bubblewrap takes.
const TMP_MOST: u64 = u64::MAX >> 1;

/// What is to be seen inside, each at the place where it stands outside.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) readable: Vec<&'a Path>,
    /// Of these, what lies where every job can read is there anyway.
    pub(super) programs: Vec<&'a Path>,
    /// Folders in which nothing is but what of `readable` lies there.
    pub(super) emptied: Vec<&'a Path>,
    pub(super) writable: Vec<&'a Path>,
    /// Bytes that the temporary folder may hold.
    pub(super) tmp_bytes: u64,
    pub(super) network: Network,
}

impl View<'_> {
    /// The system, and nothing else.
    pub(super) fn of_nothing() -> Self {
        View {
            readable: Vec::new(),
            programs: Vec::new(),
            emptied: Vec::new(),
            writable: Vec::new(),
            tmp_bytes: 0,
            network: Network::Closed,
        }
    }
}

/// Whether this process may make namespaces with this to be seen in them; why not.
pub(super) fn check<'a>(bwrap: &Path, seen: impl Iterator<Item = &'a Path>) -> Result<(), String> {
    if getuid().is_root() || geteuid().is_root() {
        return Err("started as root: in a namespace of its own, a job of root's would still be \
                    root to some of the kernel's settings; start syft as an ordinary user"
            .to_owned());
    }
    if !fs::metadata(bwrap).is_ok_and(|found| found.is_file()) {
        return Err(format!("{} is not there; install bubblewrap", bwrap.display()));
    }
    system::check_place(seen)
}

/// The command that starts a warden as the first process of namespaces of its own,
/// for a caller that gives it an empty environment: bubblewrap clears what the
/// program inside inherits, and not what the kernel shows of bubblewrap itself.
pub(super) fn command(bwrap: &Path, warden: &Path, args: &[OsString], view: &View<'_>) -> Command {
    let mut command = Command::new(bwrap);
    // A terminal signals the group in its foreground: Ctrl-C is for the runner, which
    // tells the warden. The warden gets a session of its own from bubblewrap.
    command.process_group(0);
    command.args(["--unshare-all", "--unshare-user", "--disable-userns", "--new-session"]);
    if view.network == Network::Open {
        command.arg("--share-net");
    }
    command.args(["--die-with-parent", "--as-pid-1", "--clearenv", "--cap-drop", "ALL"]);
    command.args(["--hostname", "job", "--chdir", "/"]);
    show_system(&mut command, view.network);
    command.args(["--proc", "/proc", "--dev", "/dev"]);
    let size = view.tmp_bytes.saturating_add(TMP_SLACK).min(TMP_MOST).to_string();
    command.args(["--perms", "0700", "--size", &size, "--tmpfs", TMP]);
    for path in &view.emptied {
        command.args(["--perms", "0700", "--tmpfs"]).arg(path);
    }
    for path in view.readable.iter().chain(&view.programs) {
        bind(&mut command, "--ro-bind-try", path.as_ref(), path.as_ref());
    }
    for path in &view.writable {
        bind(&mut command, "--bind", path.as_ref(), path.as_ref());
    }
    bind(&mut command, "--ro-bind", warden.as_ref(), WARDEN.as_ref());
    let emptied = view.emptied.iter().copied();
    for place in emptied.chain(["/proc", "/dev", "/"].map(Path::new)) {
        command.arg("--remount-ro").arg(place);
    }
    command.args(["--", WARDEN]).args(args);
    command
}

/// What every job can read, by the same links as outside, and what the network needs.
fn show_system(command: &mut Command, network: Network) {
    for folder in system::folders() {
        match fs::read_link(&folder) {
            Ok(target) => bind(command, "--symlink", target.as_ref(), folder.as_ref()),
            Err(_) => bind(command, "--ro-bind-try", folder.as_ref(), folder.as_ref()),
        }
    }
    for path in system::files().chain(system::for_network(network)) {
        bind(command, "--ro-bind-try", path.as_ref(), path.as_ref());
    }
}

fn bind(command: &mut Command, how: &str, from: &OsStr, to: &OsStr) {
    command.arg(how).arg(from).arg(to);
}

/// Why bubblewrap made no namespaces: its own words, and the setting that is the
/// cause, where there is one.
pub(super) fn refusal(said: &str) -> String {
    let said = said.lines().map(str::trim).find(|line| !line.is_empty());
    let said = said.unwrap_or("bwrap ended without a word");
    let settings = [
        ("kernel/unprivileged_userns_clone", "0"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1"),
        ("user/max_user_namespaces", "0"),
    ];
    let cause = settings.into_iter().find(|(name, value)| {
        fs::read_to_string(Path::new("/proc/sys").join(name)).is_ok_and(|is| is.trim() == *value)
    });
    match cause {
        Some((name, value)) => {
            format!(
                "{said} (user namespaces are restricted: {} is {value})",
                name.replace('/', ".")
            )
        }
        None => said.to_owned(),
    }
}
