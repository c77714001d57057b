//! `cargo xtask interop`: installs the Python peer, once, and has `syft-interop`
//! compare this project with it.

use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{cargo, environment, target_folder};

/// What of the project the comparison needs.
const SCRIPTS: &str = "tests/interop";
const PINS: &str = "tests/interop/requirements.txt";

/// How much is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amount {
    /// What everything generated follows from; a new one each time if none is said.
    pub(crate) seed: Option<u64>,
    /// Questions to the permission engines.
    pub(crate) permissions: usize,
    /// Messages and backups each way.
    pub(crate) messages: usize,
    /// Envelopes each way.
    pub(crate) envelopes: usize,
    /// The pairs that meet over Google Drive: those whose name, owner first, begins so,
    /// as `python-native`; all of them if none is said.
    pub(crate) pairs: Option<String>,
    /// Whether everything stays where it was made, for a look.
    pub(crate) keep: bool,
}

impl Amount {
    /// All.
    pub(crate) const FULL: Amount = Amount {
        seed: None,
        permissions: 20_000,
        messages: 2_000,
        envelopes: 500,
        pairs: None,
        keep: false,
    };
    /// What every change must pass. The seed stays the same, so that a change is
    /// blamed for nothing but itself.
    pub(crate) const USUAL: Amount = Amount {
        seed: Some(1),
        permissions: 3_000,
        messages: 300,
        envelopes: 60,
        pairs: None,
        keep: false,
    };

    /// Reads what is said on the command line; the rest is as in [`Amount::FULL`].
    pub(crate) fn read(words: &[&str]) -> Option<Amount> {
        match words {
            [] => Some(Amount::FULL),
            ["--seed", seed, rest @ ..] => {
                Some(Amount { seed: Some(seed.parse().ok()?), ..Amount::read(rest)? })
            }
            ["--permissions", count, rest @ ..] => {
                Some(Amount { permissions: count.parse().ok()?, ..Amount::read(rest)? })
            }
            ["--messages", count, rest @ ..] => {
                Some(Amount { messages: count.parse().ok()?, ..Amount::read(rest)? })
            }
            ["--envelopes", count, rest @ ..] => {
                Some(Amount { envelopes: count.parse().ok()?, ..Amount::read(rest)? })
            }
            ["--pairs", name, rest @ ..] => {
                Some(Amount { pairs: Some((*name).to_owned()), ..Amount::read(rest)? })
            }
            ["--keep", rest @ ..] => Some(Amount { keep: true, ..Amount::read(rest)? }),
            _ => None,
        }
    }
}

/// Compares, and says what; true if nothing differs that is not meant.
pub(crate) fn run(root: &Path, amount: Amount) -> bool {
    match compare(root, amount) {
        Ok(same) => same,
        Err(error) => {
            eprintln!("interop: {error}");
            false
        }
    }
}

fn compare(root: &Path, amount: Amount) -> Result<bool, String> {
    let target = target_folder(root);
    let python = environment::made("interop", &root.join(PINS), &target.join("interop"))?;
    let program = build(root, &target)?;
    let Amount { seed, permissions, messages, envelopes, pairs, keep } = amount;
    let seed = seed.unwrap_or_else(from_clock).to_string();
    let status = Command::new(&program)
        .arg("--syft")
        .arg(program.with_file_name("syft"))
        .arg("--python")
        .arg(python.join("bin/python"))
        .arg("--scripts")
        .arg(root.join(SCRIPTS))
        .args(["--seed", &seed])
        .args(["--permissions", &permissions.to_string()])
        .args(["--messages", &messages.to_string()])
        .args(["--envelopes", &envelopes.to_string()])
        .args(["--pairs", &pairs.unwrap_or_default()])
        .args(["--keep", if keep { "yes" } else { "no" }])
        .status()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    Ok(status.success())
}

/// Builds the program that compares and the one that is compared, as the tests are
/// built, so that nothing is built twice.
fn build(root: &Path, target: &Path) -> Result<std::path::PathBuf, String> {
    let status = cargo(root)
        .args(["build", "--quiet", "--locked", "--workspace", "--all-features"])
        .args(["--bin", "syft-interop", "--bin", "syft"])
        .status();
    match status {
        Ok(status) if status.success() => Ok(target.join("debug/syft-interop")),
        Ok(status) => Err(format!("syft-interop cannot be built: {status}")),
        Err(error) => Err(format!("could not start cargo: {error}")),
    }
}

/// A seed that was not there before.
fn from_clock() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

#[cfg(test)]
mod tests {
    use super::Amount;

    #[test]
    fn each_amount_can_be_said() {
        assert_eq!(Amount::read(&[]), Some(Amount::FULL));
        let said = Amount::read(&[
            "--messages",
            "3",
            "--seed",
            "1",
            "--permissions",
            "2",
            "--pairs",
            "native",
            "--keep",
        ]);
        let pairs = Some("native".to_owned());
        let expected = Amount {
            seed: Some(1),
            permissions: 2,
            messages: 3,
            envelopes: 500,
            pairs,
            keep: true,
        };
        assert_eq!(said, Some(expected));
        for wrong in [["--seed", "x"], ["--sed", "1"], ["--seed", "-1"]] {
            assert_eq!(Amount::read(&wrong), None, "{wrong:?}");
        }
        assert_eq!(Amount::read(&["--seed"]), None);
    }
}
