//! What an owner reads before deciding.

use proptest::prelude::*;
use syft_job::sandbox::{IsolationLevel, Limits};
use syft_job::{BaseKind, JobId, Meaning, Review, Script, ShownLine, Submission};

use crate::common::{OWNER, Pair, email, name};

fn review(pair: &Pair, id: &JobId) -> Review {
    pair.owner.store.review(id, &Limits::default(), IsolationLevel::L2).unwrap()
}

/// A folder with a `run.sh` and some code, sent under this name.
fn folder(pair: &Pair, job: &str, files: &[(&str, &str)]) -> JobId {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        std::fs::write(folder.path().join(path), text).unwrap();
    }
    let script = Script::Path(folder.path().to_owned());
    let submission = Submission { name: Some(name(job)), ..Submission::new(email(OWNER), script) };
    let sent = pair.submit(&submission);
    pair.intake(job);
    sent.id
}

fn of(lines: &[ShownLine], meaning: Meaning) -> Vec<&str> {
    lines.iter().filter(|line| line.meaning == meaning).map(|line| line.text.as_str()).collect()
}

#[test]
fn r7_the_review_begins_with_what_changed_since_the_last_approval() {
    let pair = Pair::new();
    let first = pair.sent("count", "echo 1\n");
    assert_eq!(review(&pair, &first).difference, None);
    pair.approve(&first);
    let second = pair.sent("count-2", "echo 1\necho 2\n");
    let shown = review(&pair, &second);
    let difference = shown.difference.clone().unwrap();
    assert_eq!((difference.base.job, difference.base.kind), (first, BaseKind::Approved));
    let lines = shown.lines(80);
    assert_eq!(of(&lines, Meaning::Added), ["+echo 2"]);
    let at = |text: &str| lines.iter().position(|line| line.text.contains(text)).unwrap();
    assert!(at("+echo 2") < at("── run.sh"), "{lines:#?}");
    // What was shown and not approved is no base.
    let third = pair.sent("other", "echo 1\n");
    assert_eq!(review(&pair, &third).difference, None);
}

#[test]
fn a_job_of_another_name_is_compared_by_the_code_that_it_shares() {
    let pair = Pair::new();
    let old = folder(&pair, "count", &[("run.sh", "python3 main.py\n"), ("main.py", "a = 1\n")]);
    pair.approve(&old);
    let new = folder(&pair, "weekly", &[("run.sh", "python3 main.py\n"), ("main.py", "a = 2\n")]);
    let other = folder(&pair, "fresh", &[("run.sh", "python3 new.py\n"), ("new.py", "b = 1\n")]);
    let difference = review(&pair, &new).difference.unwrap();
    assert_eq!(difference.base.job, old);
    assert!(difference.text.contains("-a = 1\n+a = 2\n"), "{}", difference.text);
    assert_eq!(review(&pair, &other).difference, None);
}

#[test]
fn r6_a_line_that_may_hide_something_stands_out_where_it_stands() {
    let pair = Pair::new();
    let id = pair.sent("count", "echo 1\necho \u{202e}2\n");
    let lines = review(&pair, &id).lines(80);
    let suspicious = of(&lines, Meaning::Suspicious);
    assert!(suspicious[0].starts_with("! run.sh:2: hidden characters"), "{suspicious:#?}");
    assert_eq!(suspicious[1..], ["    2 │ echo ‹U+202E›2"]);
}

#[test]
fn r6_what_stands_in_a_file_is_no_head_of_a_difference() {
    let pair = Pair::new();
    let first = pair.sent("count", "-- a comment of SQL\necho 1\n");
    pair.approve(&first);
    let second = pair.sent("count-2", "echo 1\n++ new/code/other.py\n@@ -1 +1 @@\n");
    let lines = review(&pair, &second).difference.unwrap().lines(80);
    assert_eq!(of(&lines, Meaning::Removed), ["--- a comment of SQL"]);
    assert_eq!(of(&lines, Meaning::Added), ["+++ new/code/other.py", "+@@ -1 +1 @@"]);
    assert_eq!(of(&lines, Meaning::Title).len(), 3, "{lines:#?}");
}

#[test]
fn what_is_kept_no_more_of_an_older_version_holds_up_no_review_of_the_new_one() {
    let pair = Pair::new();
    let first = pair.sent("count", "echo 1\n");
    pair.approve(&first);
    let digest = pair.owner.store.received(&first).unwrap().digest().unwrap();
    let second = pair.sent("count-2", "echo 2\n");
    std::fs::remove_dir_all(pair.owner.path(&format!(".syft/snapshots/{digest}"))).unwrap();
    assert_eq!(review(&pair, &second).difference, None);
    pair.approve(&second);
    pair.run(&second).unwrap();
}

/// The text of a file as it is shown, put together again.
fn put_together(lines: &[ShownLine]) -> String {
    let mut text = String::new();
    for line in
        lines.iter().map(|line| line.text.as_str()).skip_while(|l| !l.starts_with("── ")).skip(1)
    {
        let Some((gutter, rest)) = line.split_at_checked("      ┆ ".len()) else { break };
        if gutter.trim_start().starts_with('┆') {
            text.push_str(rest);
        } else if let Some((number, rest)) = line.split_once(" │ ")
            && number.trim().parse::<u32>().is_ok()
        {
            text.push_str(&format!("\n{rest}"));
        } else {
            break;
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn r7_nothing_is_cut_and_no_line_is_longer_than_the_terminal(
        texts in proptest::collection::vec("[a-zé漢 ]{0,120}", 1..6),
        columns in 40_usize..140,
    ) {
        let pair = Pair::new();
        let script = format!("echo\n{}\n", texts.join("\n"));
        let id = pair.sent("count", &script);
        let lines = review(&pair, &id).lines(columns);
        let width = |text: &str| text.chars().map(|c| if c.is_ascii() || "│┆─".contains(c) { 1 } else { 2 }).sum::<usize>();
        for line in &lines {
            prop_assert!(width(&line.text) <= columns, "{} > {columns}: {}", width(&line.text), line.text);
        }
        let expected = format!("\n{}", script.strip_suffix('\n').unwrap());
        prop_assert_eq!(put_together(&lines), expected);
    }
}
