//! Environment markers, as `python_version < "3.12" and extra == "x"`: read only to
//! be sure that they are nothing else.

/// Longest marker, in tokens.
const MOST_TOKENS: usize = 200;

const VARIABLES: [&str; 12] = [
    "python_version",
    "python_full_version",
    "os_name",
    "sys_platform",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform_machine",
    "platform_python_implementation",
    "implementation_name",
    "implementation_version",
    "extra",
];

const OPERATORS: [&str; 8] = ["===", "==", "~=", "!=", "<=", ">=", "<", ">"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    Open,
    Close,
    And,
    Or,
    Operator(&'a str),
    /// A variable or a quoted text.
    Value(&'a str),
}

/// The marker in one spelling, if it is one.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let tokens = tokens(text)?;
    let mut rest = tokens.as_slice();
    alternatives(&mut rest)?;
    if !rest.is_empty() {
        return Err("its marker goes on where it should end".to_owned());
    }
    let words: Vec<String> = tokens.iter().map(|token| token.text()).collect();
    Ok(words.join(" ").replace("( ", "(").replace(" )", ")"))
}

impl Token<'_> {
    fn text(self) -> String {
        match self {
            Token::Open => "(".to_owned(),
            Token::Close => ")".to_owned(),
            Token::And => "and".to_owned(),
            Token::Or => "or".to_owned(),
            Token::Operator(text) => text.to_owned(),
            Token::Value(text) if VARIABLES.contains(&text) => text.to_owned(),
            Token::Value(text) => format!("\"{text}\""),
        }
    }
}

fn alternatives(rest: &mut &[Token<'_>]) -> Result<(), String> {
    loop {
        term(rest)?;
        match rest.split_first() {
            Some((Token::And | Token::Or, after)) => *rest = after,
            _ => return Ok(()),
        }
    }
}

/// Depth is bounded by the number of tokens.
fn term(rest: &mut &[Token<'_>]) -> Result<(), String> {
    match rest {
        [Token::Open, after @ ..] => {
            *rest = after;
            alternatives(rest)?;
            match rest.split_first() {
                Some((Token::Close, after)) => {
                    *rest = after;
                    Ok(())
                }
                _ => Err("a bracket of its marker is not closed".to_owned()),
            }
        }
        [Token::Value(_), Token::Operator(_), Token::Value(_), after @ ..] => {
            *rest = after;
            Ok(())
        }
        _ => Err("its marker is no comparison".to_owned()),
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = match first {
            '(' => (Token::Open, rest.get(1..)),
            ')' => (Token::Close, rest.get(1..)),
            '"' | '\'' => quoted(rest, first)?,
            _ => word_or_operator(rest)?,
        };
        tokens.push(token);
        if tokens.len() > MOST_TOKENS {
            return Err("its marker is too long".to_owned());
        }
        rest = after.unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn quoted(text: &str, quote: char) -> Result<(Token<'_>, Option<&str>), String> {
    let body = text.get(1..).unwrap_or_default();
    let Some((value, after)) = body.split_once(quote) else {
        return Err("a quote in its marker is not closed".to_owned());
    };
    // Nothing that an installer would expand or take for an option of its own.
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-~^#@ ".contains(c);
    if !value.chars().all(plain) || VARIABLES.contains(&value) {
        return Err(format!("its marker compares with {value:?}"));
    }
    Ok((Token::Value(value), Some(after)))
}

fn word_or_operator(text: &str) -> Result<(Token<'_>, Option<&str>), String> {
    if let Some(operator) = OPERATORS.iter().find(|operator| text.starts_with(**operator)) {
        return Ok((Token::Operator(operator), text.get(operator.len()..)));
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let token = match word {
        "and" => Token::And,
        "or" => Token::Or,
        "in" => Token::Operator("in"),
        "not" => {
            let Some(after) = after.trim_start().strip_prefix("in ") else {
                return Err("its marker has a \"not\" without an \"in\"".to_owned());
            };
            return Ok((Token::Operator("not in"), Some(after)));
        }
        word if VARIABLES.contains(&word) => Token::Value(word),
        word => return Err(format!("its marker asks for {word:?}")),
    };
    Ok((token, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_marker_has_one_spelling() {
        let one = "python_version<'3.12'and (os_name=='posix' or  extra not in \"a b\")";
        let spelled =
            "python_version < \"3.12\" and (os_name == \"posix\" or extra not in \"a b\")";
        assert_eq!(parse(one).as_deref(), Ok(spelled));
        assert_eq!(parse(spelled).as_deref(), Ok(spelled));
    }

    #[test]
    fn what_is_no_marker_is_refused() {
        let bad = ["", "python_version", "python_version < '3' and", "(os_name == 'x'", "x == 'y'"];
        let worse =
            ["os_name == '${HOME}'", "os_name == 'x' --hash", "extra == 'a\nb'", "é == 'x'"];
        for text in bad.into_iter().chain(worse) {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
