//! What a run leaves for both sides.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use syft_core::{AuditEntry, ContentHash};
use syft_job::sandbox::{
    BoxReport, BoxedJob, Exit, IsolationLevel, LimitHit, LimitKind, LogSink, Sandbox,
};
use syft_job::{
    ApprovalMethod, Error, JobId, OutputSink, RECEIPT_PURPOSE, Receipt, ReceiptSigner,
    ReleaseFiles, Result, RunOptions, SignedReceipt, Status, walk_outputs,
};

use crate::common::{OWNER, Pair, Unboxed, dataset, email, quiet, submission, tree};

/// Keys that are none: what matters here is what is signed.
#[derive(Debug)]
struct Stamp(&'static str);

impl ReceiptSigner for Stamp {
    fn fingerprint(&self) -> ContentHash {
        ContentHash::of(self.0.as_bytes())
    }

    fn sign(&self, purpose: &str, bytes: &[u8]) -> String {
        let text = [self.0.as_bytes(), purpose.as_bytes(), bytes].join(&0);
        ContentHash::of(&text).to_string()
    }
}

const SCRIPT: &str = "printf %s forty-two > outputs/answer.txt; echo printed\n";

fn signing() -> Pair {
    let mut pair = Pair::new();
    pair.owner.store = pair.owner.store.clone().with_signer(Some(Arc::new(Stamp("alice"))));
    pair
}

fn approved(pair: &Pair, text: &str) -> JobId {
    let mut submission = submission("count", text);
    submission.datasets = vec![dataset("census")];
    pair.owner.write(&format!("{OWNER}/private/datasets/census/rows.csv"), "age\n31\n");
    pair.submit(&submission);
    let syft_job::Intake::Received { id, .. } = pair.intake("count") else { panic!("not there") };
    pair.approve(&id);
    id
}

fn read(path: std::path::PathBuf) -> SignedReceipt {
    SignedReceipt::parse(&fs::read(path).unwrap()).unwrap()
}

/// The one that the owner keeps of a run.
fn kept(pair: &Pair, id: &JobId, number: u32) -> SignedReceipt {
    read(pair.owner.path(&format!(".syft/runs/{id}-{number}/receipt.yaml")))
}

/// The one that the submitter has, below the job's folder.
fn told(pair: &Pair, below: &str) -> SignedReceipt {
    pair.answer("count");
    read(pair.scientist.path(&format!("{}/{below}receipt.yaml", Pair::job_folder("count"))))
}

fn is_signed(receipt: &SignedReceipt) -> bool {
    let signature = Stamp("alice").sign(RECEIPT_PURPOSE, receipt.body());
    receipt.signature() == Some(&signature)
}

fn line(entries: &[AuditEntry], action: &str) -> u64 {
    entries.iter().rev().find(|entry| entry.action == action).unwrap().seq
}

#[test]
fn each_run_leaves_a_receipt_at_once_and_what_is_held_stands_in_the_owners_alone() {
    let pair = signing();
    let id = approved(&pair, SCRIPT);
    pair.run(&id).unwrap();
    let entries = pair.owner.audit.lock().unwrap().entries().unwrap();
    let (mine, theirs) = (kept(&pair, &id, 1), told(&pair, ""));
    assert!(is_signed(&mine) && is_signed(&theirs));
    for Receipt { approved, audit, signed_by, dataset_digests, .. } in
        [&mine.receipt, &theirs.receipt]
    {
        let approved = approved.as_ref().unwrap();
        assert_eq!((approved.by.as_str(), approved.method), (OWNER, ApprovalMethod::Manual));
        let audit = audit.unwrap();
        assert_eq!(audit.seq, line(&entries, "job.run.finished"));
        assert_eq!(audit.hash, pair.owner.audit.lock().unwrap().verify().unwrap().head);
        assert_eq!(*signed_by, Some(ContentHash::of(b"alice")));
        assert_eq!(dataset_digests.len(), 1);
    }
    assert_eq!(mine.receipt.outputs.len(), 1);
    assert!(mine.receipt.stdout.is_some());
    assert!(theirs.receipt.outputs.is_empty() && theirs.receipt.stdout.is_none());
    assert!(!theirs.receipt.is_answered());
    // It tells how it ended, and nothing of it waits less for its owner.
    let job = pair.scientist.store.job("count").unwrap();
    assert_eq!((job.status(), job.exit_code()), (Status::Done, Some(0)));
    assert_eq!(job.waiting_for().unwrap().who, email(OWNER));

    pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap();
    let answered = told(&pair, "");
    assert!(is_signed(&answered) && answered.receipt.is_answered());
    assert_eq!(answered.receipt.outputs, mine.receipt.outputs);
    assert_eq!(pair.scientist.store.job("count").unwrap().waiting_for(), None);
    assert_eq!(kept(&pair, &id, 1), mine, "the owner's is written once");
}

#[test]
fn a_run_beside_one_that_was_answered_leaves_its_receipt_beside_that_one() {
    let pair = signing();
    let id = approved(&pair, SCRIPT);
    pair.run(&id).unwrap();
    pair.owner.store.give_back(&id, "try again").unwrap();
    let options = RunOptions::default();
    pair.owner.store.rerun(&id, &options, &Unboxed::default(), &mut quiet).unwrap();
    let (first, second) = (told(&pair, ""), told(&pair, &format!("attempts/{id}-2/")));
    assert_eq!(first.receipt.run, format!("{id}-1"));
    assert_eq!(second.receipt.run, format!("{id}-2"));
    assert!(first.receipt.is_answered() && !second.receipt.is_answered());
    let job = pair.scientist.store.job("count").unwrap();
    assert_eq!(job.attempts().unwrap().len(), 2);
    assert!(job.waiting_for().is_some(), "the second one is not answered");
    let file = |job: &syft_job::Job| job.receipt_file().unwrap().unwrap();
    assert_eq!(SignedReceipt::parse(&file(&job)).unwrap(), first);
    assert_eq!(SignedReceipt::parse(&file(&job.attempt("2").unwrap())).unwrap(), second);
    // Said again, nothing changes.
    let before = tree(&pair.owner.path(&Pair::job_folder("count")));
    assert!(pair.owner.store.project_all().unwrap().is_empty());
    assert_eq!(tree(&pair.owner.path(&Pair::job_folder("count"))), before);
}

#[test]
fn all_of_nothing_is_an_answer_too() {
    let pair = signing();
    let id = approved(&pair, "true\n");
    let options = RunOptions { share_outputs: true, ..RunOptions::default() };
    pair.owner.store.run(&id, &options, &Unboxed::default(), &mut quiet).unwrap();
    assert!(told(&pair, "").receipt.is_answered());
    assert_eq!(pair.scientist.store.job("count").unwrap().waiting_for(), None);
}

#[test]
fn the_digest_of_a_dataset_is_of_its_data_and_nobody_else_can_make_it() {
    let pair = signing();
    let id = approved(&pair, "true\n");
    let digest = |number: u32| kept(&pair, &id, number).receipt.dataset_digests[&dataset("census")];
    let again = || {
        let options = RunOptions::default();
        pair.owner.store.rerun(&id, &options, &Unboxed::default(), &mut quiet).unwrap();
    };
    pair.run(&id).unwrap();
    // What stands beside the data is none of it.
    pair.owner.write(&format!("{OWNER}/private/datasets/census/syft.pub.yaml"), "rules: []\n");
    again();
    pair.owner.write(&format!("{OWNER}/private/datasets/census/rows.csv"), "age\n32\n");
    again();
    assert_eq!(digest(1), digest(2));
    assert_ne!(digest(2), digest(3));
    let hash = ContentHash::of(b"age\n31\n");
    let plain = syft_core::canonical_json(&[("rows.csv", hash)]).unwrap();
    assert!(![hash, ContentHash::of(&plain)].contains(&digest(1)));
}

#[test]
fn without_keys_a_receipt_is_unsigned_and_names_no_data() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    pair.run(&id).unwrap();
    let theirs = told(&pair, "");
    assert_eq!((theirs.signature(), theirs.receipt.signed_by), (None, None));
    assert!(theirs.receipt.dataset_digests.is_empty());
}

