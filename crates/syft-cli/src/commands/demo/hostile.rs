//! The same question by somebody who wants more.

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use syft_sync::core::DatasitePath;
use syft_sync::job::Script;
use syft_sync::job::sandbox::IsolationLevel;

use super::stage::{HOSTILE, People, Stage};
use super::story::{approve, run, submit};
use crate::errors::CliError;

/// What the attempts came to.
#[derive(Debug)]
pub(super) struct Attack {
    pub(super) attempts: Vec<Attempt>,
    /// What is to be had, as anybody outside the box sees it: a proof that denies
    /// what is not there proves nothing.
    pub(super) missing_targets: Vec<String>,
    /// What the job carried home, for its owner alone.
    pub(super) loot: Vec<Vec<u8>>,
    /// How often somebody reached the listener.
    pub(super) connections: usize,
}

/// One attempt, in the attacker's own words.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) what: String,
    pub(super) outcome: String,
}

impl Attempt {
    /// Whether the kernel said no, or, where a box has namespaces, that what stands
    /// outside is not there.
    pub(super) fn is_denied(&self, level: IsolationLevel) -> bool {
        match self.outcome.as_str() {
            "denied (Permission denied)" | "denied (Operation not permitted)" => true,
            "denied (No such file or directory)" => level >= IsolationLevel::L2,
            _ => false,
        }
    }
}

/// Lets the attack run in the box; `None` where there is no box to try.
pub(super) async fn attack(stage: &mut Stage, people: &People) -> Result<Option<Attack>, CliError> {
    if stage.level < IsolationLevel::L1 {
        return Ok(None);
    }
    let listener = Listener::start(stage.canaries.network.clone())
        .map_err(|error| CliError::bug(format!("could not listen on loopback: {error}")))?;
    let home = stage.home("alice").display().to_string();
    let script =
        HOSTILE.replace("@OWNER_HOME@", &home).replace("@PORT@", &listener.port.to_string());
    let command = "syft job submit hostile.sh --name follow-up --dataset patients";
    stage.step("bob", command);
    stage.note("this one wants other data, the home, /proc and the network");
    let id = submit(people, "follow-up", Script::Text(script)).await?;
    approve(stage, people, &id)?;
    run(stage, people, &id)?;
    people.sync(&people.alice, &people.bob).await?;
    let job = people.alice.job_store().received(&id)?;
    let mut loot = Vec::new();
    for output in job.outputs()? {
        loot.push(job.output(&output.path)?);
    }
    // An attack that did not come to its report has shown nothing.
    let report = job.output(&DatasitePath::parse("attempts.txt")?).unwrap_or_default();
    let attempts = String::from_utf8_lossy(&report).lines().filter_map(attempt).collect();
    let missing_targets = missing_targets(stage, people);
    Ok(Some(Attack { attempts, missing_targets, loot, connections: listener.stop() }))
}

/// The files that the attack is after and that are not where it looks for them.
fn missing_targets(stage: &Stage, people: &People) -> Vec<String> {
    let home = stage.home("alice");
    let owner = people.alice.email();
    let salaries = format!("{owner}/private/datasets/salaries/salaries.csv");
    let targets = [home.join(".syft/canary.txt"), home.join(salaries)];
    let missing = targets.iter().filter(|target| std::fs::read(target).is_err());
    missing.map(|target| target.display().to_string()).collect()
}

fn attempt(line: &str) -> Option<Attempt> {
    let (what, outcome) = line.strip_prefix("attempt ")?.split_once(": ")?;
    Some(Attempt { what: what.to_owned(), outcome: outcome.to_owned() })
}

/// Somebody on loopback who greets whoever gets through.
#[derive(Debug)]
struct Listener {
    port: u16,
    ends: Arc<AtomicBool>,
    connections: Arc<AtomicUsize>,
    thread: JoinHandle<()>,
}

impl Listener {
    fn start(greeting: String) -> io::Result<Self> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = socket.local_addr()?.port();
        socket.set_nonblocking(true)?;
        let ends = Arc::new(AtomicBool::new(false));
        let connections = Arc::new(AtomicUsize::new(0));
        let (end, count) = (ends.clone(), connections.clone());
        let thread = thread::spawn(move || {
            loop {
                match socket.accept() {
                    Ok((mut caller, _)) => {
                        count.fetch_add(1, Ordering::SeqCst);
                        // Whoever has hung up misses the greeting.
                        let _ = writeln!(caller, "{greeting}");
                    }
                    Err(_) if end.load(Ordering::SeqCst) => return,
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Ok(Listener { port, ends, connections, thread })
    }

    /// How many came.
    fn stop(self) -> usize {
        self.ends.store(true, Ordering::SeqCst);
        // A listener that has died has counted all that came before.
        let _ = self.thread.join();
        self.connections.load(Ordering::SeqCst)
    }
}
