//! The owner's rules from the file to the run.

use std::fs;
use std::time::Duration;

use crate::common::{
    OWNER, Pair, SCIENTIST, Unboxed, dataset, email, name, quiet, scratch, submission,
};
use syft_job::policy::{
    AddedRule, AutoRelease, ByRule, Explanation, JobRule, PeerStanding, RuleRequest,
};
use syft_job::sandbox::IsolationLevel;
use syft_job::{
    ApproveOptions, Error, Intake, JobId, JobRun, Method, ReleaseFiles, Result, RunOptions, Script,
    Status, Submission,
};

const FILE: &str = "private/policy.yaml";
const SCRIPT: &str = "echo 1 > outputs/n.csv\n";

fn peer(_: &syft_core::Email) -> PeerStanding {
    PeerStanding::Good(None)
}

fn file(pair: &Pair) -> std::path::PathBuf {
    pair.owner.path(&format!("{OWNER}/{FILE}"))
}

fn text(pair: &Pair) -> String {
    fs::read_to_string(file(pair)).unwrap()
}

fn write(pair: &Pair, text: &str) {
    pair.owner.write(&format!("{OWNER}/{FILE}"), text);
}

fn add(pair: &Pair, id: &JobId, free: &[&str]) -> Result<AddedRule> {
    let free = free.iter().map(|file| (*file).to_owned()).collect();
    pair.owner.store.add_rule(&RuleRequest { job: id.clone(), peers: Vec::new(), free })
}

fn decide(pair: &Pair) -> Vec<ByRule> {
    pair.owner.store.decide_by_policy(&peer).unwrap()
}

fn explain(pair: &Pair, id: &JobId) -> Explanation {
    pair.owner.store.explain_policy(id, &peer).unwrap()
}

fn is_approved(pair: &Pair, id: &JobId) -> bool {
    decide(pair);
    pair.status(id) == Status::Approved
}

fn run(pair: &Pair, id: &JobId, options: &RunOptions) -> Result<JobRun> {
    let sandbox = Unboxed { level: IsolationLevel::L3, ..Unboxed::default() };
    pair.owner.store.run(id, options, &sandbox, &mut quiet)
}

fn last(pair: &Pair) -> syft_core::AuditEntry {
    pair.owner.audit.lock().unwrap().entries().unwrap().pop().unwrap()
}

/// A folder with parameters, sent under a name.
fn with_params(pair: &Pair, job: &str, params: &str) -> JobId {
    let source = scratch();
    fs::write(source.path().join("run.sh"), "cat params.json\n").unwrap();
    fs::write(source.path().join("params.json"), params).unwrap();
    let mut submission = Submission::new(email(OWNER), Script::Path(source.path().to_owned()));
    submission.name = Some(name(job));
    pair.submit(&submission);
    let Intake::Received { id, .. } = pair.intake(job) else { panic!("not received") };
    id
}

