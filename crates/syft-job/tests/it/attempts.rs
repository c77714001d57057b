use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use crate::common::{OWNER, Pair, Unboxed, email, name, quiet, tree};
use syft_core::DatasitePath;
use syft_job::sandbox::{BoxReport, BoxedJob, IsolationLevel, LogSink, LogStream, Sandbox};
use syft_job::{
    BaseKind, Error, Intake, JobId, JobRun, OutputSink, Plan, ReleaseFiles, Result, RunOptions,
    Script, Status, Submission,
};

/// Another answer each time.
const SCRIPT: &str = "date +%s%N > outputs/answer.txt; echo printed\n";

fn ran(pair: &Pair) -> JobId {
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    pair.run(&id).unwrap();
    id
}

fn rerun(pair: &Pair, id: &JobId) -> Result<JobRun> {
    pair.owner.store.rerun(id, &RunOptions::default(), &Unboxed::default(), &mut quiet)
}

fn answer() -> DatasitePath {
    DatasitePath::parse("answer.txt").unwrap()
}

#[test]
fn a_rerun_keeps_the_attempt_before_with_all_that_was_released_of_it() {
    let pair = Pair::new();
    let id = ran(&pair);
    let store = &pair.owner.store;
    store.release(&id, None, &ReleaseFiles::All, true).unwrap();
    pair.answer("count");
    let first = pair.scientist.store.job("count").unwrap().output(&answer()).unwrap();

    rerun(&pair, &id).unwrap();
    pair.answer("count");
    let mine = store.received(&id).unwrap();
    assert_ne!(mine.output(&answer()).unwrap(), first, "the newest is spoken of");
    assert!(!mine.outputs().unwrap()[0].released);
    assert_eq!(mine.attempt("1").unwrap().output(&answer()).unwrap(), first);
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.output(&answer()).unwrap(), first, "what was released stays");
    assert!(!theirs.logs_released());
    // Both know that the new outcome is held.
    assert_eq!(mine.waiting_for(), theirs.waiting_for());
    assert!(theirs.waiting_for().is_some());

    store.release(&id, None, &ReleaseFiles::All, false).unwrap();
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_ne!(theirs.output(&answer()).unwrap(), first);
    assert_eq!(theirs.waiting_for(), None);
    let earlier = theirs.attempt(&format!("{id}-1")).unwrap();
    earlier.check_outputs().unwrap();
    assert_eq!(earlier.output(&answer()).unwrap(), first);
    assert_eq!(earlier.stdout().unwrap().unwrap().text(), "printed\n");
    assert!(theirs.stdout().unwrap().is_none(), "its logs were not released");
    for job in [&theirs, &store.received(&id).unwrap()] {
        let attempts = job.attempts().unwrap();
        let runs: Vec<(&str, usize, bool)> =
            attempts.iter().map(|a| (a.run.as_str(), a.released, a.logs_released)).collect();
        let (one, two) = (format!("{id}-1"), format!("{id}-2"));
        assert_eq!(runs, [(one.as_str(), 1, true), (two.as_str(), 1, false)]);
    }
    assert!(matches!(theirs.attempt("3").unwrap_err(), Error::NoRun { .. }));
    assert!(matches!(mine.attempt("x").unwrap_err(), Error::NoRun { .. }));
    let entries = pair.owner.audit.lock().unwrap().entries().unwrap();
    let started: Vec<_> = entries.iter().filter(|e| e.action == "job.run.started").collect();
    assert!(!started[0].details.contains_key("rerun_of"));
    assert_eq!(started[1].details["rerun_of"], format!("{id}-1"));
    // Said again, nothing changes.
    let before = tree(&pair.owner.path(&Pair::job_folder("count")));
    assert!(store.project_all().unwrap().is_empty());
    assert_eq!(tree(&pair.owner.path(&Pair::job_folder("count"))), before);
}

