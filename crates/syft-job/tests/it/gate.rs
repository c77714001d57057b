//! What came out of a run is looked at before it leaves.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::common::{Pair, SCIENTIST, Unboxed, dataset, name, quiet, submission};
use serde_json::json;
use syft_core::DatasitePath;
use syft_job::sandbox::{BoxReport, BoxedJob, Exit, IsolationLevel, LogSink, Sandbox};
use syft_job::{
    FindingKind, Intake, JobId, JobRun, OutputSink, ReleaseFiles, Result, RunOptions, Severity,
};

use crate::common::{OWNER, email};

type Files = Vec<(&'static str, Vec<u8>)>;

/// A box in which a job leaves these files.
#[derive(Debug)]
struct Leaving(Files);

impl Sandbox for Leaving {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L2
    }

    fn run(
        &self,
        job: &BoxedJob,
        _: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        assert!(!job.readable.is_empty());
        for (path, bytes) in &self.0 {
            outputs.file(path_of(path), &mut bytes.as_slice())?;
        }
        Ok(BoxReport {
            exit: Exit::Code(0),
            limits_hit: Vec::new(),
            duration: Duration::from_secs(1),
            level: IsolationLevel::L2,
            landlock_abi: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
        })
    }
}

fn path_of(path: &str) -> DatasitePath {
    DatasitePath::parse(path).unwrap()
}

const HEADER: &str = "patient_id,name,region,sex,age,diagnosis,cost,note\n";

/// Sixty patients who do not exist.
fn patients() -> Vec<[String; 8]> {
    let first = ["Abelard", "Brunhild", "Casimir", "Dorothea", "Eckbert", "Friedrun"];
    let last = [
        "Aalberg",
        "Brockmoor",
        "Czerwin",
        "Dunkelau",
        "Eschweil",
        "Fuchsried",
        "Grauberg",
        "Hohenau",
        "Isental",
        "Jagstfeld",
    ];
    (0..60)
        .map(|at| {
            let name = format!("{} {}", first[at % 6], last[at / 6]);
            [
                format!("P-{}", 10_007 + at * 37),
                name.clone(),
                ["north", "south", "east"][at % 3].to_owned(),
                ["f", "m"][(at / 3) % 2].to_owned(),
                (21 + (at * 7) % 53).to_string(),
                ["asthma", "diabetes", "influenza", "migraine"][(at / 6) % 4].to_owned(),
                format!("{}.{:02}", 800 + (at * 7919) % 3000, (at * 31) % 97 + 1),
                format!("{name} was seen by the night shift and sent home in week {at}"),
            ]
        })
        .collect()
}

fn csv(header: &str, rows: impl IntoIterator<Item = String>) -> Vec<u8> {
    let mut text = header.to_owned();
    rows.into_iter().for_each(|row| text.push_str(&(row + "\n")));
    text.into_bytes()
}

fn with_patients() -> Pair {
    let pair = Pair::new();
    let rows = patients();
    let real = csv(HEADER, rows.iter().map(|row| row.join(",")));
    let mock = csv(HEADER, ["P-1,Mock One,north,f,30,asthma,1000.00,an invented note".to_owned()]);
    pair.owner.write(&format!("{OWNER}/private/datasets/patients/patients.csv"), real);
    let mocks = format!("{OWNER}/public/datasets/patients");
    pair.owner.write(&format!("{mocks}/patients.csv"), mock);
    pair
}

/// A job on the patients that leaves these files, approved.
fn approved(pair: &Pair, job: &str) -> JobId {
    let mut submission = submission(job, "true\n");
    submission.datasets = vec![dataset("patients")];
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake(job) else { panic!("not received") };
    pair.approve(&id);
    id
}

fn shared(pair: &Pair, id: &JobId, files: Files) -> JobRun {
    let options = RunOptions { share_outputs: true, ..RunOptions::default() };
    pair.owner.store.run(id, &options, &Leaving(files), &mut quiet).unwrap()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend(b"\x08\x02\0\0\0\0\0\0\0\0\0\0\0IEND\xae\x42\x60\x82");
    bytes
}

