//! Google's own client of Drive at the emulator: what it does there has the outcome
//! that it has at Google.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use syft_drive_emulator::{DriveEmulator, Fault, Rule};

use crate::python::{Python, Script};

const OWNER: &str = "owner@hospital.org";
const SCIENTIST: &str = "scientist@uni.edu";

/// The smallest chunk that Drive takes.
const GRAIN: usize = 256 * 1024;

/// What came of the client's questions.
#[derive(Debug, Default)]
pub(crate) struct Report {
    answers: usize,
    calls: usize,
    failures: Vec<String>,
}

impl Report {
    /// Prints what was asked; true if all was as expected.
    pub(crate) fn print(&self) -> bool {
        let Report { answers, calls, failures } = self;
        println!("drive: {answers} answers to Google's client as expected, in {calls} calls");
        for failure in failures {
            println!("  DIFFERS: {failure}");
        }
        failures.is_empty()
    }
}

/// Has Google's client do everything that Syft needs of Drive.
///
/// # Errors
/// The script failed, or the emulator cannot be started.
pub(crate) fn run(python: &Python, home: &Path) -> Result<Report, String> {
    let drive = DriveEmulator::start().map_err(|error| format!("drive: {error}"))?;
    let script = python.start("drive_client.py", home)?;
    let mut client = Client { script, drive, report: Report::default() };
    client.login()?;
    client.uploads()?;
    client.lists()?;
    client.sharing()?;
    client.changes()?;
    client.errors()?;
    client.report.calls = client.drive.requests().len();
    Ok(client.report)
}

struct Client {
    script: Script,
    drive: DriveEmulator,
    report: Report,
}

impl Client {
    fn ask(&mut self, who: &str, what: &str, more: Value) -> Result<Value, String> {
        let mut question =
            Map::from_iter([("do".to_owned(), what.into()), ("who".to_owned(), who.into())]);
        if let Value::Object(more) = more {
            question.extend(more);
        }
        self.script.ask(&question)
    }

    /// Asks, and looks whether the answer is the expected one.
    fn expect(
        &mut self,
        who: &str,
        what: &str,
        more: Value,
        expected: Value,
    ) -> Result<(), String> {
        let told = self.ask(who, what, more)?;
        self.same(what, &told, &expected);
        Ok(())
    }

    fn same(&mut self, what: &str, told: &Value, expected: &Value) {
        if told == expected {
            self.report.answers += 1;
        } else {
            self.report.failures.push(format!("{what}: {told}, and expected was {expected}"));
        }
    }

    /// Asks for something whose id is needed later.
    fn make(&mut self, who: &str, what: &str, more: Value) -> Result<String, String> {
        let told = self.ask(who, what, more)?;
        let id = told.get("id").and_then(Value::as_str).map(str::to_owned);
        self.report.answers += usize::from(id.is_some());
        id.ok_or_else(|| format!("drive: {what}: {told}"))
    }

    fn login(&mut self) -> Result<(), String> {
        for email in [OWNER, SCIENTIST] {
            let file = self.drive.add_user(email).token_file_json(true);
            let question = json!({"root": self.drive.url(), "file": file});
            let expected = json!({"email": email, "refreshed": true});
            self.expect(email, "login", question, expected)?;
        }
        Ok(())
    }

    fn uploads(&mut self) -> Result<(), String> {
        let folder = self.make(OWNER, "folder", json!({"name": "uploads"}))?;
        for (size, chunks) in
            [(0, false), (0, true), (5, false), (5, true), (GRAIN, true), (2 * GRAIN + 7, true)]
        {
            let bytes = text_of(size, 1);
            let question = json!({"name": "u", "parent": folder, "bytes": bytes, "chunks": chunks});
            let id = self.make(OWNER, "upload", question)?;
            self.expect(
                OWNER,
                "download",
                json!({"id": id, "piece": GRAIN}),
                json!({"bytes": bytes}),
            )?;
            let bytes = text_of(size / 2, 2);
            let question = json!({"id": id, "bytes": bytes, "chunks": chunks});
            let expected = json!({"id": id, "size": (size / 2).to_string(), "version": "2"});
            self.expect(OWNER, "replace", question, expected)?;
            self.expect(
                OWNER,
                "download",
                json!({"id": id, "piece": GRAIN}),
                json!({"bytes": bytes}),
            )?;
        }
        // Of a chunk only a part arrives: the client goes on from there.
        let bytes = text_of(GRAIN + 9, 3);
        self.drive.add_fault(Rule::new(Fault::ChunkCut(1_000)).method("PUT").times(1));
        let question = json!({"name": "cut", "parent": folder, "bytes": bytes, "chunks": true});
        let id = self.make(OWNER, "upload", question)?;
        self.expect(OWNER, "download", json!({"id": id, "piece": GRAIN}), json!({"bytes": bytes}))
    }