#[test]
fn x11_only_what_has_run_is_run_again_and_only_by_its_owner() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    let refused = |status: Status| {
        let error = rerun(&pair, &id).unwrap_err();
        assert!(matches!(error, Error::WrongState { status: s, .. } if s == status), "{error}");
    };
    refused(Status::Inbox);
    pair.approve(&id);
    refused(Status::Approved);
    let begun = pair.owner.store.begin_run(&id, &RunOptions::default(), &Unboxed::default());
    refused(Status::Running);
    drop(begun);
    rerun(&pair, &id).unwrap();
    assert_eq!(pair.status(&id), Status::Done);
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    let error = theirs.rerun(&RunOptions::default(), &Unboxed::default(), &mut quiet).unwrap_err();
    assert!(matches!(error, Error::NotOwner { .. }), "{error}");
    // The approval must still bind: bytes, limits, datasets.
    let decision = pair.owner.path(&format!(".syft/decisions/jobs/{id}.json"));
    let text = std::fs::read_to_string(&decision).unwrap();
    std::fs::write(&decision, text.replace("\"wall\": 300", "\"wall\": 301")).unwrap();
    assert!(matches!(rerun(&pair, &id).unwrap_err(), Error::Integrity { .. }));
}

/// Prints, then does as it is told.
#[derive(Debug)]
struct Told {
    printed: Sender<()>,
    go_on: Mutex<Receiver<bool>>,
}

impl Sandbox for Told {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L2
    }
    fn run(
        &self,
        job: &BoxedJob,
        log: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport> {
        log.chunk(LogStream::Stdout, b"one\n");
        log.chunk(LogStream::Stderr, b"oops\n");
        self.printed.send(()).unwrap();
        if !self.go_on.lock().unwrap().recv().unwrap() {
            return Err(Error::Stopped);
        }
        log.chunk(LogStream::Stdout, b"two\n");
        Unboxed::default().run(job, &mut quiet, outputs)
    }
}

/// A run in another thread, and the two ends by which it is led.
fn led<T>(pair: &Pair, id: &JobId, and: impl FnOnce(&Receiver<()>, &Sender<bool>) -> T) -> JobRun {
    let (printed, has_printed) = channel();
    let (go_on, told) = channel();
    let sandbox = Told { printed, go_on: Mutex::new(told) };
    thread::scope(|scope| {
        let run = scope.spawn(|| {
            pair.owner.store.run(id, &RunOptions::default(), &sandbox, &mut quiet).unwrap()
        });
        and(&has_printed, &go_on);
        run.join().unwrap()
    })
}

/// A box whose end was asked for.
#[derive(Debug)]
struct Stopped;

impl Sandbox for Stopped {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L2
    }
    fn run(&self, _: &BoxedJob, _: &mut dyn LogSink, _: &mut dyn OutputSink) -> Result<BoxReport> {
        Err(Error::Stopped)
    }
    fn is_stopped(&self) -> bool {
        true
    }
}

#[test]
fn no_run_begins_after_the_end_was_asked_for() {
    let pair = Pair::new();
    let id = pair.sent("count", "true\n");
    pair.approve(&id);
    let before = (pair.owner.actions(), crate::common::tree(pair.owner.folder.path()));
    let store = &pair.owner.store;
    let error = store.run(&id, &RunOptions::default(), &Stopped, &mut quiet).unwrap_err();
    assert!(matches!(error, Error::Stopped), "{error}");
    assert_eq!((pair.owner.actions(), crate::common::tree(pair.owner.folder.path())), before);
    assert_eq!(pair.status(&id), Status::Approved);
    pair.run(&id).unwrap();
}

