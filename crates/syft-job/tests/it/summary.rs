//! What the scientist of a failed job is told before anything is released.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use syft_core::{LayoutKind, has_suspicious, yaml};
use syft_job::policy::Policy;
use syft_job::sandbox::{Exit, LimitHit, LimitKind};
use syft_job::{
    ErrorSummary, FailedRun, Intake, JobId, Marker, PythonState, ReleaseFiles, RunFinished, Script,
    SignedReceipt, Status, Submission,
};

use crate::common::{OWNER, Pair, dataset, email, name, scratch};

const MAIN: &str = "import os\n\nclass TooFew(Exception):\n    pass\n\nraise KeyError('age')\n";
const RUN: &str = "python3 code/main.py\nfrobnicate\n";

fn files() -> BTreeMap<String, Vec<u8>> {
    [("code/main.py", MAIN), ("run.sh", RUN)]
        .map(|(path, text)| (path.to_owned(), text.as_bytes().to_vec()))
        .into()
}

/// What is told of a run that printed this.
fn told(stderr: &str) -> ErrorSummary {
    told_with(stderr.as_bytes(), Some(Exit::Code(1)), &[])
}

fn told_with(stderr: &[u8], exit: Option<Exit>, limits_hit: &[LimitHit]) -> ErrorSummary {
    let columns = BTreeSet::from(["age", "city"].map(str::to_owned));
    ErrorSummary::of(&FailedRun { exit, limits_hit, stderr, files: &files(), columns: &columns })
}

fn traceback(end: &str) -> String {
    format!(
        "Traceback (most recent call last):\n\
         \x20 File \"/home/alice/.syft/runs/3f-1/work/code/main.py\", line 6, in <module>\n\
         \x20   raise KeyError('age')\n\
         \x20 File \"/usr/lib/python3/site-packages/pandas/frame.py\", line 3, in get\n\
         {end}\n"
    )
}

#[test]
fn an_exception_is_told_by_its_class_and_the_line_of_ones_own_file() {
    let cases = [
        ("ValueError: could not convert '31' to float", "ValueError"),
        ("pandas.errors.ParserError: Error tokenizing data", "ParserError"),
        ("TooFew", "TooFew"),
        ("helpers.<locals>.TooFew: 3", "TooFew"),
        ("ZeroDivisionError: division by zero", "ZeroDivisionError"),
        ("AliceSmith: 31", ErrorSummary::OTHER_CLASS),
        ("Alice Smith lives in Rome: 31", ErrorSummary::OTHER_CLASS),
    ];
    for (end, class) in cases {
        let told = told(&traceback(end));
        assert_eq!(told.exception.as_deref(), Some(class), "{end}");
        assert_eq!((told.file.as_deref(), told.line), (Some("code/main.py"), Some(6)), "{end}");
        assert_eq!(told.column, None);
    }
}

#[test]
fn a_column_is_named_if_the_mock_has_it() {
    for (end, column) in [
        ("KeyError: 'age'", Some("age")),
        ("KeyError: \"['city', 'ssn'] not in index\"", Some("city")),
        ("KeyError: 'diagnosis'", None),
        ("KeyError: 'Alice Smith'", None),
        ("polars.exceptions.ColumnNotFoundError: unable to find column \"age\"", Some("age")),
        ("ColumnNotFoundError: \"ssn\" not found; valid columns: [\"age\", \"x\"]", None),
        ("ValueError: 'age' is wrong", None),
    ] {
        assert_eq!(told(&traceback(end)).column.as_deref(), column, "{end}");
    }
    let words = told(&traceback("KeyError: 'age'")).to_string();
    assert_eq!(words, "exit code 1, KeyError about column age, line 6 of code/main.py");
}

