//! The page about Google Drive: what it has its readers type, what it says is printed, and
//! what it says lies in Drive.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use syft_drive_emulator::{Consent, DriveEmulator, Fault, FaultPlan, FileSnapshot, Rule};
use syft_sync::core::{Clock, SystemClock, Timestamp};

use super::browser::{Terminal, browse, open};
use crate::common::{ALICE, BOB, TestBox};

const PAGE: &str = include_str!("../../../../../docs/google-drive.md");

/// Stands for lines that are left out.
const LEFT_OUT: &str = "…";

const COUNT: &str = "import csv, os
rows = list(csv.DictReader(open(os.environ['SYFT_DATASET_CENSUS'])))
with open(os.path.join(os.environ['SYFT_OUTPUTS'], 'count.txt'), 'w') as out:
    print(len(rows), file=out)
";

/// Part of the page.
#[derive(Debug)]
enum Part {
    Heading(String),
    Typed(Step),
    /// What lies in a Drive.
    Drawn(String),
}

/// What one person types, and is told.
#[derive(Debug)]
struct Step {
    line: usize,
    who: String,
    command: String,
    code: i32,
    said: Vec<String>,
}

/// The page from top to bottom.
fn parts() -> Vec<Part> {
    let mut parts = Vec::new();
    let mut block: Option<(&str, Vec<&str>)> = None;
    for (at, line) in PAGE.lines().enumerate() {
        match (line.strip_prefix("```"), &mut block) {
            (Some(mark), None) => block = Some((mark, Vec::new())),
            (Some(_), Some(("text", lines))) => {
                parts.push(Part::Drawn(lines.join("\n")));
                block = None;
            }
            (Some(_), Some(("console", _))) => block = None,
            (Some(_), Some((mark, _))) => panic!("line {}: what is a block of {mark}?", at + 1),
            (None, Some(("console", _))) => match prompt(line) {
                Some((who, typed)) => parts.push(Part::Typed(step(at + 1, who, typed))),
                None => match parts.last_mut() {
                    Some(Part::Typed(step)) => step.said.push(line.to_owned()),
                    other => panic!("line {}: nobody typed anything: {other:?}", at + 1),
                },
            },
            (None, Some((_, lines))) => lines.push(line),
            (None, None) if line.starts_with('#') => {
                parts.push(Part::Heading(line.trim_start_matches(['#', ' ']).to_owned()));
            }
            (None, None) => {}
        }
    }
    parts
}

fn prompt(line: &str) -> Option<(&str, &str)> {
    let (who, typed) = line.split_once("$ ")?;
    who.bytes().all(|byte| byte.is_ascii_lowercase()).then_some((who, typed))
}

fn step(line: usize, who: &str, typed: &str) -> Step {
    let (command, code) = typed.split_once("  # exits ").unwrap_or((typed, "0"));
    let code = code.parse().unwrap();
    Step { line, who: who.to_owned(), command: command.to_owned(), code, said: Vec::new() }
}

/// Those who are on the page, each in a folder of their own.
struct People {
    it: TestBox,
    drive: DriveEmulator,
}

impl People {
    fn new() -> People {
        let people = People { it: TestBox::empty(), drive: DriveEmulator::start().unwrap() };
        let robot = "syft@hospital.iam.gserviceaccount.com";
        let dana = people.drive.add_user("dana@hospital.org");
        let key = people.drive.service_account(robot, &[dana.email()]);
        let file = |who: &str, name: &str, text: &str| {
            people.it.write(&format!("{who}/{name}"), text);
        };
        for email in [ALICE, BOB, "carol@lab.org", "erin@hospital.org", "frank@lab.org"] {
            let (user, who) = (people.drive.add_user(email), email.split('@').next().unwrap());
            file(who, "credentials.json", &user.client_file_json());
            file(who, "token.json", &user.token_file_json(false));
        }
        let of_bob = people.drive.add_user(BOB).token_file_json(false);
        file("erin", "of-bob.json", &of_bob);
        file("dana", "key.json", &key);
        file("erin", "key.json", &key);
        file("alice", "census.csv", "age,sex\n31,f\n47,m\n28,f\n52,m\n39,f\n44,m\n61,f\n35,m\n");
        file("alice", "census_mock.csv", "age,sex\n1,f\n2,m\n");
        file("bob", "count.py", COUNT);
        people
    }

