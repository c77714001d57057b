use granit_parser::{Event, Parser, ScalarStyle, Span, StructureStyle};
use syft_core::yaml::MAX_BYTES;

use super::Scalar;
use crate::{Error, Result};

/// Most levels of lists and mappings inside each other (`threats.md` I14).
const MAX_DEPTH: usize = 16;

/// A node and the line where it starts, counted from 1.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) line: u32,
    pub(crate) value: Value,
}

/// What a node holds.
#[derive(Debug)]
pub(crate) enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    /// In the order of the text; no key twice.
    Mapping(Vec<(String, Node)>),
}

impl Value {
    /// The kind of the value, for error messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Scalar(scalar) => scalar.kind(),
            Value::List(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}

/// Reads the one document of a text; `None` if there is nothing in it.
///
/// Refused are: more than 64 KiB, a second document, aliases, anchors, tags,
/// directives, merge keys, keys that are no text, a key twice, more than 16 levels.
pub(crate) fn read(text: &str) -> Result<Option<Node>> {
    if text.len() > MAX_BYTES {
        return Err(Error::malformed(1, "the file is larger than 64 KiB"));
    }
    // A lone carriage return is a line break to some readers only.
    let lone_return = text.replace("\r\n", "").contains('\r');
    if lone_return {
        return Err(Error::malformed(1, "it holds a carriage return without a line feed"));
    }
    if let Some(line) = line_of_odd_character(text) {
        return Err(Error::malformed(line, "it holds a tab or another control character"));
    }
    if let Some(index) = text.lines().position(|line| line.starts_with('%')) {
        return Err(Error::malformed(line(index + 1), "directives are not read here"));
    }
    let mut content = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    if content.next().is_some_and(|line| line.starts_with("...")) {
        return Err(Error::malformed(1, "it ends a document that never began"));
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            Error::malformed(line(error.marker().line()), format!("it is no YAML: {error}"))
        })?;
        builder.take(event, span)?;
    }
    Ok(builder.root)
}

/// Tabs and the line breaks of Unicode are read in different ways by different
/// readers; other control characters are no text.
fn line_of_odd_character(text: &str) -> Option<u32> {
    let odd = |c: char| {
        c.is_control() && !matches!(c, '\n' | '\r')
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
    };
    let at = text.find(odd)?;
    Some(line(text.bytes().take(at).filter(|b| *b == b'\n').count() + 1))
}

fn line(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A list or mapping that is not closed yet.
#[derive(Debug)]
enum Open {
    List(u32, Vec<Node>),
    Mapping(u32, Vec<(String, Node)>, Option<String>),
}

#[derive(Debug, Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
    /// Open brackets and braces.
    flow_depth: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<()> {
        let line = line(span.start.line());
        let refuse = |what: &str| Err(Error::malformed(line, format!("{what} are not read here")));
        if event.anchor_id().is_some() || event.is_alias() {
            return refuse("anchors and aliases");
        }
        if event.tag().is_some() {
            return refuse("tags");
        }
        match event {
            Event::DocumentStart(_, Some(_)) => refuse("directives"),
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 { refuse("several documents") } else { Ok(()) }
            }
            Event::Scalar(text, style, ..) => self.scalar(line, &text, style == ScalarStyle::Plain),
            Event::SequenceStart(style, ..) => {
                self.start(line, style, Open::List(line, Vec::new()))
            }
            Event::MappingStart(style, ..) => {
                self.start(line, style, Open::Mapping(line, Vec::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(line),
            _ => Ok(()),
        }
    }

    fn start(&mut self, line: u32, style: StructureStyle, open: Open) -> Result<()> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Error::malformed(line, "it is nested more than 16 levels deep"));
        }
        if let Some(Open::Mapping(_, _, None)) = self.open.last() {
            return Err(Error::malformed(line, "a key must be text"));
        }
        // Inside brackets everything is in brackets.
        if self.flow_depth > 0 || style == StructureStyle::Flow {
            self.flow_depth += 1;
        }
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self, line: u32) -> Result<()> {
        self.flow_depth = self.flow_depth.saturating_sub(1);
        match self.open.pop() {
            Some(Open::List(line, items)) => self.put(Node { line, value: Value::List(items) }),
            Some(Open::Mapping(line, entries, _)) => {
                self.put(Node { line, value: Value::Mapping(entries) })
            }
            None => Err(Error::malformed(line, "it is no YAML")),
        }
    }

    fn scalar(&mut self, line: u32, text: &str, plain: bool) -> Result<()> {
        let unclear = matches!(text, "..." | "---" | "<<" | "=")
            || self.flow_depth > 0 && (text.starts_with(':') || text.contains('?'));
        if plain && unclear {
            return Err(Error::malformed(line, format!("`{text}` must be in quotes")));
        }
        let scalar = if plain { Scalar::from_plain(text) } else { Scalar::Text(text.to_owned()) };
        let Some(Open::Mapping(_, entries, key @ None)) = self.open.last_mut() else {
            return self.put(Node { line, value: Value::Scalar(scalar) });
        };
        let Scalar::Text(name) = scalar else {
            return Err(Error::malformed(line, format!("the key `{text}` must be text")));
        };
        if entries.iter().any(|(known, _)| *known == name) {
            return Err(Error::malformed(line, format!("the key `{name}` is there twice")));
        }
        *key = Some(name);
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<()> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(_, items)) => items.push(node),
            Some(Open::Mapping(_, entries, key)) => match key.take() {
                Some(key) => entries.push((key, node)),
                None => return Err(Error::malformed(node.line, "a key must be text")),
            },
        }
        Ok(())
    }
}
