//! What a pair is known not to do, and why. Whatever else fails is an error, and so is
//! a step that is listed here and does not fail any more.

use super::pairing::Pairing;

/// Steps of some pairs.
struct Gap {
    /// Beginnings of their names.
    pairs: &'static [&'static str],
    steps: &'static [&'static str],
    why: &'static str,
}

const GAPS: &[Gap] = &[
    Gap {
        pairs: &["python-native-sealed"],
        steps: &[
            "scientist pulls the dataset",
            // A sync that refuses something ends with another exit code than 0.
            "scientist reads the results",
            "the same, read",
            "scientist has it",
            "scientist has the change",
            "scientist has it no more",
            "scientist syncs, nothing new",
        ],
        why: "a node takes no mock in the open from a peer who seals messages, and Python seals no mock",
    },
    Gap {
        pairs: &["native-python-sealed"],
        steps: &[
            "scientist pulls the dataset",
            // One envelope that it cannot open ends each sync of a Python scientist.
            "scientist sees the decisions",
            "scientist sees which failed",
            "scientist reads the results",
            "the same, read",
            "scientist has it",
            "scientist has the change",
            "scientist has it no more",
            "scientist syncs, nothing new",
        ],
        why: "a node seals a mock for itself, with a key for each reader; Python opens envelopes to its reader alone",
    },
    Gap {
        pairs: &["native-python-open"],
        steps: &["the same, read"],
        why: "a node grants a job the datasets that it declares, and Python's jobs declare none",
    },
    Gap {
        pairs: &["python-python-open", "python-native-open"],
        steps: &["it has the dataset"],
        why: "a node finds no part of a dataset in Python's backup of private files, which is flat",
    },
    Gap {
        pairs: &["python-python-open", "python-native-open"],
        steps: &["it knows the peer"],
        why: "a node on a fresh machine does not read whom SYFT_peers.json names as accepted",
    },
    Gap {
        pairs: &["python-python-sealed", "python-native-sealed"],
        steps: &["other program restores it", "it has the dataset", "it knows the peer"],
        why: "a node opens no backup that does not say where it belongs, and none of Python's does",
    },
    Gap {
        pairs: &["native-"],
        steps: &["it knows the peer"],
        why: "a node keeps no SYFT_peers.json for Python, which then knows of no peers",
    },
    Gap {
        pairs: &["native-python-sealed", "native-native-sealed"],
        steps: &["it has the dataset"],
        why: "a node seals its datasets in a form of its own, which Python does not restore",
    },
    Gap {
        pairs: &["native-"],
        steps: &["owner deletes everything"],
        why: "a node leaves its empty folders on Drive",
    },
    Gap {
        pairs: &["python-native", "native-native"],
        steps: &["scientist deletes everything"],
        why: "a node leaves its empty folders on Drive, and its messages in the owner's archive",
    },
];

/// Why a step is known to fail.
pub(super) fn known(pairing: Pairing, step: &str) -> Option<&'static str> {
    let name = pairing.to_string();
    let fits = |gap: &&Gap| {
        gap.steps.contains(&step) && gap.pairs.iter().any(|pair| name.starts_with(pair))
    };
    GAPS.iter().find(fits).map(|gap| gap.why)
}

#[cfg(test)]
mod tests {
    use super::super::story::STEPS;
    use super::{GAPS, Pairing, known};

    #[test]
    fn each_gap_is_of_a_step_and_of_a_pair() {
        let pairs: Vec<String> = Pairing::all().iter().map(Pairing::to_string).collect();
        for gap in GAPS {
            for step in gap.steps {
                assert_eq!(STEPS.iter().filter(|known| known.name == *step).count(), 1, "{step}");
            }
            for pair in gap.pairs {
                assert!(pairs.iter().any(|name| name.starts_with(pair)), "{pair}");
            }
        }
        let first = Pairing::all().into_iter().next().unwrap();
        assert_eq!(known(first, "owner logs in"), None);
    }
}