#[test]
fn bash_a_syntax_error_and_a_group_are_told_too() {
    let bash = told("run.sh: line 2: frobnicate: command not found\n");
    assert_eq!((bash.file.as_deref(), bash.line, bash.exception), (Some("run.sh"), Some(2), None));
    let beyond = told("run.sh: line 200: x\nother.sh: line 1: y\n./run.sh: line x: z\n");
    assert_eq!((beyond.file, beyond.line), (None, None));
    let syntax = told(
        "  File \"/x/work/code/main.py\", line 2\n    def (\n        ^\nSyntaxError: invalid syntax\n",
    );
    assert_eq!(syntax.details(), "SyntaxError, line 2 of code/main.py");
    let group = told(
        "  + Exception Group Traceback (most recent call last):\n  |   File \"code/main.py\", line 1, in <module>\n  | ExceptionGroup: two (1 sub-exception)\n  +-+---------------- 1 ----------------\n    | Traceback (most recent call last):\n    |   File \"code/main.py\", line 4, in <module>\n    | IndexError: list index out of range\n    +------------------------------------\n",
    );
    assert_eq!(group.details(), "IndexError, line 4 of code/main.py");
    // A library has files of the same name, and a caught error is not the last.
    let last = told(&format!(
        "{}\nDuring handling of the above exception, another exception occurred:\n\n\
         Traceback (most recent call last):\n  File \"/usr/lib/code/main.py\", line 1, in f\n\
         TypeError: x\nrun.sh: line 1: 4242 Killed  python3 code/main.py\n",
        traceback("KeyError: 'age'")
    ));
    assert_eq!(last.details(), "line 1 of run.sh");
    assert_eq!(told(&last_python()).details(), "TypeError");
    let nested = "Traceback (most recent call last):\n  File \"/w/work/x/work/code/main.py\", line 1\nTypeError\n";
    assert_eq!(told(nested).details(), "TypeError, line 1 of code/main.py");
}

fn last_python() -> String {
    "Traceback (most recent call last):\n  File \"/usr/lib/code/main.py\", line 1, in f\n\
     TypeError: x\n"
        .to_owned()
}

#[test]
fn of_a_limit_its_kind_alone_is_told() {
    let hit = |limit| LimitHit { limit, detail: "Alice Smith, 31".to_owned() };
    let hits = [hit(LimitKind::Memory), hit(LimitKind::Log)];
    let summary = told_with(b"", Some(Exit::Signal(9)), &hits);
    assert_eq!(summary.to_string(), "signal 9, limit reached: memory, limit reached: log");
    assert_eq!(told_with(b"", Some(Exit::TimedOut), &[]).to_string(), "time is up");
    assert_eq!(told_with(b"", None, &[]).to_string(), "its box broke");
    assert_eq!(told_with(&[0xff, b'\n', 0], Some(Exit::Code(3)), &[]).to_string(), "exit code 3");
}

/// Something that only the data holds.
const SECRET: &str = "zq";

fn secret() -> impl Strategy<Value = String> {
    "zq[A-Za-z0-9 ._:'\"/\\\\-]{0,12}zq"
}

/// Lines as a job may print them that wants a value to be told.
fn line() -> impl Strategy<Value = String> {
    let with = |make: fn(&str) -> String| secret().prop_map(move |text| make(&text)).boxed();
    let own = "  File \"/h/work/code/main.py\", line 6, in f".to_owned();
    prop_oneof![
        Just("Traceback (most recent call last):".to_owned()),
        Just(own),
        Just("KeyError: 'age'".to_owned()),
        Just("run.sh: line 1: x".to_owned()),
        with(|s| s.to_owned()),
        with(|s| format!("KeyError: '{s}'")),
        with(|s| format!("KeyError: \"['{s}', 'age'] not in index\"")),
        with(|s| format!("ValueError: {s}\nsecond line {s}")),
        with(|s| format!("{s}: 3")),
        with(|s| format!("__main__.{s}")),
        with(|s| format!("class {s}(Exception):")),
        with(|s| format!("  File \"{s}\", line 6, in {s}")),
        with(|s| format!("  File \"/h/work/{s}\", line 6, in {s}")),
        with(|s| format!("  File \"/h/work/code/main.py\", line 6{s}")),
        with(|s| format!("  | {s}: {s}")),
        with(|s| format!("{s}: line 1: {s}")),
        with(|s| format!("run.sh: line 1: {s}: command not found")),
        with(|s| format!("Exception ignored in: <{s}>")),
    ]
}