#[test]
fn a_log_is_followed_as_it_grows_until_the_run_has_ended() {
    let pair = Pair::new();
    let id = pair.sent("count", "true\n");
    pair.approve(&id);
    let job = || pair.owner.store.received(&id).unwrap();
    assert!(matches!(job().follow(LogStream::Stdout).unwrap_err(), Error::WrongState { .. }));
    led(&pair, &id, |printed, go_on| {
        printed.recv().unwrap();
        let mut follower = job().follow(LogStream::Stdout).unwrap();
        let first = follower.next_piece().unwrap();
        assert_eq!((first.bytes.as_slice(), first.ended), (b"one\n".as_slice(), false));
        assert_eq!(follower.next_piece().unwrap().bytes, b"");
        assert_eq!(job().stdout().unwrap().unwrap().text(), "one\n");
        go_on.send(true).unwrap();
        let mut rest = Vec::new();
        loop {
            let piece = follower.next_piece().unwrap();
            rest.extend(piece.bytes);
            if piece.ended {
                break;
            }
            thread::yield_now();
        }
        assert_eq!(rest, b"two\n");
    });
    let mut errors = job().follow(LogStream::Stderr).unwrap();
    let all = errors.next_piece().unwrap();
    assert_eq!((all.bytes.as_slice(), all.ended), (b"oops\n".as_slice(), true));
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert!(matches!(theirs.follow(LogStream::Stdout).unwrap_err(), Error::NotOwner { .. }));
}

#[test]
fn x9_what_is_followed_of_a_long_log_is_the_beginning_of_what_is_kept() {
    let pair = Pair::new();
    let id = pair.sent("long", "head -c 40000000 /dev/zero | tr '\\0' x; echo end\n");
    pair.approve(&id);
    pair.run(&id).unwrap();
    let job = pair.owner.store.received(&id).unwrap();
    let kept = job.stdout().unwrap().unwrap().bytes;
    assert!(kept.len() < 20_000_000 && kept.ends_with(b"end\n"), "{}", kept.len());
    let piece = job.follow(LogStream::Stdout).unwrap().next_piece().unwrap();
    assert!(piece.ended && piece.bytes == kept);
}

#[test]
fn x11_a_run_that_was_stopped_is_interrupted_at_once_with_its_log() {
    let pair = Pair::new();
    let id = pair.sent("count", "true\n");
    pair.approve(&id);
    let run = led(&pair, &id, |_, go_on| go_on.send(false).unwrap());
    assert!(run.finished.is_none());
    assert_eq!(pair.status(&id), Status::Interrupted);
    assert_eq!(pair.owner.actions().last().unwrap(), "job.run.interrupted");
    let job = pair.owner.store.received(&id).unwrap();
    assert_eq!(job.stdout().unwrap().unwrap().text(), "one\n");
    assert_eq!(job.waiting_for().unwrap().command, format!("syft job rerun {id}"));
    pair.answer("count");
    assert_eq!(pair.scientist.store.job("count").unwrap().status(), Status::Interrupted);
    pair.owner.store.recover_runs().unwrap();
    let told = pair.owner.actions();
    assert_eq!(told.iter().filter(|a| *a == "job.run.interrupted").count(), 1);
    rerun(&pair, &id).unwrap();
    assert_eq!(pair.status(&id), Status::Done);
}

#[test]
fn r12_a_comment_goes_back_and_nothing_else_does() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    let give_back = |text: &str| pair.owner.store.give_back(&id, text);
    assert!(matches!(give_back("early").unwrap_err(), Error::WrongState { .. }));
    pair.run(&id).unwrap();
    for bad in ["", " \n", &"x".repeat(4_001)] {
        assert!(matches!(give_back(bad).unwrap_err(), Error::Comment(_)));
    }
    give_back("the column is called id").unwrap();
    give_back("the column is called id").unwrap();
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.comment(), Some("the column is called id"));
    assert_eq!(theirs.waiting_for(), None);
    assert_eq!(pair.owner.store.received(&id).unwrap().waiting_for(), None);
    assert!(theirs.outputs().unwrap().is_empty() && theirs.stdout().unwrap().is_none());
    let told = pair.owner.actions();
    assert_eq!(told.iter().filter(|a| *a == "job.returned").count(), 1);
    // It stays beside what is released later.
    pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap();
    pair.answer("count");
    let theirs = pair.scientist.store.job("count").unwrap();
    assert_eq!(theirs.comment(), Some("the column is called id"));
    assert_eq!(theirs.outputs().unwrap().len(), 1);
}

