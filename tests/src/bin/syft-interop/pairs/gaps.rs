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
        pairs: &["native-python-sealed", "native-native-sealed"],
        steps: &["it has the dataset"],
        why: "a node seals what it keeps for itself, and Python opens no dataset of its owner's",
    },
    Gap {
        // Here the owner goes back to Python after a node of theirs has restored it all.
        pairs: &["python-native-sealed"],
        steps: &["scientist has no dataset", "scientist has nothing of it"],
        why: "who seals with a node and then with Python is not believed, and Python deletes \
              nothing that the node has sealed",
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
