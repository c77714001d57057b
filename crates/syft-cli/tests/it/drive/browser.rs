//! A login in a browser, with a browser that does as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use syft_drive_emulator::Consent;

use super::{OnDrive, login};
use crate::common::{ALICE, BOB};

/// Opens an address: what is shown, and where the browser is sent.
pub(super) fn open(url: &str) -> (String, Option<String>) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, target) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let ask = format!("GET /{target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(ask.as_bytes()).unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    let to = page.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location").then(|| value.to_owned())
    });
    (page, to)
}

/// Opens an address and goes where it sends the browser; what is shown in the end.
pub(super) fn browse(url: &str) -> String {
    match open(url) {
        (_, Some(to)) => browse(&to),
        (page, None) => page,
    }
}

/// A login that waits for a browser, and the page that it wants to be opened.
fn begin(on: &OnDrive, options: &[&str]) -> (Child, String, BufReader<impl Read + use<>>) {
    let program = on.it.write("credentials.json", &on.alice.client_file_json());
    let mut child = Command::new(env!("CARGO_BIN_EXE_syft"))
        .args(login(ALICE, &["--credentials", &program]))
        .args(options)
        .env_clear()
        .env("SYFTBOX_FOLDER", on.it.path("alice"))
        .env("SYFT_DRIVE_ENDPOINT", on.drive.url())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let page = format!("{}/o/oauth2", on.drive.url());
    let url = loop {
        let mut line = String::new();
        assert_ne!(told.read_line(&mut line).unwrap(), 0, "no page was named");
        if let Some(at) = line.find(&page) {
            let url: String = line[at..].chars().take_while(|c| !"\" \n".contains(*c)).collect();
            break url;
        }
    };
    (child, url, told)
}

/// How it ended, with what it said on stdout and last on stderr.
fn end(child: Child, mut told: BufReader<impl Read>) -> (i32, String, String) {
    let output = child.wait_with_output().unwrap();
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), rest)
}

#[test]
fn a_login_in_a_browser() {
    let on = OnDrive::empty();
    let (child, url, told) = begin(&on, &[]);
    assert!(url.contains("login_hint=alice%40hospital.org"), "{url}");
    assert!(browse(&url).contains("Logged in"));
    let (code, said, _) = end(child, told);
    assert_eq!(code, 0);
    assert!(said.starts_with("Logged in as alice@hospital.org"), "{said}");
    on.alice(&["sync"]).ok();
    assert!(on.kept("alice").contains("refresh_token"));
}

#[test]
fn a_login_in_a_browser_for_a_program_that_reads_along() {
    let on = OnDrive::empty();
    let (child, url, told) = begin(&on, &["--json"]);
    browse(&url);
    let (code, said, _) = end(child, told);
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["schema"]), (0, &"syft/login/1".into()));
}

#[test]
fn who_refuses_or_is_somebody_else_is_not_logged_in() {
    let on = OnDrive::empty();
    on.drive.set_consent(Consent::Refuse);
    let (child, url, told) = begin(&on, &[]);
    assert!(browse(&url).contains("Not logged in"));
    let (code, _, told) = end(child, told);
    assert!(code == 4 && told.contains("it was refused in the browser"), "{code} {told}");
    // Enough for a home that nobody has logged in to yet.
    assert!(told.contains("syft login --email alice@hospital.org --transport gdrive: --cred"));
    on.drive.set_consent(Consent::AgreeAs(BOB.to_owned()));
    let (child, url, told) = begin(&on, &[]);
    browse(&url);
    let (code, _, told) = end(child, told);
    assert!(code == 4 && told.contains("the account at Google is bob@uni.org"), "{code} {told}");
    assert!(told.contains("syft login --email alice@hospital.org --transport gdrive: --cred"));
    assert!(!on.it.path("alice").exists());
}

/// A terminal, and what a person sees there.
#[cfg(target_os = "linux")]
pub(super) struct Terminal {
    pub(super) screen: std::fs::File,
    pub(super) seen: String,
}

#[cfg(target_os = "linux")]
impl Terminal {
    /// With the end that a program is given.
    pub(super) fn new() -> (Terminal, std::fs::File) {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        let name = ptsname(&screen, Vec::new()).unwrap().into_string().unwrap();
        let ours = std::fs::File::options().read(true).write(true).open(name).unwrap();
        (Terminal { screen: screen.into(), seen: String::new() }, ours)
    }

    /// Looks until a text stands there whole, with the line that it is in.
    pub(super) fn until(&mut self, text: &str) -> String {
        loop {
            let lines = self.seen.split_inclusive('\n');
            if let Some(line) = lines.filter(|line| line.ends_with('\n')).find(|l| l.contains(text))
            {
                return line.trim().to_owned();
            }
            let mut bytes = [0; 1024];
            let read = self.screen.read(&mut bytes).unwrap();
            self.seen += &String::from_utf8_lossy(&bytes[..read]);
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_address_of_a_browser_elsewhere_is_pasted() {
    let on = OnDrive::empty();
    let program = on.it.write("credentials.json", &on.alice.client_file_json());
    let (mut terminal, ours) = Terminal::new();
    let mut child = Command::new(env!("CARGO_BIN_EXE_syft"))
        .args(login(ALICE, &["--credentials", &program]))
        .env_clear()
        .env("SYFTBOX_FOLDER", on.it.path("alice"))
        .env("SYFT_DRIVE_ENDPOINT", on.drive.url())
        .stdin(ours.try_clone().unwrap())
        .stdout(Stdio::null())
        .stderr(ours)
        .spawn()
        .unwrap();
    let url = terminal.until("/o/oauth2");
    terminal.until("paste its address here");
    terminal.screen.write_all(b"http://127.0.0.1/?nothing\n").unwrap();
    terminal.until("there is no code in this address");
    let (_, sent_to) = open(&url);
    terminal.screen.write_all(format!("{}\n", sent_to.unwrap()).as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{}", terminal.seen);
    on.alice(&["sync"]).ok();
}
