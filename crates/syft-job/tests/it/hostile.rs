//! What a submitter writes into a job's folder, and what an owner writes back, in any
//! state: it is read, or it is said in short why not. Nothing of it stops another job.

use std::fs;

use crate::common::{OWNER, Pair, SCIENTIST, email, name};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use syft_core::testing::{Damage, damaged};
use syft_core::{LayoutKind, has_suspicious, yaml};
use syft_job::sandbox::{IsolationLevel, Limits};
use syft_job::{
    Intake, Job, JobConfig, JobId, JobStore, Marker, Problem, Protocol, PythonState, Receipt,
    ReleaseFiles,
};

/// Longest reason in bytes: 500 characters of up to four, and the words around them.
const LONGEST: usize = 2_200;

fn short(reason: &str) -> Result<(), TestCaseError> {
    prop_assert!(reason.len() <= LONGEST, "{} bytes: {reason:.200}", reason.len());
    prop_assert!(!has_suspicious(reason), "{:?}", reason);
    Ok(())
}

fn damages() -> impl Strategy<Value = Vec<Damage>> {
    vec(any::<Damage>(), 1..6)
}

/// Each case writes to the disk and reads all jobs again.
fn on_disk() -> TestRunner {
    TestRunner::new(ProptestConfig::with_cases(64))
}

const LAYOUTS: [LayoutKind; 2] = [LayoutKind::Native, LayoutKind::Pysyft];

/// A job that has run and was released, on both sides.
fn released(layout: LayoutKind) -> (Pair, JobId) {
    let pair = Pair::in_layout(layout);
    let id = pair.sent("done", "mkdir -p outputs; echo 1 > outputs/one.txt; echo said");
    pair.approve(&id);
    pair.run(&id).unwrap();
    pair.owner.store.release(&id, None, &ReleaseFiles::All, true).unwrap();
    pair.answer("done");
    (pair, id)
}

/// A file of the scientist's copy of that job, of the submission or of what came back.
fn file_of(pair: &Pair, name: &str) -> Vec<u8> {
    let (submission, results) = pair.folders("done");
    let read = |folder: &str| fs::read(pair.scientist.path(folder).join(name));
    read(&submission).or_else(|_| read(&results)).unwrap()
}

/// All that a person or a program asks of a job.
fn ask(job: &Job) -> Result<(), syft_job::Error> {
    let _ = (job.status(), job.digest(), job.description(), job.decided(), job.waiting_for());
    let _ = (job.isolation(), job.exit_code(), job.comment(), job.logs_released());
    let summary = serde_json::to_string(&job.summary()?).unwrap();
    assert!(summary.len() < 4 << 20, "{} bytes", summary.len());
    for output in job.outputs()? {
        job.output(&output.path)?;
    }
    let _ = job.check_outputs();
    for attempt in job.attempts()? {
        let _ = job.attempt(&attempt.run);
    }
    job.stdout()?;
    job.stderr().map(drop)
}

fn review(store: &JobStore, id: &JobId) -> Result<(), syft_job::Error> {
    let review = store.review(id, &Limits::default(), IsolationLevel::L0)?;
    let _ = review.one_key_approval_allowed();
    for flag in &review.flags {
        assert!(flag.detail.len() <= LONGEST, "{} bytes: {:.200}", flag.detail.len(), flag.detail);
    }
    store.diff(id).map(drop)
}

/// All that stands in the way of a job, in words.
fn in_short(problem: &Problem) -> Result<(), TestCaseError> {
    short(&problem.to_string())
}

/// The files of a job as texts: the config, and what the owner writes back.
fn texts(layout: LayoutKind) -> Vec<String> {
    let (pair, _) = released(layout);
    let (submission, results) = pair.folders("done");
    let folders = [submission, results].map(|folder| pair.scientist.path(&folder));
    let files = ["config.yaml", "approved", "done", "receipt.yaml", "state.yaml"];
    let found = folders.iter().flat_map(|folder| files.map(|file| folder.join(file)));
    found.filter_map(|file| fs::read_to_string(file).ok()).collect()
}

