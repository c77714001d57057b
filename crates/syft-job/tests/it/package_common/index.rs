use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;
use url::Url;

/// A package index (PEP 503) of the files in a folder, on loopback.
pub(crate) struct Index {
    folder: TempDir,
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Index {
    pub(crate) fn new() -> Index {
        let folder = crate::common::scratch();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (served, seen) = (folder.path().to_owned(), requests.clone());
        // It ends with the process of the test.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (served, seen) = (served.clone(), seen.clone());
                thread::spawn(move || serve(stream, &served, &seen));
            }
        });
        Index { folder, port, requests }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn url(&self) -> Url {
        format!("http://127.0.0.1:{}/simple/", self.port).parse().unwrap()
    }

    /// The paths that were asked for.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(mut stream: TcpStream, folder: &Path, seen: &Mutex<Vec<String>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).lines();
    let first = lines.next()?.ok()?;
    // The rest of the request, so that the connection is not reset.
    for line in lines.by_ref() {
        if line.ok()?.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1)?.to_owned();
    seen.lock().unwrap().push(path.clone());
    let body = match path.strip_prefix("/simple/") {
        Some(name) => Some(page(folder, name.trim_end_matches('/')).into_bytes()),
        None => fs::read(folder.join(path.rsplit('/').next()?)).ok(),
    };
    let (status, kind) = match (&body, path.starts_with("/simple/")) {
        (None, _) => ("404 Not Found", "text/plain"),
        (Some(_), true) => ("200 OK", "text/html"),
        (Some(_), false) => ("200 OK", "application/octet-stream"),
    };
    let body = body.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    if !first.starts_with("HEAD ") {
        stream.write_all(&body).ok()?;
    }
    Some(())
}

fn page(folder: &Path, package: &str) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let links = names
        .filter(|name| name.starts_with(&format!("{package}-")))
        .map(|name| format!("<a href=\"/files/{name}\">{name}</a>\n"));
    format!("<!DOCTYPE html><html><body>\n{}</body></html>\n", links.collect::<String>())
}