#[test]
fn a_rule_made_from_a_job_approves_the_next_one_of_the_same_bytes() {
    let pair = Pair::new();
    let first = pair.sent("count", SCRIPT);
    let error = add(&pair, &first, &[]).unwrap_err();
    assert!(matches!(error, Error::Policy { .. }), "nobody has approved it: {error}");
    pair.approve(&first);
    let added = add(&pair, &first, &[]).unwrap();
    assert!(matches!(&added.rule, JobRule::Approve(rule) if rule.name.as_str() == "count"));
    assert!(text(&pair).ends_with(&added.text), "{}", text(&pair));
    let told = last(&pair);
    assert_eq!((told.action.as_str(), told.subject.as_str()), ("policy.added", "count"));
    assert_eq!(told.details["rule"], added.text);

    let (same, other) = (pair.sent("again", SCRIPT), pair.sent("other", "echo hello\n"));
    let by_rule = decide(&pair);
    assert_eq!(by_rule.iter().map(|one| &one.id).collect::<Vec<_>>(), [&same]);
    assert_eq!(pair.status(&same), Status::Approved);
    assert_eq!(pair.status(&other), Status::Inbox);
    assert!(decide(&pair).is_empty(), "once is enough");
    let decision = pair.owner.store.decisions(&same).unwrap().pop().unwrap();
    assert_eq!(decision.method.rules().len(), 1);
    let policy = pair.owner.store.policy().unwrap();
    assert!(
        matches!(decision.method, Method::Rule { policy: digest, .. } if Some(digest) == policy.digest())
    );
    let told = last(&pair);
    assert_eq!(told.action, "job.approved");
    assert_eq!(told.details["rules"], serde_json::json!(["count"]));
    assert!(run(&pair, &same, &RunOptions::default()).unwrap().finished.is_some());
    let receipt = || {
        let path = format!("{}/receipt.yaml", Pair::job_folder("again"));
        fs::read_to_string(pair.owner.path(&path)).unwrap()
    };
    let by_rule = "method: rule\n  rules:\n  - count\n";
    assert!(receipt().contains(by_rule), "{}", receipt());
    let digest = policy.digest().unwrap();
    assert!(receipt().contains(&format!("policy_digest: {digest}\n")), "{}", receipt());
    pair.owner.clock.step(1.0);
    pair.owner.store.approve(&same, &ApproveOptions::default()).unwrap();
    assert!(receipt().contains(by_rule), "what ran, ran by rule: {}", receipt());
    let leaves = |id: &JobId| pair.owner.store.auto_release(id).unwrap();
    assert_eq!(leaves(&same), AutoRelease::Nothing, "a person has approved it since");
    let third = pair.sent("third", SCRIPT);
    assert!(is_approved(&pair, &third));
    assert_eq!(leaves(&third), AutoRelease::Nothing);
    write(&pair, &text(&pair).replace("release: nothing", "release: outputs"));
    assert_eq!((leaves(&third), leaves(&first)), (AutoRelease::Outputs, AutoRelease::Nothing));
    assert!(explain(&pair, &other).reason.starts_with("rule count: what runs has the digest"));
    let released = run(&pair, &third, &RunOptions::default()).unwrap().release.unwrap();
    assert_eq!((released.files.len(), released.logs), (1, None));
}

