use std::fmt::{self, Write as _};

use pep440_rs::Version;
use serde::{Deserialize, Serialize};
use syft_core::ContentHash;

use super::interpreter::Interpreter;
use super::requirement::normal_name;
use crate::{Error, Result};

/// Most packages of one lock, those that others need included.
const MOST: usize = 2_000;
/// Most files of one package, one of which is installed.
const MOST_HASHES: usize = 1_000;

/// What a job's packages are, exactly: each one's version and the hashes of the
/// files that it may come from, for one Python on one kind of machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LockText")]
pub struct PackageLock {
    python: String,
    platform: String,
    packages: Vec<LockedPackage>,
}

/// One package of a lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LockedPackage {
    name: String,
    version: String,
    sha256: Vec<ContentHash>,
}

/// A lock as it is stored, not yet believed.
#[derive(Deserialize)]
struct LockText {
    python: String,
    platform: String,
    packages: Vec<LockedPackage>,
}

impl TryFrom<LockText> for PackageLock {
    type Error = Error;

    fn try_from(text: LockText) -> Result<Self> {
        PackageLock::new(text.python, text.platform, text.packages)
    }
}

impl LockedPackage {
    /// One package, from what an installer says of it.
    pub(super) fn read(name: &str, version: &str, sha256: Vec<ContentHash>) -> Result<Self> {
        let bad = |reason: &str| refused(name, reason);
        let name = normal_name(name).map_err(|reason| bad(&reason))?;
        let version: Version = version.parse().map_err(|_| bad("it has no version"))?;
        let mut sha256 = sha256;
        sha256.sort();
        sha256.dedup();
        if sha256.is_empty() || sha256.len() > MOST_HASHES {
            return Err(bad("it has no hash of its files, or too many"));
        }
        Ok(LockedPackage { name, version: version.to_string(), sha256 })
    }

    /// Its normalised name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl fmt::Display for LockedPackage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=={}", self.name, self.version)
    }
}

impl PackageLock {
    pub(super) fn of(python: &Interpreter, packages: Vec<LockedPackage>) -> Result<Self> {
        PackageLock::new(python.python.clone(), python.platform.clone(), packages)
    }

    fn new(python: String, platform: String, packages: Vec<LockedPackage>) -> Result<Self> {
        let plain = |text: &String| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            !text.is_empty() && text.len() < 100 && text.chars().all(is_plain)
        };
        if !plain(&python) || !plain(&platform) {
            return Err(refused("the lock", "it does not say which Python it is for"));
        }
        let again = packages
            .into_iter()
            .map(|it| LockedPackage::read(&it.name, &it.version, it.sha256))
            .collect::<Result<Vec<_>>>();
        let mut packages = again?;
        packages.sort();
        let names: Vec<&str> = packages.iter().map(LockedPackage::name).collect();
        if let Some(twice) = names.windows(2).find_map(|two| match two {
            [one, other] if one == other => Some((*one).to_owned()),
            _ => None,
        }) {
            return Err(refused(&twice, "it is there twice"));
        }
        if packages.len() > MOST {
            return Err(refused("the lock", "it names too many packages"));
        }
        Ok(PackageLock { python, platform, packages })
    }

    /// The one text of this lock: which Python it is for, and below that what an
    /// installer takes with hashes required.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("# syft packages 1\n# {} {}\n", self.python, self.platform);
        for package in &self.packages {
            let _ = write!(text, "{package}");
            for hash in &package.sha256 {
                let _ = write!(text, " --hash=sha256:{hash}");
            }
            text.push('\n');
        }
        text
    }

    /// SHA-256 of [`PackageLock::text`]: by it an approval names the lock, and a layer
    /// is found.
    #[must_use]
    pub fn digest(&self) -> ContentHash {
        ContentHash::of(self.text().as_bytes())
    }

    /// The packages, sorted by name.
    #[must_use]
    pub fn packages(&self) -> &[LockedPackage] {
        &self.packages
    }

    /// Refuses a lock that was made for another Python than the box has.
    pub(super) fn check_python(&self, has: &Interpreter) -> Result<()> {
        if (&self.python, &self.platform) == (&has.python, &has.platform) {
            return Ok(());
        }
        let reason = format!(
            "they were approved for {} on {}, and jobs run with {} on {} here: approve the job again",
            self.python, self.platform, has.python, has.platform
        );
        Err(Error::Packages { reason })
    }
}

fn refused(what: &str, reason: &str) -> Error {
    let what = syft_core::shorten(&syft_core::safe_text(what), 80);
    Error::Packages { reason: format!("{what}: {reason}") }
}

/// What a run had of packages, as its record and its receipt name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackagesUsed {
    /// The digest of the lock.
    pub lock: ContentHash,
    /// Each package as `name==version`, sorted.
    pub packages: Vec<String>,
}

impl From<&PackageLock> for PackagesUsed {
    fn from(lock: &PackageLock) -> Self {
        let packages = lock.packages.iter().map(ToString::to_string).collect();
        PackagesUsed { lock: lock.digest(), packages }
    }
}
