//! What is said on the command line.

use std::path::PathBuf;

use crate::python::Python;

pub(crate) const USAGE: &str = "\
usage: syft-interop --python PROGRAM --scripts FOLDER --syft PROGRAM --seed N --permissions N --messages N
                    --envelopes N --pairs NAME [--keep yes|no]
This is started by cargo xtask interop, which installs the Python peer first.";

/// Everything that a run depends on.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) python: Python,
    /// The program of this project.
    pub(crate) syft: PathBuf,
    /// What all that is generated follows from.
    pub(crate) seed: u64,
    /// Questions to the permission engines.
    pub(crate) permissions: usize,
    /// Messages and backups each way.
    pub(crate) messages: usize,
    /// Envelopes each way.
    pub(crate) envelopes: usize,
    /// Pairs whose name begins so tell their story over Google Drive.
    pub(crate) pairs: String,
    /// Whether everything stays where it was made.
    pub(crate) keep: bool,
}

impl Options {
    /// Reads them; each must be there once.
    ///
    /// # Errors
    /// What is missing or unknown.
    pub(crate) fn read(words: &[String]) -> Result<Self, String> {
        let mut words = words.iter();
        let (mut program, mut scripts) = (None, None);
        let (mut seed, mut permissions) = (None, None);
        let (mut messages, mut envelopes) = (None, None);
        let (mut syft, mut pairs) = (None, None);
        let mut keep = false;
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| format!("{word}: its value is missing"))?;
            match word.as_str() {
                "--python" => program = Some(PathBuf::from(value)),
                "--scripts" => scripts = Some(PathBuf::from(value)),
                "--syft" => syft = Some(PathBuf::from(value)),
                "--keep" => keep = value == "yes",
                "--pairs" => pairs = Some(value.clone()),
                "--seed" => seed = Some(number(word, value)?),
                "--permissions" => permissions = Some(number(word, value)?),
                "--messages" => messages = Some(number(word, value)?),
                "--envelopes" => envelopes = Some(number(word, value)?),
                _ => return Err(format!("{word}: unknown")),
            }
        }
        let missing = |name: &str| format!("{name} is missing");
        Ok(Options {
            python: Python {
                program: program.ok_or_else(|| missing("--python"))?,
                scripts: scripts.ok_or_else(|| missing("--scripts"))?,
            },
            syft: syft.ok_or_else(|| missing("--syft"))?,
            seed: seed.ok_or_else(|| missing("--seed"))?,
            permissions: permissions.ok_or_else(|| missing("--permissions"))?,
            messages: messages.ok_or_else(|| missing("--messages"))?,
            envelopes: envelopes.ok_or_else(|| missing("--envelopes"))?,
            pairs: pairs.ok_or_else(|| missing("--pairs"))?,
            keep,
        })
    }
}

fn number<N: std::str::FromStr>(name: &str, value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("{name} {value}: it must be a number"))
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn read(line: &str) -> Result<Options, String> {
        Options::read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn all_must_be_there() {
        let line = "--python p --scripts s --syft t --seed 1 --permissions 2 --messages 3 --envelopes 4 --pairs python";
        let options = read(line).unwrap();
        assert_eq!((options.seed, options.permissions), (1, 2));
        assert_eq!((options.messages, options.envelopes), (3, 4));
        assert_eq!(options.pairs, "python");
        for (line, complaint) in [
            ("--python p", "--scripts is missing"),
            ("--python", "--python: its value is missing"),
            ("--seed x", "--seed x: it must be a number"),
            ("--seeds 1", "--seeds: unknown"),
        ] {
            assert_eq!(read(line).unwrap_err(), complaint);
        }
    }
}