/// One leak of each kind.
fn leaks() -> BTreeMap<FindingKind, (&'static str, Vec<u8>)> {
    let rows = patients();
    let round = |cost: &str| format!("{:.0}", cost.parse::<f64>().unwrap());
    let copies = rows[10..15].iter().map(|row| row.join(","));
    let near = rows[..8].iter().map(|row| {
        [&row[2], &row[3], &row[4], &row[5], &round(&row[6])].map(String::as_str).join(",")
    });
    let pairs = rows.iter().map(|row| format!("{},{}", row[4], row[5]));
    let total: f64 = rows.iter().map(|row| row[6].parse::<f64>().unwrap()).sum();
    let few: f64 = rows[..2].iter().map(|row| row[6].parse::<f64>().unwrap()).sum();
    assert!(total > few);
    let text = |text: &str| text.as_bytes().to_vec();
    BTreeMap::from([
        (FindingKind::SmallCount, ("regions.csv", text("region,count\nnorth,20\nsouth,3\n"))),
        (FindingKind::RowCopy, ("copies.csv", csv(HEADER, copies))),
        (FindingKind::NearRowCopy, ("near.csv", csv("region,sex,age,diagnosis,cost\n", near))),
        (FindingKind::RowLike, ("pairs.csv", csv("age,diagnosis\n", pairs))),
        (
            FindingKind::ManyValues,
            ("names.csv", csv("values\n", rows.iter().map(|row| row[1].clone()))),
        ),
        (
            FindingKind::PrivateValue,
            ("best.csv", csv("best match,score\n", [format!("{},0.91", rows[3][1])])),
        ),
        (FindingKind::OddType, ("model.pkl", b"\x80\x04\x95\x10\0\0\0\0\0\0\0}q\0.".to_vec())),
        (FindingKind::Image, ("plot.png", png(8000, 6000))),
        (FindingKind::Difference, ("again.csv", text("region,count\nnorth,20\nsouth,19\n"))),
    ])
}

#[test]
fn planted_leaks_are_held_and_leave_only_by_name_with_what_was_seen() {
    let pair = with_patients();
    // Released before, so that what differs from it by one person is told.
    let before = approved(&pair, "before");
    let counts = b"region,count\nnorth,20\nsouth,20\n".to_vec();
    assert_eq!(shared(&pair, &before, vec![("again.csv", counts)]).held(), Vec::<&_>::new());

    let leaks = leaks();
    let id = approved(&pair, "leaks");
    let mut files: Files = leaks.values().cloned().collect();
    files.push(("means.csv", b"region,mean_age\nnorth,44.2\nsouth,46.1\n".to_vec()));
    let run = shared(&pair, &id, files);
    let checked = pair.owner.store.received(&id).unwrap().check_run().unwrap();
    for (kind, (path, _)) in &leaks {
        let seen = checked.findings.iter().filter(|found| found.file == path_of(path));
        let kinds: Vec<FindingKind> = seen.map(|found| found.kind).collect();
        assert!(kinds.contains(kind), "{path}: {kinds:?}");
        assert!(run.held().contains(&&path_of(path)), "{path} is held");
    }
    let released: Vec<String> =
        run.release.unwrap().files.iter().map(|r| r.file.path.to_string()).collect();
    assert_eq!(released, ["means.csv"]);
    assert!(pair.owner.detail("job.released", "findings").is_null());
    let told = serde_json::to_string(&checked).unwrap();
    for row in patients() {
        assert!(!told.contains(&row[1]) && !told.contains(&row[0]), "no finding quotes data");
    }

    let all = leaks.len();
    for (at, (kind, (path, _))) in leaks.iter().enumerate() {
        let job = pair.owner.store.received(&id).unwrap();
        assert_eq!(job.held().len(), all - at);
        let waits = job.waiting_for().unwrap();
        assert_eq!((waits.who, waits.command), (email(OWNER), format!("syft job outputs {id}")));
        let files = ReleaseFiles::Paths(vec![path_of(path)]);
        let release = pair.owner.store.release(&id, None, &files, false).unwrap();
        assert!(release.findings.iter().any(|found| found.kind == *kind));
        let told = pair.owner.detail("job.released", "findings");
        assert!(told.as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains(path)));
    }
    let job = pair.owner.store.received(&id).unwrap();
    assert_eq!((job.held().len(), job.waiting_for()), (0, None));
}

#[test]
fn a_total_of_mostly_one_person_is_held() {
    let pair = Pair::new();
    let mut rows: Vec<String> =
        (0..12).map(|at| format!("C{at:02}x,west,{}", 100 + at * 3)).collect();
    rows[4] = "C04x,west,99000".to_owned();
    let real = csv("customer,region,spent\n", rows);
    pair.owner.write(&format!("{OWNER}/private/datasets/patients/patients.csv"), real);
    let total: u64 = (0..12).filter(|at| *at != 4).map(|at| 100 + at * 3).sum::<u64>() + 99_000;
    let id = approved(&pair, "sum");
    let sum = format!("total_spent\n{total}\n").into_bytes();
    let run = shared(&pair, &id, vec![("sum.csv", sum)]);
    assert_eq!(run.held(), [&path_of("sum.csv")]);
    let checked = pair.owner.store.received(&id).unwrap().check_run().unwrap();
    assert!(checked.findings.iter().any(|found| found.kind == FindingKind::Dominance));
    // Nothing left, so that nothing was answered, and what is held waits for its owner.
    assert_eq!(run.release, None);
    let waits = pair.owner.store.received(&id).unwrap().waiting_for().unwrap();
    assert_eq!(waits.command, format!("syft job outputs {id}"));
}

