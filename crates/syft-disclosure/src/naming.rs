//! What the name of a column or key says of its numbers: counts of people, or not.

use crate::cell::folded;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// A count.
    Count,
    /// Something else: a measure, a setting, a moment.
    Other,
    Unknown,
}

/// Anywhere in a name, these say that it is no count.
const MEASURES: &str = "\
    mean avg average median mode std stdev sd var variance min max minimum maximum sum share \
    rate ratio percent percentage pct proportion prob probability score coef coefficient \
    coefficients weight weights pvalue quantile percentile iqr ci lower upper error loss \
    accuracy auc precision recall f1 r2 mse rmse mae intercept slope importance seconds duration \
    time kurtosis skew spent cost price amount income revenue batch per threshold log odds";

const COUNTS: &str = "\
    n count counts freq frequency number nobs obs observations total tally support people \
    patients persons customers participants subjects cases controls records rows samples users \
    members households employees students responses respondents deaths events admissions visits \
    individuals donors voters children women men males females histogram hist";

/// What numbers are called that are no counts, at the end of a name: `n_layers`.
const OTHERS: &str = "\
    year month day week weekday quarter hour minute date age id ids index idx rank ranks order \
    position class classes label cluster clusters group groups code zip postcode level levels \
    grade stars rating bin bins left right from to start end low high edge edges bound epoch \
    epochs step steps iteration iterations iter iters seed state version schema depth degree \
    degrees fold folds layer layers units estimators features components neighbors neighbours \
    trees jobs columns cols variables params parameters k p q x y z df dof size splits rounds \
    round decimals digits workers threads lag lags window horizon predicted prediction actual \
    target value values";

/// What a column of labels is called that names things and not groups of people.
const THINGS: &str = "\
    param params parameter hyperparameter setting option feature features variable variables \
    coefficient name key term statistic stat metric measure layer model step column columns \
    field item predictor";

impl Naming {
    pub(crate) fn of(name: &str) -> Self {
        let words = words(name);
        let Some(last) = words.last() else { return Naming::Unknown };
        if words.iter().any(|word| is_in(MEASURES, word)) {
            return Naming::Other;
        }
        if is_size_of_people(&words) || is_in(COUNTS, last) {
            return Naming::Count;
        }
        if is_in(OTHERS, last) {
            return Naming::Other;
        }
        match words.iter().any(|word| is_in(COUNTS, word)) {
            true => Naming::Count,
            false => Naming::Unknown,
        }
    }
}

fn is_in(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// Whether a name says that its keys are groups: `by_region`, `counts`.
pub(crate) fn names_groups(name: &str) -> bool {
    words(name).first().is_some_and(|word| word == "by" || word == "per")
        || Naming::of(name) == Naming::Count
}

/// Whether the labels below a header are things and not groups of people.
pub(crate) fn names_things(name: &str) -> bool {
    words(name).last().is_some_and(|word| is_in(THINGS, word))
}

/// Whether a label says that its numbers are in a range: `30-39`, `<30`, `60+`, `(0, 10]`.
pub(crate) fn is_range(label: &str) -> bool {
    let label = folded(label);
    let numbers = label.split(|c: char| !c.is_ascii_digit() && c != '.');
    let numbers = numbers.filter(|part| part.bytes().any(|b| b.is_ascii_digit())).count();
    let marks = |c: char| c.is_ascii_digit() || " .,-–+<>=≤≥()[]_".contains(c);
    let plain = label.replace("to", "-").replace("under", "<").replace("over", ">");
    (1..=2).contains(&numbers)
        && plain.chars().all(marks)
        && plain.trim_start_matches('-').contains(|c: char| "-–+<>≤≥,".contains(c))
}

/// A size is one of people only if it says of what.
fn is_size_of_people(words: &[String]) -> bool {
    const WHOLES: &[&str] =
        &["sample", "group", "cohort", "cell", "class", "population", "cluster", "stratum"];
    match words {
        [.., whole, size] => size == "size" && WHOLES.contains(&whole.as_str()),
        [only] => only == "size",
        [] => false,
    }
}

/// The words of a name: `nPatients`, `n_patients` and `N patients` have the same ones.
fn words(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len());
    let mut before = ' ';
    for c in name.trim().chars().take(200) {
        if c.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(c);
        before = c;
    }
    let folded = folded(&spaced);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::{Naming, is_range, names_groups};

    #[test]
    fn a_name_says_whether_its_numbers_are_counts() {
        for name in ["n", "N", "count", "n_patients", "nPatients", "age_n", "group size", "total"] {
            assert_eq!(Naming::of(name), Naming::Count, "{name}");
        }
        for name in [
            "n_estimators",
            "num_epochs",
            "mean_age",
            "batch_size",
            "year",
            "count_mean",
            "n_jobs",
            "test_size",
            "random_state",
            "total_spent",
        ] {
            assert_eq!(Naming::of(name), Naming::Other, "{name}");
        }
        for name in ["", "north", "diabetes"] {
            assert_eq!(Naming::of(name), Naming::Unknown, "{name}");
        }
        assert!(names_groups("by_region") && names_groups("counts") && !names_groups("params"));
    }

    #[test]
    fn a_range_is_told_from_a_number_and_a_word() {
        for range in ["30-39", "<30", "60+", "(0, 10]", "30 to 39", "≥ 80"] {
            assert!(is_range(range), "{range}");
        }
        for other in ["30", "north", "-3", "2024", "0.25 -0.5 1.25"] {
            assert!(!is_range(other), "{other}");
        }
    }
}