proptest! {
    /// X9, R12: whatever a job prints, what is told was known before.
    #[test]
    fn nothing_that_only_the_data_holds_is_told(
        lines in vec(line(), 0..12),
        exit in select(vec![Some(Exit::Code(1)), Some(Exit::Signal(9)), Some(Exit::TimedOut), None]),
        limit in select(vec![LimitKind::Memory, LimitKind::Wall]),
        planted in secret(),
    ) {
        let hit = LimitHit { limit, detail: planted };
        let summary = told_with(lines.join("\n").as_bytes(), exit, &[hit]);
        let json = serde_json::to_string(&summary).unwrap();
        prop_assert!(!json.contains(SECRET), "{json}");
        prop_assert!(!summary.to_string().contains(SECRET));
        let known = |class: &str| {
            ["KeyError", "ValueError", "TooFew", ErrorSummary::OTHER_CLASS].contains(&class)
        };
        prop_assert!(summary.exception.as_deref().is_none_or(known), "{json}");
        prop_assert!(summary.column.as_deref().is_none_or(|column| column == "age"));
        if let (Some(file), Some(line)) = (&summary.file, summary.line) {
            prop_assert!(files()[file].split(|b| *b == b'\n').count() >= line as usize);
        }
    }

    /// Bytes of any kind are looked at without harm.
    #[test]
    fn any_bytes_can_be_looked_at(bytes in vec(any::<u8>(), 0..300), text in "(?s).{0,200}") {
        told_with(&bytes, Some(Exit::Code(1)), &[]);
        told(&traceback(&text));
    }

    /// What another node says is bounded and safe to show.
    #[test]
    fn what_arrives_is_short_and_safe(text in "(?s).{0,300}", line in any::<u32>()) {
        let (exception, file, column) = (Some(text.clone()), Some(text.clone()), Some(text));
        let limits_hit = vec![LimitKind::Log; 40];
        let sent = ErrorSummary { exit: None, exception, file, line: Some(line), column, limits_hit };
        let safe = sent.made_safe();
        for text in [&safe.exception, &safe.file, &safe.column].into_iter().flatten() {
            prop_assert!(text.chars().count() <= 80 && !has_suspicious(text), "{text:?}");
        }
        prop_assert!(safe.limits_hit.len() <= 16);
        prop_assert_eq!(safe.clone().made_safe(), safe);
    }
}

/// A job of a folder on the dataset `census`, whose mock has `age` and `city` and whose
/// private rows have one more column.
fn failed(layout: LayoutKind, main: &str) -> (Pair, JobId) {
    failed_beside_a_mock_for("*", layout, main)
}

fn failed_beside_a_mock_for(reader: &str, layout: LayoutKind, main: &str) -> (Pair, JobId) {
    let (pair, id) = approved(reader, layout, main);
    pair.run(&id).unwrap();
    (pair, id)
}

fn approved(reader: &str, layout: LayoutKind, main: &str) -> (Pair, JobId) {
    let pair = Pair::in_layout(layout);
    let datasets = match layout {
        LayoutKind::Native => "datasets",
        LayoutKind::Pysyft => "syft_datasets",
    };
    let write = |below: &str, text: &str| {
        let (part, file) = below.split_once('/').unwrap();
        pair.owner.write(&format!("{OWNER}/{part}/{datasets}/census/{file}"), text);
    };
    write("private/rows.csv", "age,city,ssn\n31,x,y\n");
    write("public/mock.csv", "age,city\n1,a\n");
    let rules = format!("rules:\n- pattern: '**'\n  access:\n    read: ['{reader}']\n");
    write("public/syft.pub.yaml", &rules);
    let source = scratch();
    fs::write(source.path().join("main.py"), main).unwrap();
    let mut submission = Submission::new(email(OWNER), Script::Path(source.path().to_owned()));
    submission.name = Some(name("count"));
    submission.datasets = vec![dataset("census")];
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("count") else { panic!("not received") };
    pair.approve(&id);
    (pair, id)
}

