//! The requests of the Python peer, all of them, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use syft_drive_emulator::DriveEmulator;

use crate::client::{Answer, Client, encoded};

const TRACE: &str = include_str!("../fixtures/http_trace.jsonl");

/// What stands here for the ids of the recording.
#[derive(Debug, Default)]
struct Known(BTreeMap<String, String>);

impl Known {
    /// A text with our ids in place of the recorded ones.
    fn ours(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (recorded, ours) in &self.0 {
            text = text.replace(recorded, ours);
        }
        text
    }

    /// Learns from both answers to the same request.
    fn learn(&mut self, line: &Value, answer: &Answer) {
        if let Some(recorded) = line["response"]["id"].as_str().filter(|id| id.starts_with("id")) {
            let ours = answer.json()["id"].as_str().unwrap().to_owned();
            let known = self.0.insert(recorded.to_owned(), ours.clone());
            assert!(known.is_none_or(|known| known == ours), "{recorded} is another file now");
        }
        if let Some(to) = line["response_location"].as_str() {
            let upload = |url: &str| url.rsplit_once("upload_id=").unwrap().1.to_owned();
            self.0.insert(upload(to), upload(answer.header("location")));
        }
    }
}

fn send(who: &Client, line: &Value, known: &Known) -> Answer {
    let text = |value: &Value| known.ours(value.as_str().unwrap());
    let query: Vec<(String, String)> = line["query"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let pairs: Vec<(&str, &str)> = query.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let target = format!("{}?{}", text(&line["path"]), encoded(&pairs));
    let headers: Vec<(String, String)> = line["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let body = match (&line["body"], &line["body_text"], &line["body_len"]) {
        (Value::Object(_), ..) => Some(known.ours(&line["body"].to_string()).into_bytes()),
        (_, Value::String(text), _) => Some(known.ours(text).into_bytes()),
        (.., Value::Number(length)) => Some(vec![b'x'; length.as_u64().unwrap() as usize]),
        _ => None,
    };
    who.send(line["method"].as_str().unwrap(), &target, &headers, body.as_deref()).unwrap()
}

/// The ids of a list: in order if one was asked for.
fn ids(list: &Value, ordered: bool) -> Vec<String> {
    let files = list["files"].as_array().unwrap().iter();
    let mut ids: Vec<String> =
        files.map(|file| file["id"].as_str().unwrap_or_default().to_owned()).collect();
    if !ordered {
        ids.sort();
    }
    ids
}

#[test]
fn the_python_peer_is_answered_as_it_was() {
    let drive = DriveEmulator::start().unwrap();
    let lines: Vec<Value> = TRACE.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let actors: BTreeSet<&str> = lines.iter().map(|line| line["actor"].as_str().unwrap()).collect();
    let clients: BTreeMap<&str, Client> =
        actors.into_iter().map(|email| (email, Client::user(&drive, email))).collect();
    let mut known = Known::default();
    for (number, line) in lines.iter().enumerate() {
        let answer = send(&clients[line["actor"].as_str().unwrap()], line, &known);
        let place =
            format!("line {}: {line}\n{}", number + 1, String::from_utf8_lossy(&answer.body));
        assert_eq!(u64::from(answer.status), line["status"].as_u64().unwrap(), "{place}");
        known.learn(line, &answer);
        if line["response"]["files"].is_array() {
            let recorded: Value =
                serde_json::from_str(&known.ours(&line["response"].to_string())).unwrap();
            let ordered = line["query"]["orderBy"].is_string();
            let (ours, theirs) = (ids(&answer.json(), ordered), ids(&recorded, ordered));
            let by_words = line["query"]["q"].as_str().unwrap().contains(" contains ");
            if by_words {
                // The stand-in looked for the text as it is; Drive looks for its words,
                // and finds more.
                assert!(theirs.iter().all(|id| ours.contains(id)), "{place}");
            } else {
                assert_eq!(ours, theirs, "{place}");
            }
        }
        if let Some(parents) = line["response"]["parents"].as_array() {
            let parents: Vec<String> =
                parents.iter().map(|p| known.ours(p.as_str().unwrap())).collect();
            assert_eq!(answer.json()["parents"], Value::from(parents), "{place}");
        }
    }
    assert!(lines.len() > 300);
    assert_eq!(drive.requests().iter().filter(|line| !line.batched).count(), lines.len());
}