#[test]
fn innocent_aggregates_are_released_at_once_and_a_count_is_a_note() {
    let pair = with_patients();
    let id = approved(&pair, "innocent");
    let text = |text: &str| text.as_bytes().to_vec();
    let run = shared(
        &pair,
        &id,
        vec![
            ("counts.csv", text("region,count\nnorth,20\nsouth,21\neast,19\n")),
            ("mean.txt", text("mean age 44.1\n")),
            ("model.json", text("{\"intercept\": 0.51, \"age\": -0.024, \"rounds\": 100}\n")),
            ("plot.png", png(640, 480)),
        ],
    );
    assert_eq!(run.held(), Vec::<&_>::new());
    assert_eq!(run.release.as_ref().unwrap().files.len(), 4);
    let checked = pair.owner.store.received(&id).unwrap().check_run().unwrap();
    let notes: Vec<_> = checked.findings.iter().map(|found| (found.kind, found.severity)).collect();
    assert_eq!(notes, [(FindingKind::UnroundedCount, Severity::Note)]);
    let job = pair.owner.store.received(&id).unwrap();
    assert_eq!(job.waiting_for(), None);
    assert!(pair.owner.detail("job.released", "findings").is_null());
}

#[test]
fn the_scientist_waits_as_long_as_something_is_held() {
    let pair = with_patients();
    let id = approved(&pair, "half");
    let text = |text: &str| text.as_bytes().to_vec();
    let files = vec![("mean.txt", text("mean age 44.1\n")), ("n.csv", text("count\n3\n"))];
    shared(&pair, &id, files);
    pair.answer("half");
    let sent = || pair.scientist.store.sent_to(&email(OWNER), &name("half")).unwrap();
    let released: Vec<String> =
        sent().outputs().unwrap().iter().map(|output| output.path.to_string()).collect();
    assert_eq!(released, ["mean.txt"]);
    let waits = sent().waiting_for().expect("there is more to come");
    assert_eq!(waits.who, email(OWNER));
    assert!(sent().checked().unwrap().findings.is_empty() && sent().held().is_empty());

    pair.owner.store.give_back(&id, "the counts are too small").unwrap();
    assert_eq!(pair.owner.store.received(&id).unwrap().waiting_for(), None);
    pair.answer("half");
    assert_eq!(sent().waiting_for(), None);
}

#[test]
fn what_was_released_since_the_run_is_compared_with_at_the_release() {
    let pair = with_patients();
    let counts = |south: &str| format!("region,count\nnorth,20\nsouth,{south}\n").into_bytes();
    let run = |job: &str, south: &str| {
        let id = approved(&pair, job);
        let files = Leaving(vec![("n.csv", counts(south))]);
        pair.owner.store.run(&id, &RunOptions::default(), &files, &mut quiet).unwrap();
        id
    };
    let (one, other) = (run("one", "20"), run("other", "19"));
    let release = |id: &JobId| {
        let release = pair.owner.store.release(id, None, &ReleaseFiles::All, false).unwrap();
        release.findings.iter().map(|found| found.kind).collect::<Vec<_>>()
    };
    assert_eq!(release(&one), []);
    assert_eq!(release(&other), [FindingKind::Difference]);
    let told = pair.owner.detail("job.released", "findings");
    assert_eq!(told, json!(["difference to an earlier release n.csv row 2"]));
}

#[test]
fn what_was_released_while_it_ran_holds_what_differs_from_it() {
    let pair = with_patients();
    let counts = |south: &str| format!("region,count\nnorth,20\nsouth,{south}\n").into_bytes();
    let (one, other) = (approved(&pair, "one"), approved(&pair, "other"));
    let run = |south| Leaving(vec![("n.csv", counts(south))]);
    pair.owner.store.run(&one, &RunOptions::default(), &run("20"), &mut quiet).unwrap();
    let options = RunOptions { share_outputs: true, ..RunOptions::default() };
    let begun = pair.owner.store.begin_run(&other, &options, &run("19")).unwrap();
    let ended = begun.execute(&run("19"), &mut quiet).unwrap();
    pair.owner.store.release(&one, None, &ReleaseFiles::All, false).unwrap();
    let finished = ended.finish().unwrap();
    assert_eq!(finished.held(), [&path_of("n.csv")]);
    assert!(finished.release.is_none(), "{:?}", finished.release);
}

