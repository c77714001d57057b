//! A job without a box, where there is no better one.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use syft_job::sandbox::{
    BoxReport, BoxedJob, Exit, IsolationLevel, LimitKind, Limits, LogStream, Network, PlainSandbox,
    Sandbox,
};
use syft_job::{Error, NoOutputs};

fn job(folder: &Path, script: &str, limits: Limits) -> BoxedJob {
    BoxedJob {
        work_dir: folder.to_owned(),
        readable: Vec::new(),
        programs: Vec::new(),
        listable: Vec::new(),
        tmp_dir: folder.to_owned(),
        outputs_dir: folder.to_owned(),
        command: ["/bin/bash", "-c", script].map(OsString::from).to_vec(),
        environment: vec![("WORD".to_owned(), "hello".to_owned())],
        limits,
        network: Network::Closed,
    }
}

/// What came of a script, and what it printed.
fn run(script: &str, limits: Limits) -> (BoxReport, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut log = |stream: LogStream, bytes: &[u8]| match stream {
        LogStream::Stdout => stdout.extend_from_slice(bytes),
        LogStream::Stderr => stderr.extend_from_slice(bytes),
    };
    let report =
        PlainSandbox.run(&job(folder.path(), script, limits), &mut log, &mut NoOutputs).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (report, text(stdout), text(stderr))
}

#[test]
fn it_has_the_environment_of_the_job_and_says_how_it_ended() {
    let (report, stdout, stderr) =
        run("echo $WORD; echo ${HOME:-none} >&2; exit 3", Limits::default());
    assert_eq!((stdout.as_str(), stderr.as_str()), ("hello\n", "none\n"));
    assert_eq!((report.stdout_bytes, report.stderr_bytes), (6, 5));
    assert_eq!((report.exit, report.level), (Exit::Code(3), IsolationLevel::L0));
    assert!(report.limits_hit.is_empty());
    assert_eq!(run("kill -9 $$", Limits::default()).0.exit, Exit::Signal(9));
}

#[test]
fn x6_its_time_and_its_log_are_limited() {
    let wall = Duration::from_millis(200);
    let (report, stdout, _) = run("echo begun; sleep 600", Limits { wall, ..Limits::default() });
    assert_eq!((report.exit, stdout.as_str()), (Exit::TimedOut, "begun\n"));
    assert!(report.hit(LimitKind::Wall));
    let (report, stdout, _) = run("echo too long", Limits { log_bytes: 4, ..Limits::default() });
    assert!(report.hit(LimitKind::Log) && !report.hit(LimitKind::Wall));
    assert_eq!(stdout, "too long\n", "whoever listens has it all");
}

#[test]
fn x4_what_holds_its_streams_is_not_waited_for() {
    let limits = Limits { wall: Duration::from_secs(600), ..Limits::default() };
    let (report, stdout, _) = run("sleep 20 & echo done", limits);
    assert_eq!((report.exit, stdout.as_str()), (Exit::Code(0), "done\n"));
}

#[test]
fn what_cannot_be_started_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let whole = job(folder.path(), "true", Limits::default());
    for command in [vec![], vec![OsString::from("/no/such/program")]] {
        let job = BoxedJob { command, ..whole.clone() };
        let error = PlainSandbox.run(&job, &mut |_, _: &[u8]| {}, &mut NoOutputs).unwrap_err();
        assert!(matches!(error, Error::Box(_)), "{error}");
    }
}
