//! Many small calls in one request (Drive API, "Batch requests").

use bytes::Bytes;
use google_drive3::hyper::header::CONTENT_TYPE;
use google_drive3::hyper::{HeaderMap, Method, StatusCode};
use syft_core::{Entropy, SystemEntropy};

use super::call::{Call, What};
use super::client::Client;
use super::errors;
use crate::{Error, Result};

/// Drive takes no more in one request.
const MOST: usize = 100;

impl Client {
    /// What came of each call, in their order. What is wrong with one of them is said of
    /// that one.
    pub(super) async fn batch(&self, calls: &[Call], what: &What) -> Result<Vec<Result<Bytes>>> {
        let mut results = Vec::with_capacity(calls.len());
        for part in calls.chunks(MOST) {
            match part {
                [one] => results.push(match self.send(one).await {
                    Ok(answer) => answer.bytes().await,
                    Err(error) => Err(error),
                }),
                many => results.extend(self.batch_once(many, what).await?),
            }
        }
        Ok(results)
    }

    async fn batch_once(&self, calls: &[Call], what: &What) -> Result<Vec<Result<Bytes>>> {
        let boundary = boundary()?;
        let media_type = format!("multipart/mixed; boundary={boundary}");
        let address = self.address(&["batch", "drive", "v3"], &[]);
        let call = Call::new(Method::POST, address, what.clone())
            .content(&media_type, written(calls, &boundary));
        let answer = self.send(&call).await?;
        let media_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = media_type.and_then(boundary_of).map(str::to_owned);
        let body = answer.bytes().await?;
        let strange =
            || Error::temporary(what.action, &what.subject, "Google's answer is not understood");
        let boundary = boundary.ok_or_else(strange)?;
        let mut parts: Vec<Option<Result<Bytes>>> = calls.iter().map(|_| None).collect();
        for part in parts_of(&body, &boundary) {
            let (number, status, headers, body) = read(part).ok_or_else(strange)?;
            if let (Some(slot), Some(call)) = (parts.get_mut(number), calls.get(number)) {
                *slot = Some(match status.is_success() {
                    true => Ok(Bytes::copy_from_slice(body)),
                    false => Err(errors::refused(&call.what, status, &headers, body)),
                });
            }
        }
        Ok(parts.into_iter().map(|part| part.unwrap_or_else(|| Err(strange()))).collect())
    }
}

/// Whom no body holds by chance.
pub(super) fn boundary() -> Result<String> {
    let entropy: &dyn Entropy = &SystemEntropy;
    let uuid = entropy.uuid().map_err(|error| {
        Error::permanent("reach", "Google Drive", error.to_string()).because(error)
    })?;
    Ok(format!("syft-{uuid}"))
}

fn written(calls: &[Call], boundary: &str) -> Vec<u8> {
    let mut all = Vec::new();
    for (number, call) in calls.iter().enumerate() {
        let (path, query) = (call.url.path(), call.url.query());
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let length = call.body.as_ref().map_or(0, Bytes::len);
        all.extend_from_slice(
            format!(
                "--{boundary}\r\nContent-Type: application/http\r\nContent-ID: <call-{number}>\r\n\r\n\
                 {} {path}{query} HTTP/1.1\r\n",
                call.method
            )
            .as_bytes(),
        );
        for (name, value) in &call.headers {
            all.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        all.extend_from_slice(format!("content-length: {length}\r\n\r\n").as_bytes());
        all.extend_from_slice(call.body.as_deref().unwrap_or_default());
        all.extend_from_slice(b"\r\n");
    }
    all.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    all
}

fn boundary_of(media_type: &str) -> Option<&str> {
    let mut parameters = media_type.split(';').map(str::trim);
    let boundary = parameters.find_map(|parameter| parameter.strip_prefix("boundary="))?;
    Some(boundary.trim_matches('"'))
}

/// What lies between the boundaries.
fn parts_of<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let mark = format!("--{boundary}");
    let mut parts = Vec::new();
    let mut rest = body;
    while let Some((before, after)) = split_at(rest, mark.as_bytes()) {
        parts.push(before);
        rest = after;
    }
    // What stands before the first one is no part.
    parts.into_iter().skip(1).collect()
}

/// Which call a part answers, and how.
fn read(part: &[u8]) -> Option<(usize, StatusCode, HeaderMap, &[u8])> {
    let (outer, inner) = split_at(part, b"\r\n\r\n")?;
    let outer = std::str::from_utf8(outer).ok()?;
    let id = outer.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-id").then_some(value.trim())
    })?;
    let number = id.trim_matches(['<', '>']).rsplit_once('-')?.1.parse().ok()?;
    let (head, body) = split_at(inner, b"\r\n\r\n").unwrap_or((inner, b""));
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse::<u16>().ok()?;
    let mut headers = HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if let (Ok(name), Ok(value)) =
            (name.trim().parse::<google_drive3::hyper::header::HeaderName>(), value.trim().parse())
        {
            headers.insert(name, value);
        }
    }
    let body = body.strip_suffix(b"\r\n").unwrap_or(body);
    Some((number, StatusCode::from_u16(status).ok()?, headers, body))
}

fn split_at<'a>(text: &'a [u8], mark: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(mark.len()).position(|window| window == mark)?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_an_answer_is_read() {
        let body =
            b"--b\r\nContent-Type: application/http\r\nContent-ID: <response-call-1>\r\n\r\n\
            HTTP/1.1 204 No Content\r\n\r\n\r\n--b\r\ncontent-id: <response-call-0>\r\n\r\n\
            HTTP/1.1 403 Forbidden\r\nRetry-After: 3\r\nContent-Length: 2\r\n\r\n{}\r\n--b--\r\n";
        let parts: Vec<_> = parts_of(body, "b").into_iter().filter_map(read).collect();
        let [(1, ok, _, b""), (0, refused, headers, b"{}")] = &parts[..] else {
            panic!("{parts:?}")
        };
        assert_eq!((ok.as_u16(), refused.as_u16()), (204, 403));
        assert_eq!(headers.get("retry-after").unwrap(), "3");
        assert_eq!(boundary_of("multipart/mixed; boundary=\"b\"; x=1"), Some("b"));
    }

    #[test]
    fn an_odd_answer_is_no_part() {
        for part in
            [&b""[..], b"\r\n\r\n", b"content-id: <x>\r\n\r\nHTTP/1.1 200", b"\xff\r\n\r\nx"]
        {
            assert!(read(part).is_none(), "{part:?}");
        }
        assert!(parts_of(b"nothing", "b").is_empty());
    }
}
