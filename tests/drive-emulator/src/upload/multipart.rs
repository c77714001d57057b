//! Bodies of several parts, as `multipart/related` and `multipart/mixed` have them.

use bytes::Bytes;

/// One part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Part {
    /// A header by its name, whatever the case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// The parts of a body with this content type; none if it is not of that form.
/// Lines may end with CRLF or, as those of the Python client, with LF alone.
pub(crate) fn parts(content_type: &str, body: &Bytes) -> Option<Vec<Part>> {
    let boundary = format!("--{}", boundary(content_type)?);
    let mut at = find(body, boundary.as_bytes(), 0)? + boundary.len();
    let line_end: &[u8] = if body.get(at..)?.starts_with(b"\r\n") { b"\r\n" } else { b"\n" };
    let delimiter = [line_end, boundary.as_bytes()].concat();
    let mut found = Vec::new();
    while !body.get(at..)?.starts_with(b"--") {
        // Blanks may follow the boundary.
        let start = find(body, line_end, at)? + line_end.len();
        // The end of this part's first line may begin the next delimiter.
        let end = find(body, &delimiter, start - line_end.len())?;
        let end_of_part = end.max(start);
        found.push(part(&body.slice(start..end_of_part))?);
        at = end + delimiter.len();
    }
    Some(found)
}

fn boundary(content_type: &str) -> Option<&str> {
    let kind = content_type.split(';').next()?.trim();
    if !kind.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("multipart/")) {
        return None;
    }
    let mut parameters = content_type.split(';').skip(1).filter_map(|one| one.split_once('='));
    let found = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"));
    let boundary = found?.1.trim().trim_matches('"');
    (!boundary.is_empty()).then_some(boundary)
}

/// Headers, an empty line, and the rest.
fn part(bytes: &Bytes) -> Option<Part> {
    let (headers, body) = head(bytes)?;
    Some(Part { headers, body })
}

/// The headers before an empty line, and what comes behind it.
pub(crate) fn head(bytes: &Bytes) -> Option<(Vec<(String, String)>, Bytes)> {
    let mut headers = Vec::new();
    let mut at = 0;
    loop {
        let end = find(bytes, b"\n", at).unwrap_or(bytes.len());
        let line = String::from_utf8_lossy(bytes.get(at..end)?).trim().to_owned();
        at = (end + 1).min(bytes.len());
        if line.is_empty() {
            return Some((headers, bytes.slice(at..)));
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
}

/// Where something is found at or after a place.
pub(crate) fn find(bytes: &[u8], sought: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(sought.len().max(1)).position(|window| window == sought).map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::parts;

    fn read(kind: &str, body: &str) -> Option<Vec<(Option<String>, String)>> {
        let parts = parts(kind, &Bytes::from(body.to_owned()))?;
        let line = |part: &super::Part| {
            let kind = part.header("Content-Type").map(str::to_owned);
            (kind, String::from_utf8(part.body.to_vec()).unwrap())
        };
        Some(parts.iter().map(line).collect())
    }

    #[test]
    fn both_line_ends_and_any_case_are_read() {
        let text = "--b\ncontent-type: a/b\n\none\n\n--b\nCONTENT-TYPE: c/d\n\ntwo\r\n--b--";
        let expected = vec![
            (Some("a/b".to_owned()), "one\n".to_owned()),
            (Some("c/d".to_owned()), "two\r".to_owned()),
        ];
        assert_eq!(read("multipart/related; boundary=b", text), Some(expected));
        let text = "\r\n--x y\r\ncontent-type: a/b\r\ncontent-length: 1\r\n\r\n1\n\r\n--x y--\r\n";
        let expected = vec![(Some("a/b".to_owned()), "1\n".to_owned())];
        assert_eq!(read("Multipart/Mixed; charset=x; boundary=\"x y\"", text), Some(expected));
    }

    #[test]
    fn a_part_may_be_empty() {
        let text = "--b\r\nA: b\r\n\r\n\r\n--b\r\n\r\n\r\n--b--\r\n";
        let expected = vec![(None, String::new()), (None, String::new())];
        assert_eq!(read("multipart/related; boundary=b", text), Some(expected));
    }

    #[test]
    fn what_is_not_of_parts_is_none() {
        for (kind, body) in [
            ("text/plain", "--b\n\n--b--"),
            ("multipart/mixed", "--b\n\n--b--"),
            ("multipart/mixed; boundary=", "--\n\n----"),
            ("multipart/mixed; boundary=b", ""),
            ("multipart/mixed; boundary=b", "--b"),
            ("multipart/mixed; boundary=b", "--b\n\nopen"),
        ] {
            assert_eq!(read(kind, body), None, "{kind:?} {body:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(content in prop::collection::vec(any::<u8>(), 0..200), lf in any::<bool>()) {
            let end = if lf { "\n" } else { "\r\n" };
            let mut body = format!("--edge{end}A: b{end}{end}").into_bytes();
            body.extend(&content);
            body.extend(format!("{end}--edge--").as_bytes());
            let found = parts("multipart/mixed; boundary=edge", &body.into()).unwrap();
            prop_assert_eq!(found.len(), 1);
            prop_assert_eq!(found[0].body.to_vec(), content);
        }

        #[test]
        fn no_body_makes_it_panic(body in "(--b|\r\n|\n|-|a: b|.){0,40}") {
            let _ = parts("multipart/mixed; boundary=b", &Bytes::from(body));
        }
    }
}
