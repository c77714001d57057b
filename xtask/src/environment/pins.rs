//! The packages of an environment, each in one version.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The lines `name==version` of a requirements file, comments left out.
///
/// # Errors
/// A line that leaves a version open, or asks pip for anything else.
pub(super) fn read(text: &str) -> Result<Vec<&str>, String> {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#'));
    let pins: Vec<&str> = lines.collect();
    match pins.iter().find(|pin| !is_exact(pin)) {
        Some(open) => Err(format!("{open:?} is not of the form name==version")),
        None if pins.is_empty() => Err("it names no package".to_owned()),
        None => Ok(pins),
    }
}

fn is_exact(pin: &str) -> bool {
    let plain = |text: &str, more: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    pin.split_once("==").is_some_and(|(name, version)| plain(name, "-_.") && plain(version, "._+!"))
}

/// A folder name that changes with each pin and with the interpreter.
pub(super) fn key(pins: &[&str], interpreter: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (pins, interpreter).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::{key, read};

    #[test]
    fn only_exact_versions_are_pins() {
        let text = "# the peer\n\nsyft==0.10.0\n  wcmatch==12.0.1\nsyft-crypto-python==0.1.2b4\n";
        assert_eq!(
            read(text),
            Ok(vec!["syft==0.10.0", "wcmatch==12.0.1", "syft-crypto-python==0.1.2b4"])
        );
        for line in [
            "syft",
            "syft>=1",
            "syft==",
            "==1",
            "syft==1.*",
            "-r other.txt",
            "syft==1 ; extra",
            "--index-url=https://x==1",
            "syft @ file:///x==1",
            "syft==1,<2",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
        assert!(read("# nothing\n").is_err());
    }

    #[test]
    fn another_pin_or_interpreter_is_another_folder() {
        let first = key(&["a==1"], "3.11");
        assert_eq!(first, key(&["a==1"], "3.11"));
        for other in
            [key(&["a==2"], "3.11"), key(&["a==1", "b==1"], "3.11"), key(&["a==1"], "3.12")]
        {
            assert_ne!(other, first);
        }
    }
}
