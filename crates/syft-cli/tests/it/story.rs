//! Whole stories, as both people see them: what they type and what they are
//! told, with `syft status` after each step on both sides.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::common::{ALICE, BOB, Said, TestBox};
use insta::assert_snapshot;

/// Counts people; nothing of a single one comes out.
const COUNT: &str = "\
#!/bin/bash
set -eu
echo counting
tail -n +2 \"$SYFT_DATASET_CENSUS\" | wc -l > \"$SYFT_OUTPUTS/count.txt\"
";

/// What was typed and said, one command after the other.
struct Story {
    it: TestBox,
    told: String,
}

impl Story {
    fn begin(it: TestBox) -> Story {
        Story { it, told: String::new() }
    }

    fn alice(&mut self, command: &str) -> Said {
        self.types("alice", command)
    }

    fn bob(&mut self, command: &str) -> Said {
        self.types("bob", command)
    }

    /// What `status` says to both.
    fn both(&mut self) {
        self.alice("status").ok();
        self.bob("status").ok();
    }

    fn types(&mut self, who: &str, command: &str) -> Said {
        let words: Vec<&str> = command.split(' ').collect();
        let said = self.it.syft(who, &words, &[]);
        self.told += &format!("{who}$ syft {command}\n");
        // How long a job takes differs from run to run.
        for line in said.all().lines().filter(|line| !line.starts_with("  took ")) {
            self.told += &format!("{line}\n");
        }
        self.told.push('\n');
        said
    }

    /// The id of the one job.
    fn id(&self) -> String {
        let said = self.it.bob(&["job", "list", "--json"]).ok().json();
        said["jobs"][0]["id"].as_str().unwrap().to_owned()
    }
}

/// Two who are connected, a dataset and a script.
fn ready() -> TestBox {
    let it = TestBox::connected();
    it.census(BOB);
    it.write("count.sh", COUNT);
    it.bob(&["sync"]).ok();
    it
}

fn submit() -> String {
    format!("job submit count.sh --to {ALICE} --name count --dataset {ALICE}/census")
}

#[test]
fn from_the_first_request_to_the_answer() {
    let mut story = Story::begin(TestBox::new());
    story.it.write("mock.csv", "age\n1\n");
    story.it.write("real.csv", "age\n31\n47\n52\n28\n39\n44\n61\n");
    story.it.write("count.sh", COUNT);
    story.bob(&format!("peer add {ALICE}")).ok();
    story.both();
    story.alice(&format!("peer approve {BOB} --trust-first")).ok();
    story.both();
    story
        .alice(&format!("dataset create census --mock mock.csv --private real.csv --share {BOB}"))
        .ok();
    story.both();
    story.bob(&submit()).ok();
    story.both();
    story.alice("job list").ok();
    story.alice("job show count").ok();
    story.alice("job approve count").ok();
    story.both();
    story.alice("job run count").ok();
    story.both();
    story.alice("job outputs count").ok();
    story.bob("job outputs count -o too-early").exits(8);
    story.alice("job release count --outputs").ok();
    story.both();
    story.bob("job outputs count -o answer").ok();
    story.bob("job logs count").ok();
    assert_eq!(std::fs::read_to_string(story.it.path("answer/count.txt")).unwrap(), "7\n");
    assert_snapshot!(story.told);
}

#[test]
fn the_owner_is_away_while_the_scientist_submits() {
    let mut story = Story::begin(ready());
    story.it.unplug();
    story.bob(&submit()).ok();
    story.bob("status").ok();
    story.it.plug_in();
    story.bob("sync").ok();
    story.bob("status").ok();
    story.alice("status").ok();
    assert_snapshot!(story.told);
}

#[test]
fn the_scientist_is_away_and_the_owner_works_offline() {
    let mut story = Story::begin(ready());
    story.bob(&submit()).ok();
    story.alice("sync").ok();
    story.it.unplug();
    story.alice("job approve count").ok();
    story.alice("job run count --offline").ok();
    story.alice("job release count --outputs --logs").ok();
    story.alice("status").ok();
    story.bob("status").ok();
    story.it.plug_in();
    story.alice("sync").ok();
    story.bob("job outputs count -o answer").ok();
    story.bob("job logs count").ok();
    story.bob("status").ok();
    assert_eq!(std::fs::read_to_string(story.it.path("answer/count.txt")).unwrap(), "8\n");
    assert_snapshot!(story.told);
}

#[test]
fn a_rule_of_the_owner_keeps_back_what_is_released() {
    let mut story = Story::begin(ready());
    story.bob(&submit()).ok();
    story.alice("sync").ok();
    let rules = story.it.path("alice").join(ALICE).join("jobs").join(BOB).join("syft.pub.yaml");
    let given = std::fs::read_to_string(&rules).unwrap();
    let held = format!("- pattern: count/outputs/**\n  access:\n    read:\n    - {ALICE}\n");
    std::fs::write(&rules, given.replace("rules:\n", &format!("rules:\n{held}"))).unwrap();
    story.alice("job approve count").ok();
    story.alice("job run count --share-outputs").ok();
    story.alice("job release count --outputs --logs").ok();
    story.bob("job outputs count -o answer").exits(9);
    std::fs::write(&rules, given).unwrap();
    story.alice("sync").ok();
    story.bob("job outputs count -o answer").ok();
    assert_snapshot!(story.told);
}

