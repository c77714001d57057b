//! The story of a pair, step by step. Whoever acts, both sides must then see the same.

use std::fmt::Debug;

use super::pairing::Kind;
use super::person::{Dataset, Files, Job, Language, Logs, NewDataset, NewJob, Outcome, Peer};
use super::stage::{OWNER, SCIENTIST, Stage};

/// Something that one person does, and what is then to be seen.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) act: fn(&mut Stage) -> Outcome<()>,
    /// Whether nothing can follow if it fails.
    pub(super) needed: bool,
}

const fn step(name: &'static str, act: fn(&mut Stage) -> Outcome<()>) -> Step {
    Step { name, act, needed: false }
}

const fn needed(name: &'static str, act: fn(&mut Stage) -> Outcome<()>) -> Step {
    Step { name, act, needed: true }
}

pub(super) const STEPS: &[Step] = &[
    needed("owner logs in", |stage| stage.owner.log_in()),
    needed("scientist logs in", |stage| stage.scientist.log_in()),
    needed("scientist asks to be a peer", |stage| stage.scientist.add_peer(OWNER)),
    step("owner sees the request", sees_request),
    needed("owner approves the peer", |stage| stage.owner.approve_peer(SCIENTIST)),
    step("scientist is a peer", is_peer),
    step("owner publishes a dataset", publishes),
    step("scientist pulls the dataset", pulls),
    step("scientist sends 3 bash jobs", sends_bash),
    step("scientist sends a Python job", sends_python),
    step("owner lists the jobs", lists_jobs),
    step("owner reviews two", reviews),
    step("owner rejects one, with a reason", rejects),
    step("owner approves the others", approves),
    step("scientist sees the decisions", sees_decisions),
    step("owner runs them, unshared", |stage| stage.owner.run_jobs(false)),
    step("owner has the results", owner_has_results),
    step("scientist sees which failed", sees_unshared),
    step("owner releases two", releases),
    step("scientist reads the results", reads_results),
    step("job on private data, sent", sends_reader),
    step("the same, run and shared", runs_reader),
    step("the same, read", reads_of_reader),
    step("owner shares a file", shares_file),
    step("scientist has it", |stage| has_file(stage, Some("one\n"))),
    step("owner changes it", changes_file),
    step("scientist has the change", |stage| has_file(stage, Some("two\n"))),
    step("owner deletes it", deletes_file),
    step("scientist has it no more", |stage| has_file(stage, None)),
    step("owner syncs, nothing new", |stage| stage.owner.sync()),
    step("scientist syncs, nothing new", |stage| stage.scientist.sync()),
    step("owner makes a checkpoint", |stage| stage.owner.checkpoint()),
    step("owner restores it elsewhere", |stage| restores(stage, stage.pairing.owner)),
    step("and has the dataset", has_dataset_elsewhere),
    step("and knows the peer", knows_peer_elsewhere),
    step("other program restores it", |stage| restores(stage, stage.pairing.owner.other())),
    step("it has the dataset", has_dataset_elsewhere),
    step("it knows the peer", knows_peer_elsewhere),
    step("owner deletes the dataset", |stage| stage.owner.delete_dataset(BEDS)),
    step("scientist has no dataset", has_no_dataset),
    step("owner deletes everything", owner_leaves),
    step("scientist has nothing of it", has_nothing),
    step("scientist deletes everything", scientist_leaves),
];

const BEDS: &str = "beds";
const MOCK: &str = "bed,free\n1,0\n";
const PRIVATE: &str = "bed,free\n1,1\n2,1\n3,0\n4,1\n5,1\n6,1\n7,0\n8,1\n";
const REASON: &str = "not this one: it's\n'odd'";
const NOTE: &str = "notes/today.txt";

/// Where outputs are collected differs: beside a script that lies in `code/`, or here.
const SUM: &str = "\
[ -d code ] && cd code
mkdir -p outputs
echo 42 > outputs/sum.txt
echo said
echo complained >&2
";
const NOT_THIS: &str = "echo never\n";
const FAILS: &str = "echo before\nexit 3\n";
const COUNT: &str = "\
import os

os.makedirs('outputs', exist_ok=True)
with open('outputs/sum.txt', 'w') as file:
    print(sum(range(10)), file=file)
print('counted')
";
const FREE: &str = "\
import json
import os

import syft

path = syft.resolve_dataset_file_path('beds')
with open(path) as file:
    rows = file.read().split()[1:]
os.makedirs('outputs', exist_ok=True)
with open('outputs/free.json', 'w') as file:
    json.dump({'free': sum(int(row.split(',')[1]) for row in rows)}, file)
print('read', len(rows))
";

fn sees_request(stage: &mut Stage) -> Outcome<()> {
    let peers = stage.owner.peers()?;
    same("peers", &states(&peers), &vec![(SCIENTIST, "requested_by_peer")])
}

fn is_peer(stage: &mut Stage) -> Outcome<()> {
    let sealed = stage.pairing.sealed;
    let peers = stage.scientist.peers()?;
    same("the scientist's peers", &states(&peers), &vec![(OWNER, "accepted")])?;
    let peer = peers.first().map(|peer| peer.sealed);
    same("sealed to the owner", &peer, &Some(sealed))
}

