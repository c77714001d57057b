//! What rules say of a job, from parsed values alone.

use std::collections::{BTreeMap, BTreeSet};

use crate::common::{NOW, dataset, email};
use proptest::prelude::*;
use proptest::sample::Index;
use syft_core::{ContentHash, Timestamp};
use syft_job::policy::{
    AutoRelease, Explanation, FreePath, JobFacts, PackagesFact, PeerStanding, Policy, RuleDigest,
    RuleName, RuleUse,
};
use syft_job::sandbox::IsolationLevel;
use syft_job::{Error, JobKind};

const BOB: &str = "bob@uni.edu";
const FREE: &str = "code/params.json";
const DAY: f64 = 86_400.0;

fn files() -> BTreeMap<String, Vec<u8>> {
    let files: [(&str, &[u8]); 5] = [
        ("run.sh", b"cd code && exec python3 main.py\n"),
        ("code/main.py", b"import json\nprint(json.load(open('params.json')))\n"),
        ("code/lib/util.py", b"def rows():\n    return 10\n"),
        ("code/empty.txt", b""),
        (FREE, br#"{"year": 2020, "region": "north"}"#),
    ];
    files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).collect()
}

fn facts() -> JobFacts {
    JobFacts {
        submitter: email(BOB),
        standing: PeerStanding::Good(None),
        kind: JobKind::Python,
        entrypoint: Some("main.py".to_owned()),
        dependencies: vec!["numpy".to_owned()],
        files: files(),
        datasets: BTreeSet::from([dataset("census")]),
        packages: PackagesFact::Locked(ContentHash::of(b"lock")),
        doubts: Vec::new(),
        now: Timestamp::new(NOW).unwrap(),
        spent: 0.0,
        uses: Vec::new(),
    }
}

fn digest(facts: &JobFacts) -> RuleDigest {
    let hashes = facts.files.iter().map(|(path, bytes)| (path.clone(), ContentHash::of(bytes)));
    let free = BTreeSet::from([FreePath::parse(FREE).unwrap()]);
    let JobFacts { kind, entrypoint, dependencies, .. } = facts;
    RuleDigest::of(*kind, entrypoint.as_deref(), dependencies, &hashes.collect(), &free).unwrap()
}

/// A rule that allows what [`facts`] asks, with more lines.
fn rule(name: &str, more: &str) -> String {
    let (digest, lock) = (digest(&facts()), ContentHash::of(b"lock"));
    let mut text = format!(
        "- name: {name}\n  digest: {digest}\n  peers: [{BOB}]\n  datasets: [census]\n  \
         packages: {lock}\n  free:\n    {FREE}:\n      \
         year: {{type: integer, min: 2000, max: 2030}}\n      region: {{enum: [north, south]}}\n"
    );
    let usual = ["budget: {jobs: 10, seconds: 3000, days: 7}"];
    for line in usual.iter().copied().filter(|_| !more.contains("budget:")).chain(more.lines()) {
        text.push_str(&format!("  {line}\n"));
    }
    text
}

fn policy(rules: &[String]) -> Policy {
    Policy::parse(&format!("jobs:\n{}", rules.concat())).unwrap()
}

fn weekly() -> Policy {
    policy(&[rule("weekly", "")])
}

fn ask(policy: &Policy, facts: &JobFacts) -> Explanation {
    policy.explain(facts).unwrap()
}

