//! A server that gives canned answers and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What was asked: the first line, the head in lower case, and the form.
#[derive(Clone)]
pub struct Asked {
    pub line: String,
    pub head: String,
    pub form: BTreeMap<String, String>,
}

pub struct Server {
    pub root: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A status with perhaps more lines of the head, as `429 Slow\r\nRetry-After: 7`, and a body.
pub type Answer = (&'static str, String);

/// In a body: all values of the form that was sent.
pub const ECHO: &str = "{echo}";

pub fn ok(body: impl Into<String>) -> Answer {
    ("200 OK", body.into())
}

pub fn refused(body: impl Into<String>) -> Answer {
    ("400 Bad Request", body.into())
}

impl Server {
    /// Gives these answers in turn, and the last one for ever.
    pub async fn answering(answers: impl IntoIterator<Item = Answer>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, seen) = (answers.into_iter().collect::<Vec<_>>(), asked.clone());
        tokio::spawn(async move {
            for turn in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                serve(stream, &answers[turn.min(answers.len() - 1)], &seen).await;
            }
        });
        Server { root, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, (status, body): &Answer, seen: &Mutex<Vec<Asked>>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).await.unwrap() == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let lower = head.to_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut form = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut form).await.unwrap();
    let form: BTreeMap<_, _> = url::form_urlencoded::parse(&form).into_owned().collect();
    let line = head.lines().next().unwrap().to_owned();
    seen.lock().unwrap().push(Asked { line, head: lower, form: form.clone() });
    let asked: Vec<String> = form.into_values().collect();
    let body = body.replace(ECHO, &asked.join(" "));
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n");
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
}