/// Of a version that wrote one with an answer only.
#[test]
fn an_older_receipt_is_an_answer() {
    let pair = Pair::new();
    let id = approved(&pair, SCRIPT);
    pair.run(&id).unwrap();
    let path = format!("{}/receipt.yaml", Pair::job_folder("count"));
    let text = fs::read_to_string(pair.owner.path(&path)).unwrap();
    let newer = ["answered_at:", "policy_digest:", "approved:", "  by:", "  at:", "  method:"];
    let older: String = text
        .replace("schema: 2", "schema: 1")
        .split_inclusive('\n')
        .filter(|line| !newer.iter().any(|key| line.starts_with(key)))
        .collect();
    pair.answer("count");
    assert!(pair.scientist.store.job("count").unwrap().waiting_for().is_some());
    pair.scientist.write(&path, older);
    let job = pair.scientist.store.job("count").unwrap();
    assert_eq!((job.waiting_for(), job.run_id()), (None, Some(&*format!("{id}-1"))));
}

/// Reaches a limit, and says more about it than anybody is to know.
#[derive(Debug)]
struct Talks;

impl Sandbox for Talks {
    fn level(&self) -> IsolationLevel {
        IsolationLevel::L2
    }

    fn run(
        &self,
        job: &BoxedJob,
        _: &mut dyn LogSink,
        outputs: &mut dyn OutputSink,
    ) -> Result<BoxReport, Error> {
        walk_outputs(&job.outputs_dir, &job.limits, outputs)?;
        let hit = LimitHit { limit: LimitKind::Wall, detail: "forty-two".to_owned() };
        Ok(BoxReport {
            exit: Exit::TimedOut,
            limits_hit: vec![hit],
            duration: Duration::from_secs(1),
            level: IsolationLevel::L2,
            landlock_abi: None,
            stdout_bytes: 0,
            stderr_bytes: 0,
        })
    }
}

