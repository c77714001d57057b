//! Connections: HTTP/1.1 on loopback, on a thread with a runtime of its own.

use std::convert::Infallible;
use std::io;
use std::net::TcpListener as StdListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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

use crate::auth::caller_of;
use crate::cut::{Cut, Torn};
use crate::faults::Fault;
use crate::log::RequestLine;
use crate::message::{Request, Response};
use crate::route::dispatch;
use crate::state::State;

/// The state, for the handle and for all connections.
#[derive(Debug)]
pub(crate) struct Shared(Mutex<State>);

impl Shared {
    pub(crate) fn new(state: State) -> Arc<Self> {
        Arc::new(Shared(Mutex::new(state)))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until `stop` is sent or dropped; then all connections end at once.
pub(crate) fn serve(
    listener: StdListener,
    shared: Arc<Shared>,
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

async fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
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

async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(Arc::clone(&shared), request));
    // An error is a client that went away, or a cut that was asked for.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// A call, until it is answered.
struct UnderWay(Arc<Shared>);

impl UnderWay {
    fn of(shared: &Arc<Shared>) -> Self {
        let mut state = shared.state();
        state.under_way += 1;
        state.most_at_once = state.most_at_once.max(state.under_way);
        UnderWay(Arc::clone(shared))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
    }
}

type Body = BoxBody<Bytes, Cut>;

async fn answer(
    shared: Arc<Shared>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Body>, Cut> {
    let _under_way = UnderWay::of(&shared);
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let mut request = Request::new(parts.method, &parts.uri, parts.headers, body);
    let (user, latency, fault) = {
        let mut state = shared.state();
        let user = caller_of(&state, &request);
        let (latency, fault) = state.faults.judge(&request, user.as_deref());
        (user, latency, fault)
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    if let Some(Fault::ChunkCut(bytes)) = fault {
        request.take_at_most = Some(bytes);
    }
    let mut state = shared.state();
    let note = RequestLine::new(&request, user, None, false);
    let place = state.requests.len();
    state.requests.push(note);
    let response = match fault {
        Some(Fault::RequestLost) => return Err(Cut),
        Some(fault) if let Some(refusal) = fault.refusal() => refusal.into_response(),
        _ => dispatch(&mut state, &request),
    };
    if fault == Some(Fault::AnswerLost) {
        return Err(Cut);
    }
    if let Some(line) = state.requests.get_mut(place) {
        line.status = Some(response.status.as_u16());
    }
    Ok(to_hyper(response, fault == Some(Fault::BodyCut)))
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