/// What is read says the same once it is written again; what is not, is so in short.
fn reads(text: &str) -> Result<(), TestCaseError> {
    match JobConfig::parse(text) {
        Ok(config) => {
            let again = JobConfig::parse(&config.to_yaml(LayoutKind::Native).unwrap());
            prop_assert_eq!(again.map_err(|error| error.to_string()), Ok(config));
        }
        Err(error) => short(&error.to_string())?,
    }
    for protocol in [Protocol::Zero, Protocol::One] {
        match PythonState::parse(text, protocol) {
            Ok(state) => drop(state.to_yaml(protocol).unwrap()),
            Err(error) => short(&error.to_string())?,
        }
    }
    let marker = yaml::from_str::<Marker>(text).map(drop);
    let receipt = yaml::from_str::<Receipt>(text).map(drop);
    for read in [marker, receipt] {
        read.or_else(|error| short(&error.to_string()))?;
    }
    Ok(())
}

#[test]
fn i14_a_damaged_file_of_a_job_is_a_value_or_a_reason() {
    let texts: Vec<String> = LAYOUTS.into_iter().flat_map(texts).collect();
    assert!(texts.len() >= 6, "{}", texts.len());
    assert!(texts.iter().any(|text| JobConfig::parse(text).is_ok()));
    assert!(texts.iter().any(|text| PythonState::parse(text, Protocol::One).is_ok()));
    assert!(texts.iter().any(|text| yaml::from_str::<Marker>(text).is_ok()));
    assert!(texts.iter().any(|text| yaml::from_str::<Receipt>(text).is_ok()));
    TestRunner::default()
        .run(&(any::<Index>(), damages(), any::<String>()), |(which, damages, strange)| {
            let good = texts[which.index(texts.len())].as_bytes();
            reads(&String::from_utf8_lossy(&damaged(good, &damages)))?;
            reads(&strange)
        })
        .unwrap();
}

#[test]
fn r8_a_damaged_config_is_a_job_or_a_reason() {
    LAYOUTS.into_iter().for_each(damage_configs);
}

fn damage_configs(layout: LayoutKind) {
    let (pair, done) = released(layout);
    pair.sent("other", "echo 1");
    let good = file_of(&pair, "config.yaml");
    let at = format!("{}/config.yaml", pair.folders("other").0);
    on_disk()
        .run(&damages(), |damages| {
            let bytes = damaged(&good, &damages);
            pair.owner.write(&at, &bytes);
            for (_, job, intake) in pair.owner.store.intake_all().unwrap() {
                if let Intake::Unusable { problem, .. } = intake {
                    prop_assert_eq!(job, name("other"), "another job is hurt");
                    in_short(&problem)?;
                }
            }
            for job in pair.owner.store.jobs().unwrap().iter() {
                ask(job).unwrap();
            }
            prop_assert!(review(&pair.owner.store, &done).is_ok());
            let id = pair.owner.store.jobs().unwrap().get("other").unwrap().id().clone();
            if let Err(error) = review(&pair.owner.store, &id) {
                short(&error.to_string())?;
            }
            Ok(())
        })
        .unwrap();
}

#[test]
fn r8_what_a_config_claims_is_quoted_in_short() {
    let (pair, _) = released(LayoutKind::Native);
    let id = pair.sent("other", "echo 1");
    let good = String::from_utf8(file_of(&pair, "config.yaml")).unwrap();
    let long = "\u{202e}x".repeat(5_000);
    let at = format!("{}/config.yaml", Pair::job_folder("other"));
    for key in ["submitter", "owner", "name", "entrypoint"] {
        let kept: Vec<&str> = good.lines().filter(|line| !line.starts_with(key)).collect();
        pair.owner.write(&at, format!("{}\n{key}: \"{long}\"\n", kept.join("\n")));
        let intake = pair.intake("other");
        assert!(!matches!(intake, Intake::Unusable { .. }), "{key}: {intake:?}");
        review(&pair.owner.store, &id).unwrap();
    }
    let missing: String =
        (0..900).map(|n| format!("- path: code/{n}{}\n", "y".repeat(40))).collect();
    let kept: Vec<&str> = good.split("files:").take(1).collect();
    pair.owner.write(&at, format!("{}files:\n{missing}", kept[0]));
    let Intake::Unusable { problem, .. } = pair.intake("other") else { panic!("it is complete") };
    let said = problem.to_string();
    assert!(said.ends_with(" and 895 more"), "{said}");
    in_short(&problem).unwrap();
}