    /// What has happened when a part of the page begins.
    fn stage(&self, heading: &str) {
        self.drive.set_faults(FaultPlan::default());
        self.drive.set_consent(Consent::Agree);
        match heading {
            "How much, how often" => {
                let hour = Fault::TooManyRequests(Some(Duration::from_secs(3600)));
                self.drive.add_fault(Rule::new(hour));
            }
            "The login page says \"access denied\"" => self.drive.set_consent(Consent::Refuse),
            "The login ends" => {
                let path = self.it.path("alice/syftbox/.syft/keys/google.json");
                let mut kept: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                let end = Timestamp::new(SystemClock.now().seconds() + 2.0 * 86_400.0).unwrap();
                kept["refresh_token_expiry"] = end.to_rfc3339().into();
                fs::write(&path, kept.to_string()).unwrap();
            }
            "The login has ended, or was taken back" => {
                self.drive.add_user(ALICE).withdraw_consent();
            }
            _ => {}
        }
    }

    fn shell(&self, step: &Step) -> Command {
        let program = Path::new(env!("CARGO_BIN_EXE_syft")).parent().unwrap().to_owned();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([program].into_iter().chain(std::env::split_paths(&path)));
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &step.command])
            .current_dir(self.it.path(&step.who))
            .env_clear()
            .env("PATH", path.unwrap())
            .env("HOME", self.it.path(&step.who))
            .env("SYFT_DRIVE_ENDPOINT", self.drive.url());
        shell
    }

    /// What somebody sees who types a command: the code, and the lines.
    fn types(&self, step: &Step) -> (i32, Vec<String>) {
        let mut command = self.shell(step);
        let output = match step.command.contains("--credentials credentials.json") {
            true => self.logs_in(&mut command, step.said.iter().any(|line| is_pasted(line))),
            false => {
                // Both together, as on a terminal.
                let text = format!("{{ {}\n}} 2>&1", step.command);
                command.args(["-c", &text]).output().unwrap()
            }
        };
        let said = self.it.said(&output);
        let own = format!("$BOX/{}", step.who);
        let text = (said.stdout + &said.stderr).replace(&own, "~");
        let lines = text.replace('\r', "");
        let lines = lines.lines().map(|line| shown(line, self.drive.url())).collect();
        (said.code, lines)
    }

    /// A login in a browser, here or on another machine.
    fn logs_in(&self, command: &mut Command, elsewhere: bool) -> std::process::Output {
        let (mut terminal, ours) = Terminal::new();
        let mut child = command
            .env("NO_COLOR", "1")
            .stdin(ours.try_clone().unwrap())
            .stderr(ours)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The other end of the terminal is the program's alone from here on.
        command.stdin(Stdio::null()).stderr(Stdio::null());
        let url = terminal.until("/o/oauth2");
        terminal.until("paste its address here");
        if elsewhere {
            let (_, sent_to) = open(&url);
            terminal.screen.write_all(format!("{}\n", sent_to.unwrap()).as_bytes()).unwrap();
        } else {
            browse(&url);
        }
        let mut told = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut told).unwrap();
        let status = child.wait().unwrap();
        // It ends with an error, since nobody writes there any more.
        let mut rest = Vec::new();
        let _ = terminal.screen.read_to_end(&mut rest);
        let seen = terminal.seen + &String::from_utf8_lossy(&rest);
        std::process::Output {
            status,
            stdout: [seen.into_bytes(), told].concat(),
            stderr: Vec::new(),
        }
    }

    /// What lies in somebody's Drive: whether others could read it, with whom it is shared,
    /// and who put it there unless it was that person.
    fn draw(&self, email: &str) -> String {
        let files = self.drive.files();
        let paths = files.iter().map(|file| (path_of(file, &files), file));
        let mut mine: Vec<_> = paths.filter(|((_, whose), _)| whose == email).collect();
        mine.sort_by(|a, b| a.0.cmp(&b.0));
        let lines = mine.into_iter().map(|((path, _), file)| {
            let state = match &file.content {
                None => "",
                Some(bytes) if bytes.starts_with(b"SYC2") => "sealed",
                Some(_) => "open",
            };
            let others = file.permissions.iter().filter(|(who, _)| **who != file.owner);
            let others = others.map(|(who, role)| format!("{who}: {role}"));
            let by = (file.owner != email).then(|| format!("by {}", file.owner));
            let told: Vec<String> = Some(state.to_owned())
                .into_iter()
                .filter(|state| !state.is_empty())
                .chain(others)
                .chain(by)
                .collect();
            let indent = "  ".repeat(path.len() - 1);
            let slash = if file.content.is_none() { "/" } else { "" };
            let name = format!("{indent}{}{slash}", plain(path.last().unwrap()));
            format!("{name:<65}{}", told.join(", ")).trim_end().to_owned()
        });
        let mut lines: Vec<String> = lines.collect();
        // Of those that differ in time or id alone one is enough.
        lines.dedup();
        lines.join("\n")
    }
}