fn reason(text: &str) -> String {
    match Policy::parse(text) {
        Err(Error::PolicyFile { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

fn uses(rule: &str, ages: &[f64]) -> Vec<RuleUse> {
    let used = |age: &f64| RuleUse {
        rules: vec![RuleName::parse(rule).unwrap()],
        at: Timestamp::new(NOW - age * DAY).unwrap(),
        seconds: 100.0,
    };
    ages.iter().map(used).collect()
}

#[test]
fn what_a_rule_names_is_approved_and_each_check_is_told() {
    let told = ask(&weekly(), &facts());
    let grant = told.grant.clone().expect("approved");
    assert_eq!(grant.isolation, IsolationLevel::L2);
    assert_eq!(grant.release, AutoRelease::Nothing);
    assert_eq!(told.reason, "approved by weekly");
    let checks = told.rules[0].checks.iter().map(|check| (check.what, check.ok));
    let asked = ["peer", "code", "free file", "datasets", "packages", "budget"];
    assert!(checks.eq(asked.map(|what| (what, true))), "{told:#?}");
}

#[test]
fn without_a_rule_a_person_decides() {
    let told = ask(&Policy::default(), &facts());
    assert_eq!((told.grant, told.reason.as_str()), (None, "there are no rules about jobs"));
}

#[test]
fn whatever_else_differs_is_for_a_person() {
    type Change = fn(&mut JobFacts);
    let changes: [(&str, Change); 10] = [
        ("eve@uni.edu is none", |f| f.submitter = email("eve@uni.edu")),
        ("has the digest", |f| f.kind = JobKind::Bash),
        ("has the digest", |f| f.entrypoint = Some("lib/util.py".to_owned())),
        ("has the digest", |f| f.entrypoint = None),
        ("has the digest", |f| f.dependencies.push("evil".to_owned())),
        ("asks for census, genomes", |f| f.datasets.extend([dataset("genomes")])),
        ("lock", |f| f.packages = PackagesFact::Locked(ContentHash::of(b"other"))),
        ("not found out", |f| f.packages = PackagesFact::Unknown),
        ("not there", |f| drop(f.files.remove(FREE))),
        ("many", |f| f.files.insert(FREE.to_owned(), b"[]".to_vec()).map_or((), drop)),
    ];
    for (words, change) in changes {
        let mut facts = facts();
        change(&mut facts);
        let told = ask(&weekly(), &facts);
        assert_eq!(told.grant, None, "{words}");
        let text = format!("{:?}", told.rules);
        assert!(words == "many" || text.contains(words), "{words} {text}");
    }
    let mut doubtful = facts();
    doubtful.doubts = vec!["code/main.py:3: hidden characters".to_owned()];
    assert_eq!(ask(&weekly(), &doubtful).reason, "code/main.py:3: hidden characters");
    let mut changed = facts();
    changed.standing = PeerStanding::Doubtful("the key of bob@uni.edu has changed".to_owned());
    assert_eq!(ask(&weekly(), &changed).reason, "the key of bob@uni.edu has changed");
}

#[test]
fn a_key_that_a_rule_names_is_the_one_that_the_peer_has() {
    let policy = policy(&[rule("weekly", &format!("keys: {{{BOB}: abc}}"))]);
    for (key, ok) in [(Some("abc"), true), (Some("abd"), false), (None, false)] {
        let mut facts = facts();
        facts.standing = PeerStanding::Good(key.map(str::to_owned));
        assert_eq!(ask(&policy, &facts).grant.is_some(), ok, "{key:?}");
    }
}

#[test]
fn of_two_rules_the_strictest_of_each_counts() {
    let one = rule("one", "limits: {wall: 300, memory_bytes: 1000}\nrelease: outputs");
    let two = rule("two", "limits: {wall: 60, memory_bytes: 2000}\nisolation: L3");
    let grant = ask(&policy(&[one.clone(), two.clone()]), &facts()).grant.unwrap();
    assert_eq!(grant.limits.wall.as_secs(), 60);
    assert_eq!(grant.limits.memory_bytes, 1000);
    assert_eq!(grant.isolation, IsolationLevel::L3);
    assert_eq!(grant.release, AutoRelease::Nothing);
    assert_eq!(grant.rules.len(), 2);

    let mut used = facts();
    used.uses = uses("two", &[1.0; 10]);
    let both = policy(&[one.clone(), two]);
    let told = ask(&both, &used);
    assert_eq!(told.grant, None);
    assert!(told.reason.starts_with("rule two: 10 of its 10 jobs in 7 days"), "{}", told.reason);

    let kept = "- name: ask\n  decide: manual\n  datasets: [census, other]\n".to_owned();
    let told = ask(&policy(&[one.clone(), kept.clone()]), &facts());
    assert_eq!(told.grant, None);
    assert_eq!(told.reason, "rule ask keeps it for a person");
    let mut other = facts();
    other.datasets.clear();
    assert!(ask(&policy(&[one, kept]), &other).grant.is_some());
    let all = "- {name: all, decide: manual}\n".to_owned();
    assert_eq!(ask(&policy(&[rule("one", ""), all]), &facts()).grant, None);
}

#[test]
fn a_budget_is_of_jobs_and_of_seconds_in_a_window() {
    let with = |uses: Vec<RuleUse>| ask(&weekly(), &JobFacts { uses, ..facts() }).grant.is_some();
    assert!(with(uses("weekly", &[1.0; 9])));
    assert!(!with(uses("weekly", &[1.0; 10])));
    assert!(with(uses("other", &[1.0; 10])));
    assert!(with(uses("weekly", &[7.5; 10])), "they are out of the window");
    assert!(!with(uses("weekly", &[-400.0; 10])), "the clock was set back");
    let mut long = uses("weekly", &[1.0]);
    long[0].seconds = 2701.0;
    assert!(!with(long.clone()), "300 s more are too many");
    long[0].seconds = 2700.0;
    assert!(with(long));
}

#[test]
fn a_rule_ends_and_no_clock_brings_it_back() {
    let policy = policy(&[rule("weekly", "until: 2026-11-30")]);
    let at = |at: &str, uses: Vec<RuleUse>| {
        let now = Timestamp::from_rfc3339(at).unwrap();
        ask(&policy, &JobFacts { now, uses, ..facts() }).grant.is_some()
    };
    assert!(at("2026-11-30T23:59:59Z", Vec::new()));
    assert!(!at("2026-12-01T00:00:00Z", Vec::new()));
    let later = Timestamp::from_rfc3339("2026-12-02T00:00:00Z").unwrap();
    let seen = RuleUse { rules: Vec::new(), at: later, seconds: 1.0 };
    assert!(!at("2026-11-29T00:00:00Z", vec![seen]));
}

#[test]
fn a_file_that_is_not_understood_says_in_which_line() {
    let cases = [
        ("jobs:\n- name: weekly\n  perrs: []\n", "unknown field `perrs`", "line 3"),
        ("jobs:\n- name: a\n  isolation: L1\n", "is L2 or stronger", "line 2"),
        ("jobs:\n- name: a\n  isolation: L0\n", "is L2 or stronger", "line 2"),
        ("jobs:\n- name: a\n", "needs peers", "line 2"),
        ("jobs:\n- name: '12'\n", "name of a rule", "line 2"),
        ("datasets:\n  census: {k: -1}\n", "invalid u32", "line 2"),
        ("datasets:\n  census: {logs: sometimes}\n", "never", "line 2"),
        ("datasets:\n  census: {outputs: [.csv]}\n", "as csv", "line 2"),
        ("peers:\n- {name: a, domains: []}\n", "domains are some", "line 2"),
        ("peers:\n- {name: a, domains: [Uni.org]}\n", "domains are some", "line 2"),
        ("jobs:\n- {name: a, decide: manual, release: nothing}\n", "alone", "line 2"),
        ("jobs:\n- {name: a, decide: manual}\n- {name: a, decide: manual}\n", "called a", ""),
        ("rules: []\n", "unknown field", "line 1"),
        ("jobs: [\n", "unclosed", "line 1"),
    ];
    for (text, words, line) in cases {
        let reason = reason(text);
        assert!(reason.contains(words) && reason.contains(line), "{text} gives {reason}");
    }
    let big = format!("# {}\njobs: []\n", "x".repeat(70_000));
    assert!(reason(&big).contains("64 KiB"));
    for nothing in ["", "# a comment\n", "jobs:\n", "jobs: []\ndatasets: {}\n"] {
        assert!(Policy::parse(nothing).unwrap().jobs().is_empty(), "{nothing:?}");
    }
}

#[test]
fn rules_need_bounds_and_free_files_are_json_below_code() {
    let good = rule("weekly", "");
    let without = |part: &str, by: &str| reason(&format!("jobs:\n{}", good.replace(part, by)));
    assert!(without("  budget: {jobs: 10, seconds: 3000, days: 7}\n", "").contains("budget"));
    assert!(without("days: 7", "days: 0").contains("a budget is of some jobs"));
    assert!(without("days: 7", "days: 400").contains("a budget is of some jobs"));
    for path in ["code/main.py", "run.sh", "params.json", "code/../run.json", "code//a.json"] {
        assert!(without(FREE, path).contains("a free file is one such as"), "{path}");
    }
    for field in [
        "{type: integer}",
        "{type: integer, min: 1}",
        "{type: integer, min: 2, max: 1}",
        "{type: integer, min: 1.5, max: 2}",
        "{type: number, min: 1}",
        "{type: string}",
        "{type: text, max: 5}",
        "{enum: []}",
        "{enum: [[1]]}",
        "{type: array, max: 3}",
        "{type: array, items: {type: boolean}}",
        "{type: array, max: 100000, items: {type: boolean}}",
        "{type: date, min: 2020-13-01, max: 2021-01-01}",
        "{}",
    ] {
        without("{enum: [north, south]}", field);
    }
}

#[test]
fn a_free_file_is_one_object_that_fits_its_schema() {
    let fits = |text: &str| {
        let mut facts = facts();
        facts.files.insert(FREE.to_owned(), text.as_bytes().to_vec());
        ask(&weekly(), &facts).grant.is_some()
    };
    for good in [
        r#"{"year": 2000, "region": "south"}"#,
        r#"{ "region":"north" ,
             "year":2030 }"#,
    ] {
        assert!(fits(good), "{good}");
    }
    for bad in [
        r#"{"year": 1999, "region": "south"}"#,
        r#"{"year": 2031, "region": "south"}"#,
        r#"{"year": 2020.0, "region": "south"}"#,
        r#"{"year": 2020.5, "region": "south"}"#,
        r#"{"year": "2020", "region": "south"}"#,
        r#"{"year": null, "region": "south"}"#,
        r#"{"year": 2020, "region": "east"}"#,
        r#"{"year": 2020, "region": ["south"]}"#,
        r#"{"year": 2020}"#,
        r#"{"year": 2020, "region": "south", "more": 1}"#,
        r#"{"year": 1, "year": 2020, "region": "south"}"#,
        r#"{"year": 2020, "region": "south"} {}"#,
        r#"[{"year": 2020, "region": "south"}]"#,
        "{\"year\": 2020, \"region\": \"south\"}\0",
        "\u{feff}{\"year\": 2020, \"region\": \"south\"}",
        "{year: 2020, region: south}",
        "import os\n",
        "",
    ] {
        assert!(!fits(bad), "{bad}");
    }
    let long = format!(r#"{{"year": 2020, "region": "south"{}}}"#, " ".repeat(70_000));
    assert!(!fits(&long));
}

proptest! {
    /// G9: no byte and no name outside a free file is the submitter's.
    #[test]
    fn any_change_outside_free_files_is_for_a_person(
        file in any::<Index>(),
        at in any::<Index>(),
        bit in 0..8_u8,
        what in 0..5_u8,
        name in "[a-z.]{1,8}",
    ) {
        let mut job = facts();
        let fixed: Vec<String> = job.files.keys().filter(|path| *path != FREE).cloned().collect();
        let path = fixed[file.index(fixed.len())].clone();
        let mut bytes = job.files.remove(&path).unwrap();
        match what {
            0 if !bytes.is_empty() => {
                let at = at.index(bytes.len());
                bytes[at] ^= 1 << bit;
            }
            1 => bytes.truncate(at.index(bytes.len() + 1).min(bytes.len().saturating_sub(1))),
            2 => drop(job.files.insert(format!("code/{name}"), vec![bit])),
            _ => bytes.insert(at.index(bytes.len() + 1), bit),
        }
        match what {
            4 => drop(job.files.insert(format!("code/x{name}"), bytes)),
            _ => drop(job.files.insert(path, bytes)),
        }
        prop_assume!(job.files != facts().files);
        prop_assert_eq!(ask(&weekly(), &job).grant, None);
    }

    /// Whatever stands in a free file, it is approved only within its schema.
    #[test]
    fn a_free_file_outside_its_schema_is_for_a_person(
        year in prop_oneof![1990..2040_i64, any::<i64>()],
        region in prop_oneof!["north|south|east", "\\PC{0,6}"],
    ) {
        let mut job = facts();
        let text = serde_json::json!({"year": year, "region": region}).to_string();
        job.files.insert(FREE.to_owned(), text.into_bytes());
        let fits = (2000..=2030).contains(&year) && (region == "north" || region == "south");
        prop_assert_eq!(ask(&weekly(), &job).grant.is_some(), fits);
    }

    #[test]
    fn a_free_file_of_any_bytes_is_no_harm(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
        let mut job = facts();
        job.files.insert(FREE.to_owned(), bytes);
        prop_assert_eq!(ask(&weekly(), &job).grant, None);
    }

    /// However the clock is set, in no window of seven days of its are more approved
    /// than the budget says.
    #[test]
    fn no_clock_gives_more_than_the_budget(steps in proptest::collection::vec(-12.0..12.0_f64, 1..60)) {
        let policy = policy(&[rule("weekly", "budget: {jobs: 3, seconds: 100000, days: 7}")]);
        let mut job = facts();
        let mut now = NOW;
        for step in steps {
            now += step * DAY;
            job.now = Timestamp::new(now).unwrap();
            if ask(&policy, &job).grant.is_some() {
                let rules = vec![RuleName::parse("weekly").unwrap()];
                job.uses.push(RuleUse { rules, at: job.now, seconds: 1.0 });
            }
        }
        for first in &job.uses {
            let since = first.at.seconds();
            let inside = |one: &&RuleUse| (since..since + 7.0 * DAY).contains(&one.at.seconds());
            prop_assert!(job.uses.iter().filter(inside).count() <= 3);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(jobs:\n)?(- name: a\n)?[ -~\n]{0,200}") {
        let _ = Policy::parse(&text);
    }
}
