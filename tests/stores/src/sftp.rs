//! A store that speaks SFTP.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::process::{self, Process, port_behind};
use crate::{Error, Result};

const STORE: &str = "sftp";
const SSHD: &str = "/usr/sbin/sshd";
const HOW: &str = "apt-get install openssh-server";

/// So often another port is tried: `sshd` cannot choose one, and what was free may be taken.
const TRIES: usize = 8;

/// OpenSSH's server, for files alone and for whoever runs the test. It ends on drop.
#[derive(Debug)]
pub struct Sftp {
    process: Process,
    user: String,
}

impl Sftp {
    /// Starts `sshd`, with a key of its own and one for its user.
    ///
    /// # Errors
    /// [`Error::Missing`] where it is not installed; what it said if it does not come up.
    pub fn start() -> Result<Self> {
        if !Path::new(SSHD).is_file() {
            let what = SSHD.to_owned();
            return Err(Error::Missing { store: STORE, what, how_to_get_it: HOW });
        }
        // A server of root wants the folder, which the init system makes for the one of the
        // machine. Where it is missing after all, the server says so.
        let _ = fs::create_dir("/run/sshd");
        let user = said_by(Command::new("id").arg("-un"))?.trim().to_owned();
        let mut refusal = None;
        for _ in 0..TRIES {
            match attempt() {
                Ok(process) => return Ok(Sftp { process, user }),
                Err(Error::Failed { why, .. }) if why.contains("Address already in use") => {
                    refusal = Some(why);
                }
                Err(error) => return Err(error),
            }
        }
        Err(failed(refusal.unwrap_or_default()))
    }

    /// The port of loopback at which it is.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.process.port()
    }

    /// Who may come in: whoever runs the test.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The private key of that user.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.process.folder().join(USER_KEY)
    }

    /// A file by which a client knows the server.
    #[must_use]
    pub fn known_hosts(&self) -> PathBuf {
        self.process.folder().join(KNOWN_HOSTS)
    }

    /// The folder for files, where a connection begins; an absolute path leads elsewhere too.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.process.folder().join(FILES)
    }

    /// All that the server said so far, for the message of a test that fails.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }
}

const HOST_KEY: &str = "host_key";
const USER_KEY: &str = "user_key";
const AUTHORIZED: &str = "user_key.pub";
const KNOWN_HOSTS: &str = "known_hosts";
const CONFIG: &str = "sshd_config";
const FILES: &str = "files";

fn attempt() -> Result<Process> {
    let folder = process::folder(STORE)?;
    if folder.path().to_string_lossy().contains([' ', '%', '"']) {
        // A part of its configuration knows no quotes, and files would go to the user's home.
        return Err(failed(format!("{}: no name for its folder", folder.path().display())));
    }
    let port = free_port().map_err(|error| failed(error.to_string()))?;
    prepare(&folder, port)?;
    let mut command = Command::new(SSHD);
    command.args(["-D", "-e", "-f"]).arg(folder.path().join(CONFIG));
    let find = |line: &str| port_behind("Server listening on 127.0.0.1 port ", line);
    Process::start(STORE, folder, &command, find)
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Puts into the folder what the server and its client need.
fn prepare(folder: &TempDir, port: u16) -> Result<()> {
    let told = |error: std::io::Error| failed(error.to_string());
    let place = |name: &str| folder.path().join(name);
    for key in [HOST_KEY, USER_KEY] {
        let mut command = Command::new("ssh-keygen");
        said_by(command.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(place(key)))?;
    }
    let public = fs::read_to_string(place(HOST_KEY).with_extension("pub")).map_err(told)?;
    fs::write(place(KNOWN_HOSTS), format!("[127.0.0.1]:{port} {public}")).map_err(told)?;
    fs::create_dir(place(FILES)).map_err(told)?;
    fs::write(place(CONFIG), config(folder.path(), port)).map_err(told)
}

/// The folder is below one that everybody may write, so it asks for no strict modes, and
/// there are many connections at once in a test.
fn config(folder: &Path, port: u16) -> String {
    let place = |name: &str| folder.join(name).display().to_string();
    format!(
        "ListenAddress 127.0.0.1:{port}\n\
         HostKey \"{host_key}\"\n\
         AuthorizedKeysFile \"{authorized}\"\n\
         PidFile none\n\
         StrictModes no\n\
         UsePAM no\n\
         AuthenticationMethods publickey\n\
         PermitRootLogin prohibit-password\n\
         MaxStartups 200\n\
         MaxSessions 200\n\
         Subsystem sftp internal-sftp\n\
         ForceCommand internal-sftp -d {files}\n",
        host_key = place(HOST_KEY),
        authorized = place(AUTHORIZED),
        files = place(FILES),
    )
}

fn failed(why: String) -> Error {
    Error::Failed { store: STORE, why }
}

/// What a program says that goes well.
fn said_by(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| failed(format!("{command:?}: {error}")))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(failed(format!("{command:?}: {}: {}", output.status, text(&output.stderr))))
}
