//! A server: a process with a folder of its own, neither of which outlives its value.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::output::Output;
use crate::{Error, Result};

/// For so long a server may take to come up, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

/// Starts the server, and ends it with all that it started as soon as its own input ends:
/// when the value is dropped, and when the program that holds it ends, by a signal too.
const AROUND: &str = r#"
end() {
    # What is stopped starts no more: none comes between the list of its children and its end.
    kill -STOP "$1"
    while grep -q '^State:.[RSD]' /proc/"$1"/status; do :; done
    for child in $(cat /proc/"$1"/task/*/children); do end "$child"; done
    kill -KILL "$1"
}
folder=$1
shift
exec 3<&0 </dev/null
"$@" 3<&- &
exec >/dev/null 2>&1
read -r nothing <&3
end $!
wait
rm -rf -- "$folder"
"#;

/// A server that is up. It ends on drop.
#[derive(Debug)]
pub(crate) struct Process {
    around: Child,
    folder: TempDir,
    output: Output,
    port: u16,
}

impl Process {
    /// Starts a server in that folder, and waits until it takes connections. `port` finds
    /// where it listens in a line of what it says. It sees nothing of the environment but `PATH`.
    pub(crate) fn start(
        store: &'static str,
        folder: TempDir,
        command: &Command,
        port: impl Fn(&str) -> Option<u16>,
    ) -> Result<Self> {
        let failed = |why: String| Error::Failed { store, why };
        let (around, output) =
            spawn(folder.path(), command).map_err(|error| failed(error.to_string()))?;
        // From here on, whatever happens, it ends on drop.
        let mut process = Process { around, folder, output, port: 0 };
        process.port = process.output.until(PATIENCE, port).map_err(failed)?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, process.port));
        TcpStream::connect_timeout(&address, PATIENCE).map_err(|error| {
            failed(format!("{address}: {error}; it said:\n{}", process.output.said()))
        })?;
        Ok(process)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All that it said so far, for the message of a test that fails.
    pub(crate) fn said(&self) -> String {
        self.output.said()
    }
}

fn spawn(folder: &Path, command: &Command) -> std::io::Result<(Child, Output)> {
    let (reader, writer) = std::io::pipe()?;
    // In a session of its own, a Ctrl-C at the terminal is for the tests, which then end it.
    // In a mere group, the end of the tests would wake and hang up what is stopped.
    let mut around = Command::new("setsid");
    around.args(["sh", "-c", AROUND, "sh"]).arg(folder);
    around.arg(command.get_program()).args(command.get_args());
    around.env_clear().env("PATH", search_path()).env("HOME", folder).env("TMPDIR", folder);
    around.current_dir(folder).stdin(Stdio::piped());
    around.stdout(writer.try_clone()?).stderr(writer);
    Ok((around.spawn()?, Output::read(reader)))
}

#[expect(clippy::disallowed_methods, reason = "a server finds programs where its test does")]
fn search_path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into())
}

impl Drop for Process {
    fn drop(&mut self) {
        // The end of its input is the sign to end.
        drop(self.around.stdin.take());
        let _ = self.around.wait();
    }
}

/// A folder of its own for a server, that nobody else can look into.
pub(crate) fn folder(store: &'static str) -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("syft-store-")
        .tempdir()
        .map_err(|error| Error::Failed { store, why: error.to_string() })
}

/// The port in what stands behind a word, as in `listening on 127.0.0.1:4000`.
pub(crate) fn port_behind(word: &str, line: &str) -> Option<u16> {
    let (_, behind) = line.split_once(word)?;
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}