fn states(peers: &[Peer]) -> Vec<(&str, &str)> {
    peers.iter().map(|peer| (peer.email.as_str(), peer.state.as_str())).collect()
}

fn publishes(stage: &mut Stage) -> Outcome<()> {
    let mock = stage.put("beds.csv", MOCK)?;
    let private = stage.put("private.csv", PRIVATE)?;
    let (mock, private) = (mock.as_path(), private.as_path());
    let dataset = NewDataset { name: BEDS, summary: "Free beds", mock, private, reader: SCIENTIST };
    stage.owner.create_dataset(&dataset)
}

fn pulls(stage: &mut Stage) -> Outcome<()> {
    let mock = Files::from([("beds.csv".to_owned(), MOCK.to_owned())]);
    let summary = Some("Free beds".to_owned());
    let beds = Dataset { name: BEDS.to_owned(), owner: OWNER.to_owned(), summary, mock };
    same("datasets", &stage.scientist.datasets()?, &vec![beds])
}

fn send(stage: &mut Stage, name: &str, is: Language, text: &str) -> Outcome<()> {
    let extension = if is == Language::Python { "py" } else { "sh" };
    let script = &stage.put(&format!("{name}.{extension}"), text)?;
    let dataset = text.contains(BEDS).then_some(BEDS);
    stage.scientist.submit(&NewJob { owner: OWNER, name, is, script, dataset })
}

fn sends_bash(stage: &mut Stage) -> Outcome<()> {
    send(stage, "sum", Language::Bash, SUM)?;
    send(stage, "not-this", Language::Bash, NOT_THIS)?;
    send(stage, "fails", Language::Bash, FAILS)
}

fn sends_python(stage: &mut Stage) -> Outcome<()> {
    send(stage, "count", Language::Python, COUNT)
}

const STATES: [&str; 4] = ["count", "fails", "not-this", "sum"];

fn lists_jobs(stage: &mut Stage) -> Outcome<()> {
    let jobs = stage.owner.jobs()?;
    same_jobs("the owner's jobs", &jobs, ["pending"; 4])
}

/// Whether the four jobs are there, in these states.
fn same_jobs(what: &str, jobs: &[Job], expected: [&str; 4]) -> Outcome<()> {
    let expected: Vec<String> = STATES
        .iter()
        .zip(expected)
        .map(|(name, state)| format!("{name} of {SCIENTIST} for {OWNER}: {state}"))
        .collect();
    let mut found: Vec<String> = jobs
        .iter()
        .map(|job| format!("{} of {} for {}: {}", job.name, job.submitter, job.owner, job.status))
        .collect();
    found.sort();
    same(what, &found, &expected)
}

fn reviews(stage: &mut Stage) -> Outcome<()> {
    for (name, code) in [("sum", SUM), ("count", COUNT)] {
        let shown = stage.owner.review(name)?;
        if !shown.contains(code) {
            return Err(format!("the review of {name} does not show its code, but {shown:?}"));
        }
    }
    Ok(())
}

fn rejects(stage: &mut Stage) -> Outcome<()> {
    stage.owner.reject_job("not-this", REASON)
}

fn approves(stage: &mut Stage) -> Outcome<()> {
    ["sum", "fails", "count"].iter().try_for_each(|name| stage.owner.approve_job(name, None))
}

fn sees_decisions(stage: &mut Stage) -> Outcome<()> {
    let jobs = stage.scientist.jobs()?;
    same_jobs("the scientist's jobs", &jobs, ["approved", "approved", "rejected", "approved"])?;
    let rejected = jobs.iter().find(|job| job.name == "not-this");
    let reason = rejected.and_then(|job| job.reason.as_deref());
    same("the reason", &reason, &Some(REASON))
}

const ENDED: [&str; 4] = ["done", "failed", "rejected", "done"];

fn owner_has_results(stage: &mut Stage) -> Outcome<()> {
    same_jobs("the owner's jobs", &stage.owner.jobs()?, ENDED)?;
    same("the owner's logs of sum", &stage.owner.logs("sum")?, &sum_logs())?;
    same("the owner's outputs of count", &stage.owner.outputs("count")?, &file("sum.txt", "45\n"))
}

fn file(path: &str, text: &str) -> Files {
    Files::from([(path.to_owned(), text.to_owned())])
}

fn sum_logs() -> Logs {
    let text = |text: &str| Some(text.to_owned());
    Logs { stdout: text("said\n"), stderr: text("complained\n"), exit: text("0") }
}

/// Outputs stay; what was printed goes with the state if the owner has the Python
/// packages, and stays with a node.
fn sees_unshared(stage: &mut Stage) -> Outcome<()> {
    same_jobs("the scientist's jobs", &stage.scientist.jobs()?, ENDED)?;
    same("unshared outputs", &stage.scientist.outputs("sum")?, &Files::new())?;
    let logs = stage.scientist.logs("sum")?;
    match stage.pairing.owner {
        Kind::Python => same("logs of a Python owner", &logs, &sum_logs()),
        Kind::Native => same("unshared logs", &(&logs.stdout, &logs.stderr), &(&None, &None)),
    }
}

