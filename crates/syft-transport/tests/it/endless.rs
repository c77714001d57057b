//! A server that answers without an end takes no memory without one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use futures::TryStreamExt as _;
use syft_core::Email;
use syft_transport::{
    Error, Object, OpendalTransport, Space, SpaceKind, StoreLogin, StoreUrl, Transport,
};

const MIB: usize = 1 << 20;
/// An object that is larger than any other answer may be.
const SIZE: usize = 65 * MIB;

/// Lists without an end, and has one object.
fn hostile() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever hangs up has heard enough.
            std::thread::spawn(move || drop(answer(stream)));
        }
    });
    address
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let piece = vec![b' '; MIB];
    if first.starts_with("GET /object/x/") {
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {SIZE}\r\n\r\n")?;
        return (0..SIZE / MIB).try_for_each(|_| stream.write_all(&piece));
    }
    if first.contains("/told") {
        return write!(stream, "HTTP/1.1 207 Multi-Status\r\ncontent-length: {SIZE}\r\n\r\n");
    }
    write!(stream, "HTTP/1.1 207 Multi-Status\r\ntransfer-encoding: chunked\r\n\r\n")?;
    loop {
        write!(stream, "{MIB:x}\r\n")?;
        stream.write_all(&piece)?;
        stream.write_all(b"\r\n")?;
    }
}

/// Two of its kinds, with a folder of this name.
fn stores(address: SocketAddr, folder: &str) -> [OpendalTransport; 2] {
    let login = StoreLogin::none().with_user("alice").with_password("secret".to_owned());
    let urls = [
        format!("webdav://{address}/{folder}/x?tls=no"),
        format!("s3://{folder}/x?endpoint=http://{address}"),
    ];
    urls.map(|url| {
        let url = StoreUrl::parse(&url).unwrap();
        OpendalTransport::as_claimed(&url, me(), &login).unwrap()
    })
}

fn me() -> Email {
    Email::parse("alice@hospital.org").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_an_end_is_none() {
    let address = hostile();
    for store in ["endless", "told"].into_iter().flat_map(|folder| stores(address, folder)) {
        let listed = store.discover(SpaceKind::Inbox).await;
        let Err(error @ Error::Permanent { .. }) = listed else { panic!("{listed:?}") };
        assert!(error.to_string().contains("it is larger than 64 MiB"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_may_be_larger_than_an_answer() {
    let space = Space::Log { owner: me() };
    let object = Object {
        id: format!("{space}/large"),
        name: "large".parse().unwrap(),
        space,
        size: SIZE as u64,
        version: None,
        owner: None,
        created: None,
    };
    for store in stores(hostile(), "object") {
        let body = store.get(&object, None).await.unwrap();
        let size = body.try_fold(0, async |size, piece| Ok(size + piece.len())).await.unwrap();
        assert_eq!(size, SIZE);
    }
}