#[test]
fn of_a_limit_no_more_is_told_than_which_until_the_logs_are_released() {
    let pair = signing();
    let id = approved(&pair, SCRIPT);
    pair.owner.store.run(&id, &RunOptions::default(), &Talks, &mut quiet).unwrap();
    let hits = || told(&pair, "").receipt.limits_hit.join(" ");
    assert!(!hits().is_empty() && !hits().contains("forty-two"), "{}", hits());
    assert!(kept(&pair, &id, 1).receipt.limits_hit[0].contains("forty-two"));
    pair.owner.store.give_back(&id, "nothing of it").unwrap();
    assert!(!hits().is_empty() && !hits().contains("forty-two"), "{}", hits());
    pair.owner.store.release(&id, None, &ReleaseFiles::None, true).unwrap();
    assert!(hits().contains("forty-two"));
}

#[test]
fn a_receipt_of_many_outputs_is_read_as_any_other() {
    let pair = signing();
    let id =
        approved(&pair, "for i in $(seq 1000); do echo $i > outputs/a-rather-long-name-$i; done\n");
    pair.owner.store.run(&id, &RunOptions::default(), &Unboxed::default(), &mut quiet).unwrap();
    pair.owner.store.release(&id, None, &ReleaseFiles::All, false).unwrap();
    pair.answer("count");
    let job = pair.scientist.store.job("count").unwrap();
    assert_eq!(job.outputs().unwrap().iter().filter(|output| output.released).count(), 1000);
    assert!(job.waiting_for().is_none(), "{:?}", job.waiting_for());
    job.check_outputs().unwrap();
}

proptest! {
    #[test]
    fn what_is_no_receipt_is_refused(bytes in any::<Vec<u8>>(), text in ".{0,200}") {
        prop_assert!(SignedReceipt::parse(&bytes).is_err());
        let signed = format!("{text}\nsignature: x\n");
        prop_assert!(SignedReceipt::parse(signed.as_bytes()).is_err());
    }
}