#[test]
fn free_files_vary_within_what_the_owner_widened() {
    let pair = Pair::new();
    let first = with_params(&pair, "count", r#"{"year": 2020}"#);
    pair.approve(&first);
    add(&pair, &first, &["params.json"]).unwrap();
    let later = with_params(&pair, "later", r#"{"year": 2021}"#);
    assert!(!is_approved(&pair, &later), "as narrow as the job");
    let told = explain(&pair, &later);
    let check = told.rules[0].checks.iter().find(|check| !check.ok).unwrap();
    let wanted = "code/params.json: year has to be a whole number from 2020 to 2020";
    assert_eq!(check.detail, wanted);
    let widened = text(&pair).replace("max: 2020", "max: 2030 # as agreed");
    write(&pair, &widened);
    assert!(is_approved(&pair, &later));
    let actions = pair.owner.actions();
    let of_policy: Vec<&String> = actions.iter().filter(|a| a.starts_with("policy.")).collect();
    assert_eq!(of_policy, ["policy.added", "policy.changed"]);
    assert!(!is_approved(&pair, &with_params(&pair, "wide", r#"{"year": 2031}"#)));
}

#[test]
fn the_owner_s_own_lines_stay_as_they_are() {
    let pair = Pair::new();
    let mine = "# mine\ndatasets:\n  census: {logs: never} # always\n\njobs:\n# the first\n\
                - name: ask   # me\n  decide: manual\n  peers: [eve@uni.edu]\n# at the end\n";
    write(&pair, mine);
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    let added = add(&pair, &id, &[]).unwrap();
    let (before, after) = mine.split_once("# at the end\n").unwrap();
    assert_eq!(text(&pair), format!("{before}{}# at the end\n{after}", added.text));
    pair.owner.store.remove_rule("count").unwrap();
    assert_eq!(text(&pair), mine);
    assert_eq!(last(&pair).action, "policy.removed");
    assert!(matches!(pair.owner.store.remove_rule("count"), Err(Error::NoRule(_))));
    assert!(matches!(pair.owner.store.remove_rule("0"), Err(Error::NoRule(_))));
    pair.owner.store.remove_rule("1").unwrap();
    assert!(text(&pair).contains("# the first\n# at the end\n"), "{}", text(&pair));
    let twice = [add(&pair, &id, &[]).unwrap(), add(&pair, &id, &[]).unwrap()];
    let names = twice.map(|added| added.rule.name().to_string());
    assert_eq!(names, ["count", "count-2"]);
}

#[test]
fn what_cannot_be_edited_safely_is_left_alone() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    for mine in ["jobs: [{name: ask, decide: manual}]\n", "{jobs: []}\n"] {
        write(&pair, mine);
        let error = add(&pair, &id, &[]).unwrap_err();
        assert!(error.to_string().contains("edit it by hand"), "{error}");
        assert_eq!(text(&pair), mine);
    }
}

#[test]
fn a_file_that_is_not_understood_approves_and_releases_nothing() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    add(&pair, &id, &[]).unwrap();
    let same = pair.sent("again", SCRIPT);
    assert!(is_approved(&pair, &same));
    let waiting = pair.sent("third", SCRIPT);
    write(&pair, &format!("{}more: 1\n", text(&pair)));
    let error = pair.owner.store.decide_by_policy(&peer).unwrap_err();
    assert!(error.to_string().starts_with("private/policy.yaml cannot be used: unknown field"));
    assert_eq!(pair.status(&waiting), Status::Inbox);
    assert!(matches!(run(&pair, &same, &RunOptions::default()), Err(Error::PolicyFile { .. })));
    let shared = RunOptions { share_outputs: true, share_logs: true, ..RunOptions::default() };
    let run = run(&pair, &id, &shared).unwrap();
    assert_eq!(run.release, None, "what was approved by hand runs, and keeps what it made");
    let error = pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap_err();
    assert!(matches!(error, Error::PolicyFile { .. }), "{error}");
}

#[test]
fn a_run_asks_the_rule_again() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    add(&pair, &id, &[]).unwrap();
    let same = pair.sent("again", SCRIPT);
    assert!(is_approved(&pair, &same));
    let weak = RunOptions { minimum: IsolationLevel::L1, ..RunOptions::default() };
    let refused = |options: &RunOptions, words: &str| {
        let error = run(&pair, &same, options).unwrap_err();
        assert!(matches!(error, Error::Policy { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(&weak, "below L2");
    let long = Some(Duration::from_secs(301));
    refused(&RunOptions { timeout: long, ..RunOptions::default() }, "its limits");
    let good = text(&pair);
    write(&pair, &good.replace("wall: 300", "wall: 299"));
    refused(&RunOptions::default(), "its limits");
    write(
        &pair,
        &good.replace("jobs: 10", "jobs: 10\n  until: 2020-01-01").replace("  until", "until"),
    );
    assert!(run(&pair, &same, &RunOptions::default()).is_err());
    pair.owner.store.remove_rule("count").ok();
    fs::remove_file(file(&pair)).unwrap();
    refused(&RunOptions::default(), "no rules about jobs");
    write(&pair, &good.replace("isolation: L2", "isolation: L3"));
    let sandbox = Unboxed::default();
    let error = pair.owner.store.run(&same, &RunOptions::default(), &sandbox, &mut quiet);
    assert!(matches!(error, Err(Error::Isolation { .. })), "{error:?}");
    fs::remove_file(file(&pair)).unwrap();
    pair.owner.store.approve(&same, &ApproveOptions::default()).unwrap();
    assert_eq!(run(&pair, &same, &weak).unwrap().started.run, format!("{same}-1"));
}

#[test]
fn a_budget_is_counted_from_the_records() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    add(&pair, &id, &[]).unwrap();
    write(&pair, &text(&pair).replace("jobs: 10", "jobs: 2"));
    let jobs = ["a", "b", "c"].map(|job| pair.sent(job, SCRIPT));
    assert_eq!(decide(&pair).len(), 2);
    let waiting = jobs.iter().find(|id| pair.status(id) == Status::Inbox).unwrap();
    let told = explain(&pair, waiting);
    assert_eq!(told.reason, "rule count: 2 of its 2 jobs in 7 days are used up");
    pair.owner.clock.step(8.0 * 86_400.0);
    assert_eq!(decide(&pair).len(), 1);
    // An approval that waits may still take all of its time.
    write(
        &pair,
        &text(&pair).replace("jobs: 2", "jobs: 9").replace("seconds: 3000", "seconds: 599"),
    );
    let fourth = pair.sent("d", SCRIPT);
    assert!(!is_approved(&pair, &fourth));
    assert!(run(&pair, waiting, &RunOptions::default()).unwrap().finished.is_some());
    assert!(is_approved(&pair, &fourth), "it took a second");
}

#[test]
fn doubtful_peers_and_jobs_are_for_a_person() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    add(&pair, &id, &[]).unwrap();
    let same = pair.sent("again", SCRIPT);
    let alarmed = |_: &syft_core::Email| PeerStanding::Doubtful("its key changed".to_owned());
    assert!(pair.owner.store.decide_by_policy(&alarmed).unwrap().is_empty());
    assert_eq!(pair.owner.store.explain_policy(&same, &alarmed).unwrap().reason, "its key changed");
    pair.owner.store.reject(&same, None).unwrap();
    assert!(!is_approved(&pair, &same), "a person has decided");

    let hidden = pair.sent("hidden", "echo hi # \u{202e}\n");
    pair.approve(&hidden);
    let error = add(&pair, &hidden, &[]).unwrap_err();
    assert!(error.to_string().contains("hidden characters"), "{error}");
}

#[test]
fn the_rules_of_a_dataset_bind_every_release() {
    let pair = Pair::new();
    for data in ["census", "other"] {
        pair.owner.write(&format!("{OWNER}/private/datasets/{data}/rows.csv"), "1\n2\n");
    }
    let script = "cd outputs\necho 40 > n.csv\necho 1 > n.pkl\necho 1 > csv\n";
    let mut wanted = submission("count", script);
    wanted.datasets = vec![dataset("census"), dataset("other")];
    pair.submit(&wanted);
    let Intake::Received { id, .. } = pair.intake("count") else { panic!("not received") };
    pair.approve(&id);
    write(
        &pair,
        "datasets:\n  census: {k: 10, outputs: [csv, json], logs: never}\n  other: {k: 20}\n",
    );
    let shared = RunOptions { share_outputs: true, share_logs: true, ..RunOptions::default() };
    let release = run(&pair, &id, &shared).unwrap().release.unwrap();
    let released: Vec<&str> = release.files.iter().map(|file| file.file.path.as_str()).collect();
    assert_eq!(released, ["n.csv"]);
    assert_eq!(release.logs, None);
    let refused = |files: &ReleaseFiles, logs: bool, words: &str| {
        let error = pair.owner.store.release(&id, None, files, logs).unwrap_err();
        assert!(matches!(error, Error::Policy { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    refused(&ReleaseFiles::All, false, "the rule of dataset census lets out csv, json alone");
    refused(&ReleaseFiles::None, true, "the rule of dataset census lets no logs out");
    let bounds = pair.owner.store.policy().unwrap();
    assert_eq!(bounds.bounds(&[dataset("census"), dataset("other")]).k, Some(20));
    fs::remove_file(file(&pair)).unwrap();
    let release = pair.owner.store.release(&id, None, &ReleaseFiles::All, true).unwrap();
    assert!(release.logs.is_some() && release.files.len() == 3);
}

#[test]
fn rules_name_other_peers_too() {
    let pair = Pair::new();
    let id = pair.sent("count", SCRIPT);
    pair.approve(&id);
    let request = RuleRequest {
        job: id,
        peers: vec![email("carol@uni.edu"), email("dan@uni.edu")],
        free: Vec::new(),
    };
    pair.owner.store.add_rule(&request).unwrap();
    assert!(!is_approved(&pair, &pair.sent("again", SCRIPT)), "{SCIENTIST} is none of them");
}

#[test]
fn a_python_peer_reads_that_no_person_decided() {
    let pair = Pair::in_layout(syft_core::LayoutKind::Pysyft);
    let first = pair.sent("count", SCRIPT);
    pair.approve(&first);
    add(&pair, &first, &[]).unwrap();
    let same = pair.sent("again", SCRIPT);
    assert!(is_approved(&pair, &same));
    let state = |job: &str| {
        let (_, folder) = pair.folders(job);
        let text = fs::read_to_string(pair.owner.path(&folder).join("state.yaml")).unwrap();
        text.lines().find(|line| line.starts_with("approval_method")).unwrap().to_owned()
    };
    assert_eq!(state("count"), "approval_method: manual");
    assert_eq!(state("again"), "approval_method: auto");
}

#[test]
fn r1_what_a_rule_approved_was_seen_by_nobody() {
    let pair = Pair::new();
    let seen = with_params(&pair, "count", "{\"word\": \"a\"}\n");
    pair.approve(&seen);
    add(&pair, &seen, &["code/params.json"]).unwrap();
    write(&pair, &text(&pair).replace("- a\n", "- a\n        - b\n"));
    let by_rule = with_params(&pair, "count-2", "{\"word\": \"b\"}\n");
    pair.owner.clock.step(1.0);
    assert!(is_approved(&pair, &by_rule), "{}", text(&pair));
    // Only the value differs from what a person saw, which nobody compares it with any more.
    let next = with_params(&pair, "count-3", "{\"word\": \"b\", \"more\": 1}\n");
    let diff = pair.owner.store.diff(&next).unwrap().unwrap();
    assert_eq!((diff.base.job, diff.from_seen), (by_rule, false), "{}", diff.text);
}
