//! Servers for which a private authority vouches, as a hospital has its own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use syft_core::Email;
use syft_transport::{Error, OpendalTransport, Result, SpaceKind, StoreLogin, StoreUrl, Transport};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/authority").join(name)
}

/// Has nothing, and says so to whoever believes that it is the server that it says.
fn empty_server() -> String {
    let certificate = CertificateDer::from_pem_file(fixture("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut reader = BufReader::new(StreamOwned::new(connection, stream));
            // Whoever does not believe it hangs up.
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let none = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            drop(reader.get_mut().write_all(none.as_bytes()));
            reader.get_mut().conn.send_close_notify();
            drop(reader.get_mut().flush());
        }
    });
    address
}

fn open(url: &str) -> Result<OpendalTransport> {
    let me = Email::parse("alice@hospital.org").unwrap();
    let login = StoreLogin::none().with_user("alice").with_password("secret".to_owned());
    OpendalTransport::as_claimed(&StoreUrl::parse(url)?, me, &login)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_vouches_for_a_server_of_ones_own() {
    let server = empty_server();
    for (url, is_known) in [
        (format!("webdav://{server}/x?ca="), true),
        (format!("s3://bucket/x?endpoint=https://{server}&ca="), false),
    ] {
        let with = |ca: &str| format!("{url}{}", fixture(ca).display());
        let trusted = open(&with("authority.pem")).unwrap().discover(SpaceKind::Inbox).await;
        assert!(matches!(trusted, Ok(_) | Err(Error::NotFound { .. })), "{url}: {trusted:?}");
        // Neither does another one, nor those who vouch for servers in the open.
        let other = if is_known { with("another.pem") } else { url.replace("&ca=", "") };
        let refused = open(&other).unwrap().discover(SpaceKind::Inbox).await;
        let Err(error @ Error::Temporary { .. }) = refused else { panic!("{refused:?}") };
        assert!(error.to_string().contains("UnknownIssuer"), "{error}");
        for file in ["missing.pem", "server.key"] {
            let unusable = open(&with(file)).unwrap_err().to_string();
            assert!(unusable.contains(file), "{unusable}");
        }
    }
}
