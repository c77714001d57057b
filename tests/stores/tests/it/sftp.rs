use std::fs;
use std::process::{Command, Stdio};

use syft_test_stores::{Sftp, required_or_noted};

/// A client of the server, which it knows, as its user; it does what is written to it.
pub(crate) fn client(store: &Sftp) -> Command {
    let mut client = Command::new("sftp");
    let option = |name: &str, path: &std::path::Path| format!("-o{name}={}", path.display());
    client.args(["-F", "none", "-b", "-", "-oIdentitiesOnly=yes", "-oStrictHostKeyChecking=yes"]);
    client.arg(option("IdentityFile", &store.key()));
    client.arg(option("UserKnownHostsFile", &store.known_hosts()));
    client.arg(format!("-P{}", store.port())).arg(format!("{}@127.0.0.1", store.user()));
    client.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    client
}

#[test]
fn a_file_is_put_where_the_connection_begins() {
    let Some(store) = required_or_noted(Sftp::start()) else { return };
    let here = tempfile::tempdir().unwrap();
    let file = here.path().join("file");
    fs::write(&file, "text").unwrap();
    let commands = here.path().join("commands");
    fs::write(&commands, format!("put {} file\nrename file other\n", file.display())).unwrap();
    let mut client = client(&store);
    let output = client.stdin(fs::File::open(commands).unwrap()).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}; the server said:\n{}", store.said());
    assert_eq!(fs::read_to_string(store.folder().join("other")).unwrap(), "text");
}
