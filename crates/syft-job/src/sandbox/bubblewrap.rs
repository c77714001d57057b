//! Namespaces around a warden, made by bubblewrap (`threats.md` 4.3).

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::{geteuid, getuid};

use super::Network;
use super::view::{TMP, View};
use crate::warden::system;

/// The warden's executable as a warden sees it; a job does not.
const WARDEN: &str = "/.warden";

/// Whether this process may have bubblewrap make namespaces; why not.
pub(super) fn check(bwrap: &Path) -> Result<(), String> {
    if getuid().is_root() || geteuid().is_root() {
        return Err("bubblewrap was not tried as root: inside of what it makes, a job of root's \
                    would still be root to some of the kernel's settings"
            .to_owned());
    }
    if !fs::metadata(bwrap).is_ok_and(|found| found.is_file()) {
        return Err(format!("{} is not there; install bubblewrap", bwrap.display()));
    }
    Ok(())
}

/// The command that starts a warden as the first process of namespaces of its own,
/// for a caller that gives it an empty environment: bubblewrap clears what the
/// program inside inherits, and not what the kernel shows of bubblewrap itself.
pub(super) fn command(bwrap: &Path, warden: &Path, args: &[OsString], view: &View) -> Command {
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
    show_system(&mut command, view);
    let (tmp, others): (Vec<_>, Vec<_>) = view.fresh.iter().partition(|fresh| fresh.path == TMP);
    // What is below the temporary folder is put there once there is one.
    for fresh in tmp {
        make_folder(&mut command, &fresh.path, Some(fresh.bytes));
    }
    for path in &view.emptied {
        make_folder(&mut command, path, None);
    }
    for shown in &view.shown {
        bind(&mut command, "--ro-bind-try", &shown.from, &shown.to);
    }
    for fresh in others {
        make_folder(&mut command, &fresh.path, Some(fresh.bytes));
    }
    bind(&mut command, "--ro-bind", warden.as_ref(), WARDEN.as_ref());
    let emptied = view.emptied.iter().map(OsString::as_os_str);
    for place in emptied.chain(["/proc", "/"].map(OsStr::new)) {
        command.arg("--remount-ro").arg(place);
    }
    command.args(["--", WARDEN]).args(args);
    command
}

/// What every job can read, by the same links as outside.
fn show_system(command: &mut Command, view: &View) {
    for folder in system::folders() {
        match fs::read_link(&folder) {
            Ok(target) => bind(command, "--symlink", target.as_ref(), folder.as_ref()),
            Err(_) => bind(command, "--ro-bind-try", folder.as_ref(), folder.as_ref()),
        }
    }
    for file in system::FILES {
        bind(command, "--ro-bind-try", file.as_ref(), file.as_ref());
    }
    command.args(["--proc", "/proc", "--dir", "/dev"]);
    for device in system::DEVICES {
        bind(command, "--dev-bind", device.as_ref(), device.as_ref());
    }
    for (link, target) in view.device_links() {
        bind(command, "--symlink", target.as_ref(), link.as_ref());
    }
}

fn make_folder(command: &mut Command, path: &OsStr, bytes: Option<u64>) {
    command.args(["--perms", "0700"]);
    if let Some(bytes) = bytes {
        command.arg("--size").arg(bytes.to_string());
    }
    command.arg("--tmpfs").arg(path);
}

fn bind(command: &mut Command, how: &str, from: &OsStr, to: &OsStr) {
    command.arg(how).arg(from).arg(to);
}

/// Why bubblewrap made no namespaces: its own words.
pub(super) fn refusal(said: &str) -> String {
    let said = said.lines().map(str::trim).find(|line| !line.is_empty());
    said.unwrap_or("bwrap ended without a word").to_owned()
}
