//! Connections: HTTP/1.1 on loopback, on a thread with a runtime of its own.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, TcpListener as StdListener};
use std::sync::{Arc, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

use crate::cut::{Cut, Torn};
use crate::message::{Request, Response};
use crate::shared::{Answer, Service, Shared, UnderWay};

/// A service on 127.0.0.1 that serves until it is dropped, on a thread of its own.
#[derive(Debug)]
pub struct Server<S> {
    shared: Arc<Shared<S>>,
    url: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl<S: Service> Server<S> {
    /// Serves at this port, 0 being any that is free, what `state` makes of the root
    /// of everything: `http://127.0.0.1:PORT`. The name is its thread's.
    ///
    /// # Errors
    /// The port cannot be had, or no thread.
    pub fn start(name: &str, port: u16, state: impl FnOnce(&str) -> S) -> io::Result<Self> {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let url = format!("http://{}", listener.local_addr()?);
        let shared = Shared::new(state(&url));
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || serve(listener, served, stopped))?;
        Ok(Server { shared, url, stop: Some(stop), thread: Some(thread) })
    }
}

impl<S> Server<S> {
    /// The root of everything, without a slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The state, for as long as the guard lives.
    pub fn state(&self) -> MutexGuard<'_, S> {
        self.shared.state()
    }

    /// The state, for handles that live longer than the server.
    #[must_use]
    pub fn shared(&self) -> &Arc<Shared<S>> {
        &self.shared
    }
}

/// The port is free when this returns.
impl<S> Drop for Server<S> {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Whatever ended it, it has ended.
            let _ = thread.join();
        }
    }
}

/// Serves until `stop` is sent or dropped; then all connections end at once.
fn serve<S: Service>(
    listener: StdListener,
    shared: Arc<Shared<S>>,
    stop: oneshot::Receiver<()>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        tokio::select! {
            () = accept(&listener, &shared) => {}
            _ = stop => {}
        }
        Ok(())
    })
}

async fn accept<S: Service>(listener: &TcpListener, shared: &Arc<Shared<S>>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(shared)));
            }
            // Too many open files, say: others may be closed meanwhile.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn connection<S: Service>(stream: TcpStream, shared: Arc<Shared<S>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
    // An error is a client that went away, or a cut that was asked for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

type Body = BoxBody<Bytes, Cut>;

async fn answer<S: Service>(
    shared: Arc<Shared<S>>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Body>, Cut> {
    let _under_way = UnderWay::of(&shared);
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let mut request = Request::new(parts.method, &parts.uri, parts.headers, body);
    let (latency, fate) = shared.state().judge(&mut request);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let answer = shared.state().answer(&request, fate);
    match answer {
        Answer::Whole(response) => Ok(to_hyper(response, false)),
        Answer::Torn(response) => Ok(to_hyper(response, true)),
        Answer::Lost => Err(Cut),
    }
}

fn to_hyper(response: Response, cut: bool) -> hyper::Response<Body> {
    let length = response.body.len();
    let body = if cut {
        Torn::new(response.body.slice(..length / 2)).boxed()
    } else {
        Full::new(response.body).map_err(|never: Infallible| match never {}).boxed()
    };
    let mut answer = hyper::Response::new(body);
    *answer.status_mut() = response.status;
    *answer.headers_mut() = response.headers;
    if cut {
        answer.headers_mut().insert(hyper::header::CONTENT_LENGTH, length.into());
    }
    answer
}
