//! Who meets whom.

use std::fmt;
use std::path::PathBuf;

/// What a person uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Python,
    Native,
}

impl Kind {
    pub(super) fn other(self) -> Kind {
        match self {
            Kind::Python => Kind::Native,
            Kind::Native => Kind::Python,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Python => "python",
            Kind::Native => "native",
        })
    }
}

/// An owner, a scientist, and whether what they send is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pairing {
    pub(super) owner: Kind,
    pub(super) scientist: Kind,
    pub(super) sealed: bool,
}

impl Pairing {
    /// The four pairings, each in the open and sealed.
    pub(super) fn all() -> Vec<Pairing> {
        let kinds = [Kind::Python, Kind::Native];
        let pairs = kinds.iter().flat_map(|owner| kinds.map(|scientist| (*owner, scientist)));
        pairs
            .flat_map(|(owner, scientist)| {
                [false, true].map(|sealed| Pairing { owner, scientist, sealed })
            })
            .collect()
    }
}

/// `python-native-sealed`: the owner is named first.
impl fmt::Display for Pairing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pairing { owner, scientist, sealed } = self;
        let how = if *sealed { "sealed" } else { "open" };
        write!(f, "{owner}-{scientist}-{how}")
    }
}

/// A Google account on one machine.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) email: String,
    /// The home on this machine, which has no extension.
    pub(super) home: PathBuf,
    /// The token file as Google's Python library writes it.
    pub(super) token: PathBuf,
    /// Where Google is.
    pub(super) endpoint: String,
    /// Whether what is sent is to be sealed.
    pub(super) sealed: bool,
}

#[cfg(test)]
mod tests {
    use super::Pairing;

    #[test]
    fn each_pairing_has_a_name_of_its_own() {
        let mut names: Vec<String> = Pairing::all().iter().map(Pairing::to_string).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), 8);
        assert!(names.contains(&"python-native-sealed".to_owned()));
    }
}