fn releases(stage: &mut Stage) -> Outcome<()> {
    stage.owner.release("sum")?;
    stage.owner.release("count")
}

fn reads_results(stage: &mut Stage) -> Outcome<()> {
    let scientist = &mut stage.scientist;
    scientist.sync()?;
    same("outputs of sum", &scientist.outputs("sum")?, &file("sum.txt", "42\n"))?;
    same("outputs of count", &scientist.outputs("count")?, &file("sum.txt", "45\n"))?;
    same("logs of sum", &scientist.logs("sum")?, &sum_logs())?;
    let said = scientist.logs("count")?.stdout;
    same("what count said", &said.as_deref(), &Some("counted\n"))
}

fn sends_reader(stage: &mut Stage) -> Outcome<()> {
    send(stage, "free", Language::Python, FREE)
}

fn runs_reader(stage: &mut Stage) -> Outcome<()> {
    let owner = &mut stage.owner;
    owner.sync()?;
    owner.approve_job("free", Some(BEDS))?;
    owner.run_jobs(true)
}

fn reads_of_reader(stage: &mut Stage) -> Outcome<()> {
    let scientist = &mut stage.scientist;
    scientist.sync()?;
    let said = scientist.logs("free")?.stdout;
    same("what it said", &said.as_deref(), &Some("read 8\n"))?;
    same("its outputs", &scientist.outputs("free")?, &file("free.json", "{\"free\": 6}"))
}

fn shares_file(stage: &mut Stage) -> Outcome<()> {
    let owner = &mut stage.owner;
    owner.write(NOTE, "one\n")?;
    owner.grant("notes", SCIENTIST)?;
    owner.sync()
}

fn changes_file(stage: &mut Stage) -> Outcome<()> {
    stage.owner.write(NOTE, "two\n")?;
    stage.owner.sync()
}

fn deletes_file(stage: &mut Stage) -> Outcome<()> {
    stage.owner.remove(NOTE)?;
    stage.owner.sync()
}

fn has_file(stage: &mut Stage, expected: Option<&str>) -> Outcome<()> {
    stage.scientist.sync()?;
    let files = stage.scientist.files(OWNER)?;
    same(NOTE, &files.get(NOTE).map(String::as_str), &expected)
}

/// From the Drive and the keys alone: the files, and with them the jobs.
fn restores(stage: &mut Stage, program: Kind) -> Outcome<()> {
    let mine = stage.owner.files(OWNER)?;
    let elsewhere = stage.move_owner(program)?;
    elsewhere.log_in()?;
    let there = elsewhere.files(OWNER)?;
    for path in ["app_data/job/inbox/bob@uni.edu/v1/sum/run.sh", "notes/syft.pub.yaml"] {
        same(path, &there.get(path), &mine.get(path))?;
    }
    let mut jobs = elsewhere.jobs()?;
    jobs.retain(|job| job.name != "free");
    same_jobs("the jobs on another machine", &jobs, ENDED)
}

fn has_dataset_elsewhere(stage: &mut Stage) -> Outcome<()> {
    let elsewhere = stage.elsewhere()?;
    let datasets = elsewhere.datasets()?;
    let names: Vec<&str> = datasets.iter().map(|dataset| dataset.name.as_str()).collect();
    same("the datasets on another machine", &names, &vec![BEDS])?;
    let private = elsewhere.files(OWNER)?.into_iter().find(|(_, text)| text == PRIVATE);
    private.map(drop).ok_or_else(|| "the private data is not there".to_owned())
}

fn knows_peer_elsewhere(stage: &mut Stage) -> Outcome<()> {
    let peers = stage.elsewhere()?.peers()?;
    same("the peers on another machine", &states(&peers), &vec![(SCIENTIST, "accepted")])
}

fn has_no_dataset(stage: &mut Stage) -> Outcome<()> {
    same("datasets", &stage.scientist.datasets()?, &Vec::new())
}

fn owner_leaves(stage: &mut Stage) -> Outcome<()> {
    stage.leave_elsewhere();
    stage.owner.delete_syftbox()?;
    empty(stage, OWNER)
}

fn has_nothing(stage: &mut Stage) -> Outcome<()> {
    stage.scientist.sync()?;
    let files = stage.scientist.files(OWNER)?;
    same("files of the owner", &files.keys().collect::<Vec<_>>(), &Vec::new())
}

fn scientist_leaves(stage: &mut Stage) -> Outcome<()> {
    stage.scientist.delete_syftbox()?;
    empty(stage, SCIENTIST)
}

/// Whether nothing of somebody is left on Drive but what tells the peer of it.
fn empty(stage: &Stage, email: &str) -> Outcome<()> {
    let left = stage.drive_of(email);
    let left: Vec<&str> = left.iter().map(|file| file.name.as_str()).collect();
    let told = |name: &&str| !name.starts_with("syfteventsmessagev3_");
    same("left on Drive", &left.into_iter().filter(told).collect::<Vec<_>>(), &Vec::new())
}

fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Outcome<()> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, expected {expected:?}"))
}