#[test]
fn what_an_owner_writes_back_is_read_or_tells_nothing() {
    LAYOUTS.into_iter().for_each(damage_answers);
}

fn damage_answers(layout: LayoutKind) {
    let (pair, _) = released(layout);
    pair.sent("other", "echo 1");
    let (submission, results) = pair.folders("done");
    let place = |name: &str| match name {
        "config.yaml" => format!("{submission}/{name}"),
        _ => format!("{results}/{name}"),
    };
    let written: Vec<&str> = ["config.yaml", "receipt.yaml", "approved", "done", "state.yaml"]
        .into_iter()
        .filter(|name| pair.scientist.path(&place(name)).exists())
        .collect();
    assert!(written.len() >= 2, "{written:?}");
    let good: Vec<Vec<u8>> = written.iter().map(|name| file_of(&pair, name)).collect();
    let (store, owner) = (&pair.scientist.store, email(OWNER));
    let cases = (any::<Index>(), damages(), select(vec!["", "attempts/x/", "attempts/7/"]));
    on_disk()
        .run(&cases, |(which, damages, below)| {
            let which = which.index(written.len());
            let at = place(&format!("{below}{}", written[which]));
            pair.scientist.write(&at, damaged(&good[which], &damages));
            let job = store.sent_to(&owner, &name("done")).unwrap();
            prop_assert_eq!(job.submitted_by(), &email(SCIENTIST), "the folder says who");
            ask(&job).unwrap();
            if let Some(problem) = job.problem() {
                in_short(problem)?;
            }
            prop_assert_eq!(store.jobs().unwrap().len(), 2, "it hides no other job");
            pair.scientist.write(&place(written[which]), &good[which]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn r8_a_config_that_the_python_peer_refuses_stops_no_other_job() {
    let (pair, _) = released(LayoutKind::Pysyft);
    pair.sent("other", "echo 1");
    let good = String::from_utf8(file_of(&pair, "config.yaml")).unwrap();
    let at = format!("{}/config.yaml", pair.folders("other").0);
    for line in ["canonical_name: [x]", "version: {a: 1}", "job_type: unheard", "job_type: [x]"] {
        let key = line.split(':').next().unwrap();
        let kept: Vec<&str> = good.lines().filter(|line| !line.starts_with(key)).collect();
        pair.owner.write(&at, format!("{}\n{line}\n", kept.join("\n")));
        let taken = pair.owner.store.intake_all().unwrap_or_else(|error| panic!("{line}: {error}"));
        let unusable = |intake: &Intake| matches!(intake, Intake::Unusable { .. });
        let stopped = taken.iter().filter(|(.., intake)| unusable(intake)).map(|(_, job, _)| job);
        assert_eq!(stopped.collect::<Vec<_>>(), [&name("other")], "{line}");
    }
}

#[test]
fn a_receipt_of_impossible_numbers_is_none() {
    let (pair, _) = released(LayoutKind::Native);
    let good = String::from_utf8(file_of(&pair, "receipt.yaml")).unwrap();
    let line =
        |key: &str| good.lines().find(|line| line.trim().starts_with(key)).unwrap().to_owned();
    let (store, owner) = (&pair.scientist.store, email(OWNER));
    let at = format!("{}/receipt.yaml", Pair::job_folder("done"));
    for (key, number) in [
        ("wall:", "-1"),
        ("wall:", ".nan"),
        ("wall:", "1e300"),
        ("cpu_seconds:", "18446744073709551616"),
        ("memory_bytes:", "-1"),
        ("size:", "1e30"),
    ] {
        let there = line(key);
        let other = format!("{}{key} {number}", &there[..there.find(key).unwrap()]);
        pair.scientist.write(&at, good.replacen(&there, &other, 1));
        let job = store.sent_to(&owner, &name("done")).unwrap();
        assert!(job.run_id().is_none() || key != "wall:", "{key} {number}");
        ask(&job).unwrap_or_else(|error| panic!("{key} {number}: {error}"));
    }
}