#[test]
fn r1_one_changed_byte_of_an_approved_job_is_approved_anew_or_not_run() {
    let mut story = Story::begin(ready());
    story.bob(&submit()).ok();
    story.alice("sync").ok();
    story.alice("job approve count").ok();
    story.bob("sync").ok();
    let run_sh = story.it.path("bob").join(ALICE).join("jobs").join(BOB).join("count/run.sh");
    let approved = std::fs::read_to_string(&run_sh).unwrap();
    std::fs::write(&run_sh, approved.replace("counting", "countinG")).unwrap();
    story.bob("sync").ok();
    story.alice("job list").ok();
    story.alice("job run count").exits(6);
    story.alice("job diff count").ok();
    story.both();
    story.alice("job approve count").ok();
    story.alice("job run count").ok();

    std::fs::write(&run_sh, approved.replace("counting", "too late")).unwrap();
    story.bob("sync").ok();
    story.alice("sync").ok();
    story.bob("status").ok();
    story.alice("job list").ok();
    let log = story.it.alice(&["job", "logs", "count"]).ok();
    assert_eq!(log.stdout, "countinG\n");
    let kept = story.it.path("alice").join(ALICE).join("jobs").join(BOB).join("count/run.sh");
    assert!(std::fs::read_to_string(kept).unwrap().contains("countinG"));
    assert_snapshot!(story.told);
}

#[test]
fn run_waits_for_the_owner_and_fetches_what_was_released() {
    let mut story = Story::begin(ready());
    let on = format!("{ALICE}/census");
    let run = format!("run count.sh --on {on} --deadline 0s");
    let said = story.bob(&run).exits(8);
    assert!(said.stderr.contains("Waiting for alice@hospital.org since"), "{}", said.stderr);
    let id = story.id();
    assert!(said.raw.contains(&format!("syft review {id}")), "{}", said.raw);
    story.alice("sync").ok();
    story.alice("job approve count").ok();
    story.alice("job run count --share-outputs").ok();
    story.bob(&format!("job outputs {id} -o answer")).ok();
    assert_eq!(std::fs::read_to_string(story.it.path("answer/count.txt")).unwrap(), "8\n");

    // The same once more is the same job, and `--again` another one.
    let resumed = story.bob(&format!("{run} -o answer --json")).ok().json();
    assert_eq!((&resumed["id"], &resumed["outcome"]), (&id.into(), &"fetched".into()));
    let second = story.bob(&format!("{run} --again --json")).exits(8).json();
    assert_eq!(second["name"], "count-2");
    assert_eq!(second["outcome"], "still_waiting");
    assert_eq!(second["waiting_for"]["who"], ALICE);
}

/// Bob types `run` and waits; comes back once he has been told for whom.
fn waiting_run(it: &TestBox) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_syft"))
        .args(["run", "count.sh", "--on", &format!("{ALICE}/census"), "--deadline", "5m"])
        .current_dir(it.path("."))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SYFTBOX_FOLDER", it.path("bob"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.as_mut().unwrap()).lines().map(Result::unwrap);
    assert!(told.any(|line| line.starts_with("Ctrl-C is harmless: ")));
    child
}

#[test]
fn run_waits_until_the_owner_has_released() {
    let it = ready();
    let child = waiting_run(&it);
    it.alice(&["sync"]).ok();
    it.alice(&["job", "approve", "count"]).ok();
    it.alice(&["job", "run", "count", "--share-outputs"]).ok();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("is done. alice@hospital.org released:"), "{said}");
    assert_eq!(std::fs::read_to_string(it.path("count-outputs/count.txt")).unwrap(), "8\n");
}

#[test]
fn an_interrupted_run_has_lost_nothing() {
    let it = ready();
    let child = waiting_run(&it);
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(8));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("The same command goes on from here."), "{said}");
    it.alice(&["sync"]).ok();
    it.alice(&["job", "show", "count"]).ok();
}

#[test]
fn run_ends_as_the_owner_decides() {
    let it = ready();
    it.write("broken.sh", "#!/bin/bash\necho oops >&2\nexit 3\n");
    let on = format!("{ALICE}/census");
    for script in ["count.sh", "broken.sh"] {
        it.bob(&["run", script, "--on", &on, "--no-wait", "--no-rehearsal"]).ok();
    }
    it.alice(&["sync"]).ok();
    it.alice(&["job", "reject", "count", "--reason", "too much"]).ok();
    it.alice(&["job", "approve", "broken"]).ok();
    let ran = it.alice(&["job", "run", "--json"]).exits(7).json();
    assert_eq!(ran["jobs"][0]["status"], "failed");
    assert_eq!(ran["jobs"][0]["exit_code"], 3);
    let told = it.bob(&["job", "list", "--json"]).ok().json();
    let of = |name: &str| {
        let jobs = told["jobs"].as_array().unwrap();
        jobs.iter().find(|job| job["name"] == name).unwrap().clone()
    };
    assert_eq!(of("count")["status"], "rejected");
    assert_eq!(of("count")["reason"], "too much");
    assert_eq!(of("broken")["status"], "failed");
    it.bob(&["job", "cancel", "count"]).exits(6);
}

#[test]
fn an_unknown_dataset_or_peer_is_said_before_anything_is_sent() {
    let it = ready();
    it.bob(&["run", "count.sh", "--on", "carol@lab.org/census"]).exits(3);
    it.bob(&["run", "count.sh", "--on", &format!("{ALICE}/other")]).exits(3);
    it.bob(&["run", "count.sh", "--on", "census"]).exits(2);
    assert_eq!(it.bob(&["job", "list", "--json"]).ok().json()["jobs"].as_array().unwrap().len(), 0);
}