    fn lists(&mut self) -> Result<(), String> {
        let folder = self.make(OWNER, "folder", json!({"name": "it's a \\ folder"}))?;
        for name in ["c", "a", "b"] {
            self.make(OWNER, "folder", json!({"name": name, "parent": folder}))?;
        }
        let question = json!({"q": format!("'{folder}' in parents and trashed=false"), "size": 2});
        self.expect(OWNER, "pages", question, json!({"pages": [["c", "b"], ["a"]]}))?;
        let question = json!({"q": r"name = 'it\'s a \\ folder'", "size": 9});
        self.expect(OWNER, "pages", question, json!({"pages": [["it's a \\ folder"]]}))?;
        self.expect(OWNER, "long_query", json!({"name": "a"}), json!({"found": 1}))?;
        let set = json!({"id": folder, "properties": {"one": "1", "two": "2"}});
        let expected = json!({"appProperties": {"one": "1", "two": "2"}});
        self.expect(OWNER, "set_properties", set, expected)?;
        let delete = json!({"id": folder, "properties": {"one": null}});
        self.expect(OWNER, "set_properties", delete, json!({"appProperties": {"two": "2"}}))
    }

    fn sharing(&mut self) -> Result<(), String> {
        let inbox = self.make(SCIENTIST, "folder", json!({"name": "inbox"}))?;
        let share =
            json!({"ids": [inbox, "nowhere"], "with": OWNER, "role": "writer", "mail": true});
        let expected = json!({"answers": ["done", "404 notFound"]});
        self.expect(SCIENTIST, "share", share, expected)?;
        let mails = self.drive.mails().len();
        self.same("mails", &mails.into(), &1.into());
        let expected = json!({"permissions": [
            {"emailAddress": SCIENTIST, "role": "owner"}, {"emailAddress": OWNER, "role": "writer"}]});
        self.expect(SCIENTIST, "shared_with", json!({"id": inbox}), expected)?;
        let question = json!({"name": "m", "parent": inbox, "bytes": "", "chunks": true});
        let message = self.make(SCIENTIST, "upload", question)?;
        let archive = self.make(OWNER, "folder", json!({"name": "archive"}))?;
        let expected = json!({"id": message, "parents": [archive]});
        self.expect(OWNER, "move", json!({"id": message, "to": archive}), expected)?;
        let fields = "ownedByMe,parents,owners(emailAddress)";
        let expected = json!({"ownedByMe": true, "owners": [{"emailAddress": SCIENTIST}]});
        self.expect(SCIENTIST, "about", json!({"id": message, "fields": fields}), expected)?;
        let expected = json!({"answers": ["403 insufficientFilePermissions"]});
        self.expect(OWNER, "delete", json!({"ids": [message]}), expected)?;
        self.expect(SCIENTIST, "delete", json!({"ids": [message]}), json!({"answers": ["done"]}))?;
        self.expect(
            SCIENTIST,
            "unshare",
            json!({"id": inbox, "with": OWNER}),
            json!({"removed": 1}),
        )?;
        let gone = json!({"status": 404, "reason": "notFound"});
        self.expect(OWNER, "about", json!({"id": inbox, "fields": "id"}), gone)
    }

    fn changes(&mut self) -> Result<(), String> {
        let start = self.ask(SCIENTIST, "token", Value::Null)?;
        let token = start.get("startPageToken").cloned().unwrap_or_default();
        let folder = self.make(OWNER, "folder", json!({"name": "news"}))?;
        let file = self.make(OWNER, "folder", json!({"name": "inside", "parent": folder}))?;
        let share = json!({"ids": [folder], "with": SCIENTIST, "role": "reader", "mail": false});
        self.expect(OWNER, "share", share, json!({"answers": ["done"]}))?;
        let told = self.ask(SCIENTIST, "changes", json!({"token": token}))?;
        let (news, token) = (told.get("changes").cloned(), told.get("token").cloned());
        let expected = json!([[folder, "news"], [file, "inside"]]);
        self.same("changes", &news.unwrap_or_default(), &expected);
        self.expect(OWNER, "delete", json!({"ids": [folder]}), json!({"answers": ["done"]}))?;
        let told = self.ask(SCIENTIST, "changes", json!({"token": token}))?;
        let expected = json!([[file, "removed"], [folder, "removed"]]);
        self.same("changes", &told.get("changes").cloned().unwrap_or_default(), &expected);
        Ok(())
    }

    fn errors(&mut self) -> Result<(), String> {
        for (what, question, status, reason) in [
            ("about", json!({"id": "nowhere", "fields": "id"}), 404, "notFound"),
            ("about", json!({"id": "root", "fields": "nothing"}), 400, "invalidParameter"),
            ("pages", json!({"q": "nonsense", "size": 1}), 400, "invalid"),
            ("pages", json!({"q": "'nowhere' in parents", "size": 1}), 404, "notFound"),
            ("changes", json!({"token": "nonsense"}), 400, "invalid"),
            ("reserve", json!({"name": "once"}), 409, "fileIdInUse"),
        ] {
            self.expect(OWNER, what, question, json!({"status": status, "reason": reason}))?;
        }
        self.drive.add_fault(Rule::new(Fault::UserRateLimit(None)).path("/files").times(1));
        let question = json!({"id": "root", "fields": "id"});
        let expected = json!({"status": 403, "reason": "userRateLimitExceeded"});
        self.expect(OWNER, "about", question, expected)?;
        // A token that is no longer good is renewed and the call made again.
        self.drive.add_user(OWNER).expire_tokens();
        let question = json!({"id": "root", "fields": "name"});
        self.expect(OWNER, "about", question, json!({"name": "My Drive"}))
    }
}

/// Some bytes, each time the same, as they stand in a question.
fn text_of(size: usize, salt: u8) -> String {
    let bytes: Vec<u8> = (0..=250_u8).cycle().map(|byte| byte ^ salt).take(size).collect();
    STANDARD.encode(bytes)
}