/// Where a file lies, and in whose Drive.
fn path_of(file: &FileSnapshot, files: &[FileSnapshot]) -> (Vec<String>, String) {
    let parent = file.parent.as_ref().and_then(|id| files.iter().find(|it| it.id == *id));
    let (mut path, whose) = match parent {
        Some(parent) => path_of(parent, files),
        None => (Vec::new(), file.owner.clone()),
    };
    path.push(file.name.clone());
    (path, whose)
}

/// A name without times, ids and hashes, which differ from run to run.
fn plain(name: &str) -> String {
    let is_part = |c: char| c.is_ascii_hexdigit() || matches!(c, '.' | '-');
    let mut text = String::new();
    let mut rest = name;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, after) = rest.split_at(at);
        let start = before.trim_end_matches(|c: char| c.is_ascii_hexdigit()).len();
        let run = after.find(|c| !is_part(c)).unwrap_or(after.len());
        let whole = &rest[start..at + run];
        let whole = whole.trim_end_matches(['.', '-']);
        text += &rest[..start];
        text += if whole.len() >= 12 { LEFT_OUT } else { whole };
        rest = &rest[start + whole.len()..];
    }
    text + rest
}

fn is_pasted(line: &str) -> bool {
    line.starts_with("http://127.0.0.1:")
}

/// A line, without what is of the imitation.
fn shown(line: &str, drive: &str) -> String {
    let page = format!("    {drive}/o/oauth2/");
    if line.starts_with(&page) {
        return "    https://accounts.google.com/o/oauth2/…".to_owned();
    }
    if is_pasted(line) {
        return "http://127.0.0.1:…".to_owned();
    }
    line.trim_end().to_owned()
}

/// Whether what was said is what the page says, which may leave out lines.
fn fits(page: &[String], said: &[String]) -> bool {
    match page {
        [] => said.is_empty(),
        [first, rest @ ..] if first == LEFT_OUT => {
            (0..=said.len()).any(|skipped| fits(rest, &said[skipped..]))
        }
        [first, rest @ ..] => said.first() == Some(first) && fits(rest, &said[1..]),
    }
}

#[test]
fn the_page_about_google_drive() {
    let people = People::new();
    let mut drawn = [ALICE, BOB].into_iter();
    let mut wrong = Vec::new();
    let mut typed = 0;
    for part in parts() {
        match part {
            Part::Heading(heading) => people.stage(&heading),
            Part::Drawn(drawing) => {
                let there = people.draw(drawn.next().unwrap());
                let mails = people.drive.mails();
                let mails: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
                assert_eq!(mails, [ALICE], "the page tells of one");
                if there != drawing {
                    wrong.push(format!("the page draws\n{drawing}\nand there is\n{there}"));
                }
            }
            Part::Typed(step) => {
                typed += 1;
                let (code, said) = people.types(&step);
                if code != step.code || !fits(&step.said, &said) {
                    let Step { line, who, command, .. } = &step;
                    let said = said.join("\n");
                    wrong.push(format!("line {line}: {who}$ {command}\n{said}\n[exit {code}]"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(typed > 30 && drawn.next().is_none(), "the page has lost something: {typed}");
}
