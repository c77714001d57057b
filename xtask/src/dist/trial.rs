//! The program, tried before it is packed.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;

/// What came of looking up a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// The program went where the name leads.
    Found,
    /// This machine cannot try it.
    NotTried(String),
}

/// Has it say its version, and tell the whole story.
pub(super) fn run(program: &Path, version: &str) -> Result<(), String> {
    let said = says(program, &["--version".as_ref()])?;
    let said = String::from_utf8_lossy(&said);
    let expected = format!("syft {version}");
    if said.trim() != expected && !said.starts_with(&format!("{expected} ")) {
        return Err(format!("--version says {:?} in place of {expected:?}", said.trim()));
    }
    says(program, &["demo".as_ref()]).map(drop)
}

/// What it prints, if it ends well.
pub(super) fn says(program: &Path, arguments: &[&OsStr]) -> Result<Vec<u8>, String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(format!("{} {arguments:?}: {}", program.display(), failure(&output)))
}

fn failure(output: &Output) -> String {
    format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim())
}

/// A login of somebody, whose token has to be renewed at once.
const LOGIN: &str = r#"{"type": "authorized_user", "token": "x", "refresh_token": "x",
"client_id": "x", "client_secret": "x", "expiry": "2020-01-01T00:00:00Z",
"token_uri": "https://oauth2.googleapis.com/token"}"#;

/// What the program hears where the name leads: no, and not again.
const NO: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Lets it go to a server by a name, in a root where there is no library: the C library
/// of a static program may want to load some when it looks one up.
///
/// # Errors
/// It does not find the name.
pub(super) fn looks_up_names(program: &Path) -> Result<Names, String> {
    let told = |error: std::io::Error| error.to_string();
    let root = tempfile::tempdir().map_err(told)?;
    furnish(root.path(), program).map_err(told)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(told)?;
    let address = listener.local_addr().map_err(told)?;
    let server = thread::spawn(move || was_asked(&listener));
    let output = log_in(root.path(), &format!("http://localhost:{}", address.port()));
    // Who comes and says nothing ends it.
    drop(TcpStream::connect(address).map_err(told)?);
    let was_asked = server.join().map_err(|_| "the server of the trial broke")?;
    match output {
        _ if was_asked => Ok(Names::Found),
        Err(error) => Ok(Names::NotTried(format!("bwrap: {error}"))),
        Ok(output) => match failure(&output) {
            said if said.contains("bwrap: ") => Ok(Names::NotTried(said)),
            said => Err(format!("it does not find localhost where there is no library: {said}")),
        },
    }
}

/// The program, a login, and the table of names.
fn furnish(root: &Path, program: &Path) -> std::io::Result<()> {
    for folder in ["etc", "home", "proc", "dev", "tmp"] {
        fs::create_dir(root.join(folder))?;
    }
    fs::copy(program, root.join("syft"))?;
    fs::write(root.join("token.json"), LOGIN)?;
    fs::write(root.join("etc/hosts"), "127.0.0.1 localhost\n")
}

fn log_in(root: &Path, endpoint: &str) -> std::io::Result<Output> {
    let mut command = Command::new("bwrap");
    command.arg("--bind").arg(root).args(["/", "--proc", "/proc", "--dev", "/dev"]);
    command.args(["--clearenv", "--setenv", "SYFT_DRIVE_ENDPOINT", endpoint, "--"]);
    command.args(["/syft", "--home", "/home", "login", "--email", "a@example.org"]);
    command.args(["--transport", "gdrive:", "--token-path", "/token.json"]);
    command.stdin(Stdio::null()).output()
}

/// Says no to whoever asks, until somebody says nothing; whether anybody asked.
fn was_asked(listener: &TcpListener) -> bool {
    let mut asked = false;
    while let Ok((mut stream, _)) = listener.accept() {
        match stream.read(&mut [0; 4096]) {
            Ok(length) if length > 0 => asked = true,
            _ => break,
        }
        // It may have gone away, which is no matter: it came.
        let _ = stream.write_all(NO);
    }
    asked
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{run, says};

    #[test]
    fn what_ends_badly_says_how() {
        let echo = Path::new("/bin/echo");
        assert_eq!(says(echo, &["a".as_ref()]).unwrap(), b"a\n");
        let error = says(Path::new("/bin/false"), &[]).unwrap_err();
        assert!(error.contains("exit status: 1"), "{error}");
        assert!(says(Path::new("/nothing"), &[]).is_err());
    }

    #[test]
    fn another_version_is_refused() {
        let error = run(Path::new("/bin/echo"), "1.2.3").unwrap_err();
        assert!(error.contains("in place of \"syft 1.2.3\""), "{error}");
    }
}