#[test]
fn r7_a_successor_is_compared_with_what_was_approved_of_the_one_before() {
    let pair = Pair::new();
    let first = pair.sent("count", "echo one\n");
    let store = &pair.owner.store;
    assert_eq!(store.diff(&first).unwrap(), None);
    pair.approve(&first);
    let never = pair.sent("count-2", "echo never approved\n");
    let other = pair.sent("recount", "echo one\n");
    assert_eq!(store.diff(&other).unwrap(), None);

    let desk = crate::common::scratch();
    std::fs::write(desk.path().join("run.sh"), format!("echo{}\u{1b}[2J two\n", " ".repeat(300)))
        .unwrap();
    std::fs::write(desk.path().join("table.bin"), [0, 159, 146, 150]).unwrap();
    let mut submission = Submission::new(email(OWNER), Script::Path(desk.path().to_owned()));
    submission.name = Some(name("count-3"));
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake("count-3") else { panic!("not received") };
    for job in [&never, &id] {
        let diff = store.diff(job).unwrap().unwrap();
        assert_eq!((&diff.base.job, diff.base.kind), (&first, BaseKind::Approved));
        // What is no text is not shown by it.
        assert_eq!(diff.from_seen, job == &never);
    }
    let diff = store.diff(&id).unwrap().unwrap();
    let changed: Vec<(&str, bool, bool)> = diff
        .files
        .iter()
        .map(|file| {
            let is_text = file.new.as_ref().is_some_and(|new| new.is_text);
            (file.path.as_str(), file.old.is_some(), is_text)
        })
        .collect();
    assert_eq!(
        changed,
        [("code/run.sh", false, true), ("code/table.bin", false, false), ("run.sh", true, true)]
    );
    let shown = diff.to_string();
    assert!(!shown.contains('\u{1b}') && shown.contains("+++ new/code/table.bin"), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 100), "{shown}");
    assert!(shown.contains("-echo one"), "{shown}");
}

fn planned(pair: &Pair, text: &str) -> Plan {
    let mut submission = Submission::new(email(OWNER), Script::Text(text.to_owned()));
    submission.name = Some(name("count"));
    pair.scientist.store.plan(&submission).unwrap()
}

#[test]
fn the_same_bytes_resume_their_job_and_others_revise_it_or_follow_it() {
    let pair = Pair::new();
    let Plan::Submit(first) = planned(&pair, "echo one\n") else { panic!("not new") };
    let sent = pair.submit(&first);
    let Plan::Resume(job) = planned(&pair, "echo one\n") else { panic!("not resumed") };
    assert_eq!(job.id(), &sent.id);

    // Before it runs it may become something else: another revision, the same job.
    let Plan::Revise(second) = planned(&pair, "echo two\n") else { panic!("not revised") };
    pair.intake("count");
    let revised = pair.scientist.store.revise(&second).unwrap();
    assert_eq!((&revised.id, revised.name.as_str()), (&sent.id, "count"));
    assert_ne!(revised.digest, sent.digest);
    pair.deliver("count");
    let Intake::Revised { id, digest } = pair.intake("count") else { panic!("not revised") };
    assert_eq!((&id, digest), (&sent.id, revised.digest));
    let review = pair.owner.store.review(&id, &Default::default(), IsolationLevel::L2).unwrap();
    assert!(review.flags.is_empty(), "{:?}", review.flags);

    // Once it has run, something else is a job of its own.
    pair.owner.store.note_shown(&id, &digest).unwrap();
    pair.approve(&id);
    pair.run(&id).unwrap();
    pair.answer("count");
    let Plan::Resume(_) = planned(&pair, "echo two\n") else { panic!("not resumed") };
    let Plan::Submit(third) = planned(&pair, "echo three\n") else { panic!("not new") };
    assert_eq!(third.name, Some(name("count-2")));
    pair.submit(&third);
    let Plan::Resume(job) = planned(&pair, "echo three\n") else { panic!("not resumed") };
    assert_eq!(job.name(), &name("count-2"));
    let Plan::Resume(job) = planned(&pair, "echo two\n") else { panic!("not resumed") };
    assert_eq!(job.name(), &name("count"));
    let error = pair.scientist.store.revise(&second).unwrap_err();
    assert!(matches!(error, Error::WrongState { .. }), "{error}");
}