#[test]
fn r12_the_scientist_of_a_failed_job_is_told_and_gets_no_log() {
    let main = "row = {'ssn': 'Alice'}\nmissing = [row['ssn']]\nprint(row['age'])\n";
    for layout in [LayoutKind::Native, LayoutKind::Pysyft] {
        let (pair, id) = failed(layout, main);
        pair.answer("count");
        let theirs = pair.scientist.store.sent_to(&email(OWNER), &name("count")).unwrap();
        let told = theirs.failure().expect("something is told").clone();
        assert_eq!(
            told.to_string(),
            "exit code 1, KeyError about column age, line 3 of code/main.py"
        );
        assert_eq!((theirs.status(), theirs.exit_code()), (Status::Failed, Some(1)));
        assert!(!theirs.logs_released() && theirs.stderr().unwrap().is_none());
        assert_eq!(theirs.summary().unwrap().failure, Some(told.clone()));
        let mine = pair.owner.store.received(&id).unwrap();
        assert_eq!(mine.failure(), Some(&told), "the owner sees what was told");
    }
}

#[test]
fn r12_a_column_of_a_mock_is_told_to_those_who_may_have_it() {
    for (reader, column) in [("bob@uni.edu", Some("age")), ("carol@uni.edu", None)] {
        let (pair, id) =
            failed_beside_a_mock_for(reader, LayoutKind::Native, "{'ssn': 1}['age']\n");
        let mine = pair.owner.store.received(&id).unwrap();
        assert_eq!(mine.failure().unwrap().column.as_deref(), column, "{reader}");
    }
}

#[test]
fn r12_a_column_of_a_file_that_a_rule_keeps_is_not_told() {
    let (pair, id) = approved("*", LayoutKind::Native, "{'ssn': 1}['secret']\n");
    let mock = format!("{OWNER}/public/datasets/census");
    pair.owner.write(&format!("{mock}/kept.csv"), "secret\n1\n");
    let rules = "rules:\n- pattern: 'kept.csv'\n  access:\n    read: []\n\
                 - pattern: '**'\n  access:\n    read: ['*']\n";
    pair.owner.write(&format!("{mock}/syft.pub.yaml"), rules);
    pair.run(&id).unwrap();
    let mine = pair.owner.store.received(&id).unwrap();
    assert_eq!(mine.failure().unwrap().column, None);
}

#[test]
fn r12_a_value_in_an_exception_stays_with_its_owner() {
    let mains = [
        "raise KeyError('Alice Smith')",
        "raise type('Alice', (Exception,), {})('Smith')",
        "try:\n    raise KeyError('Alice')\nexcept KeyError as e:\n    raise ValueError('Smith\\n  File \"Alice\", line 1\\nAlice: Smith') from e",
        "open('/nowhere/Alice/Smith.csv')",
        "import sys\nprint('Traceback (most recent call last):\\n  File \"Alice\", line 1\\nSmith: Alice', file=sys.stderr)\nsys.exit(1)",
        "exec(compile('raise ValueError(1)', 'Alice Smith', 'exec'))",
        "import sys\nsys.exit('Alice Smith')",
    ];
    for main in mains {
        let (pair, _) = failed(LayoutKind::Pysyft, &format!("{main}\n"));
        let (_, results) = pair.folders("count");
        let shown = crate::common::tree(&pair.owner.path(&results));
        for (path, bytes) in shown {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("Alice") && !text.contains("Smith"), "{path}: {text}");
        }
    }
}