#[test]
fn many_releases_push_none_of_the_same_name_out_of_the_comparison_and_are_told() {
    let pair = with_patients();
    let counts = |south: &str| format!("region,count\nnorth,20\nsouth,{south}\n").into_bytes();
    let first = approved(&pair, "first");
    shared(&pair, &first, vec![("n.csv", counts("20"))]);
    pair.owner.clock.step(1.0);
    let many = approved(&pair, "many");
    let file = |at: usize| -> (&'static str, Vec<u8>) {
        (format!("f{at}.csv").leak(), format!("mean\n{at}.5\n").into_bytes())
    };
    shared(&pair, &many, (0..250).map(file).collect());
    let last = approved(&pair, "last");
    let run = shared(&pair, &last, vec![("n.csv", counts("19"))]);
    assert_eq!(run.held(), [&path_of("n.csv")]);
    let checked = pair.owner.store.received(&last).unwrap().check_run().unwrap();
    assert!(checked.not_compared[0].starts_with("51 of the files"), "{checked:?}");
}

#[test]
fn another_k_forgets_no_copy_of_data_that_is_gone() {
    let pair = with_patients();
    let id = approved(&pair, "n");
    let rows: Vec<u8> = csv(HEADER, patients()[..8].iter().map(|row| row.join(",")));
    let leaves = Leaving(vec![("rows.csv", rows)]);
    pair.owner.store.run(&id, &RunOptions::default(), &leaves, &mut quiet).unwrap();
    let kinds = || {
        let checked = pair.owner.store.received(&id).unwrap().check_run().unwrap();
        checked.findings.iter().map(|found| found.kind).collect::<Vec<_>>()
    };
    assert!(kinds().contains(&FindingKind::RowCopy));
    pair.owner.write(&format!("{OWNER}/private/datasets/patients/patients.csv"), "a,b\n1,2\n");
    pair.owner.write(&format!("{OWNER}/private/policy.yaml"), "datasets:\n  patients: {k: 10}\n");
    assert!(kinds().contains(&FindingKind::RowCopy), "{:?}", kinds());
}

#[test]
fn nothing_leaves_by_itself_that_could_be_compared_with_nothing() {
    let pair = with_patients();
    let data = format!("{OWNER}/private/datasets/patients/patients.csv");
    std::fs::remove_file(pair.owner.path(&data)).unwrap();
    pair.owner.write(&format!("{OWNER}/private/datasets/patients/scans.h5"), b"\x89HDF\r\n\x1a\n");
    let id = approved(&pair, "n");
    let run = shared(&pair, &id, vec![("n.csv", b"count\n20\n".to_vec())]);
    assert_eq!(run.held(), [&path_of("n.csv")]);
    let checked = pair.owner.store.received(&id).unwrap().check_run().unwrap();
    assert!(checked.findings.iter().any(|it| it.kind == FindingKind::NotCompared), "{checked:?}");
}

#[test]
fn what_was_seen_is_no_record_and_is_made_again() {
    let pair = with_patients();
    let id = approved(&pair, "n");
    let leaves = Leaving(vec![("n.csv", b"count\n7\n".to_vec())]);
    let run = pair.owner.store.run(&id, &RunOptions::default(), &leaves, &mut quiet).unwrap();
    let path = format!(".syft/runs/{}/checked.json", run.started.run);
    let seen = pair.owner.store.received(&id).unwrap().check_run().unwrap();
    let first = std::fs::read(pair.owner.path(&path)).unwrap();
    assert!(!pair.owner.store.records().unwrap().keys().any(|place| place.contains("checked")));
    std::fs::remove_file(pair.owner.path(&path)).unwrap();
    assert_eq!(pair.owner.store.received(&id).unwrap().check_run().unwrap(), seen);
    assert_eq!(std::fs::read(pair.owner.path(&path)).unwrap(), first);
    // Where the rule of the dataset asks for more, it is looked at anew.
    let policy = "datasets:\n  patients: {k: 10}\n";
    pair.owner.write(&format!("{OWNER}/private/policy.yaml"), policy);
    let stricter = pair.owner.store.received(&id).unwrap().check_run().unwrap();
    assert_eq!(stricter.findings[0].kind, FindingKind::SmallCount);
    // What is out is not held against the data again.
    pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap();
    pair.owner.write(&format!("{OWNER}/private/policy.yaml"), policy.replace("10", "5"));
    assert_eq!(pair.owner.store.received(&id).unwrap().check_run().unwrap(), stricter);
}

#[test]
fn a_run_that_could_read_no_data_is_not_judged() {
    let pair = Pair::new();
    let id = pair.sent("n", "echo 3 > outputs/n.txt\n");
    pair.approve(&id);
    let options = RunOptions { share_outputs: true, ..RunOptions::default() };
    let run = pair.owner.store.run(&id, &options, &Unboxed::default(), &mut quiet).unwrap();
    assert_eq!((run.held().len(), run.release.unwrap().files.len()), (0, 1));
    assert_eq!(pair.owner.detail("job.run.finished", "exit"), json!("exit code 0"));
    assert_eq!(pair.owner.store.received(&id).unwrap().submitted_by(), &email(SCIENTIST));
}