#[test]
fn where_a_rule_keeps_errors_nothing_but_the_failure_is_told() {
    let main = "row = {'ssn': 'Alice'}\nprint(row['age'])\n";
    let policy = Policy::parse(KEPT).unwrap();
    let both = policy.bounds(&[dataset("other"), dataset("census")]);
    assert_eq!(both.no_errors, Some(dataset("census")), "the strictest counts");
    assert_eq!(policy.bounds(&[dataset("other")]).no_errors, None);
    for layout in [LayoutKind::Native, LayoutKind::Pysyft] {
        for rules in [KEPT, "what is this"] {
            let (pair, id) = approved("*", layout, main);
            let file = pair.owner.path(&format!("{OWNER}/private/policy.yaml"));
            fs::write(&file, rules).unwrap();
            pair.run(&id).unwrap();
            let mine = pair.owner.store.received(&id).unwrap();
            assert!(mine.failure_kept() && mine.failure().unwrap().exception.is_some());
            assert_eq!(mine.exit_code(), Some(1), "its owner sees all of it");
            nothing_is_told(&pair);
            // What was kept once does not leave because the rules changed.
            fs::remove_file(&file).unwrap();
            pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap();
            pair.owner.store.project_all().unwrap();
            nothing_is_told(&pair);
        }
    }
}

const KEPT: &str = "datasets:\n  census: {errors: never}\n  other: {errors: tell}\n";

fn nothing_is_told(pair: &Pair) {
    pair.answer("count");
    let theirs = pair.scientist.store.sent_to(&email(OWNER), &name("count")).unwrap();
    assert_eq!((theirs.status(), theirs.exit_code()), (Status::Failed, None));
    assert_eq!(theirs.failure(), None);
    let (_, results) = pair.folders("count");
    let shown = crate::common::tree(&pair.owner.path(&results));
    let receipt = SignedReceipt::parse(&shown["receipt.yaml"]).unwrap().receipt;
    assert_eq!((receipt.exit, receipt.limits_hit), (None, Vec::new()));
    assert_eq!(receipt.audit, None, "its hash covers how it ended");
    for (path, bytes) in shown {
        let text = String::from_utf8(bytes).unwrap();
        let tells = ["KeyError", "failure:", "return_code: 1", "code: 1"];
        assert!(!tells.iter().any(|told| text.contains(told)), "{path}: {text}");
    }
}

#[test]
fn a_rule_that_keeps_errors_hides_no_success() {
    let (pair, id) = approved("*", LayoutKind::Native, "print(1)\n");
    fs::write(pair.owner.path(&format!("{OWNER}/private/policy.yaml")), KEPT).unwrap();
    pair.run(&id).unwrap();
    pair.answer("count");
    let theirs = pair.scientist.store.sent_to(&email(OWNER), &name("count")).unwrap();
    assert_eq!((theirs.status(), theirs.exit_code()), (Status::Done, Some(0)));
    assert!(!pair.owner.store.received(&id).unwrap().failure_kept());
}

#[test]
fn records_and_markers_of_other_versions_are_read() {
    let (pair, id) = failed(LayoutKind::Native, "raise ValueError\n");
    let path = pair.owner.path(&format!(".syft/runs/{id}-1/finished.json"));
    let text = fs::read_to_string(&path).unwrap();
    let mut record: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(serde_json::from_str::<RunFinished>(&text).unwrap().failure.is_some());
    record.as_object_mut().unwrap().remove("failure").unwrap();
    fs::write(&path, record.to_string()).unwrap();
    pair.owner.store.project_all().unwrap();
    let marker = fs::read_to_string(pair.owner.path(&Pair::job_folder("count")).join("failed"));
    let marker = marker.unwrap();
    let old: Marker = yaml::from_str(&marker).unwrap();
    assert_eq!((old.status, &old.failure), (Status::Failed, &None));
    for foreign in
        ["failure: {limits_hit: [patience]}", "failure: 7", "failure: null", "failure: [x]"]
    {
        let read: Marker = yaml::from_str(&format!("{marker}{foreign}\n")).unwrap();
        assert_eq!(read, old, "{foreign}");
    }
    let long = format!("{marker}failure: {{exception: \"{}\\e[2J\"}}\n", "x".repeat(300));
    let read: Marker = yaml::from_str(&long).unwrap();
    assert_eq!(read.failure.unwrap().exception.unwrap().chars().count(), 80);
    let state = PythonState { markers: Some(vec![old]), ..PythonState::default() };
    let text = state.to_yaml(syft_job::Protocol::One).unwrap();
    assert_eq!(PythonState::parse(&text, syft_job::Protocol::One).unwrap().markers, state.markers);
}
