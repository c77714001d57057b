//! The table of names leaves none out, and each test that it names is there.
#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use std::fs;
use std::path::Path;

const TABLE: &str = include_str!("../../docs/names.md");

/// Every name of the three documents.
const NAMES: &str = "
    login_ds login_do for_colab for_jupyter email syftbox_folder peers jobs datasets is_do PRE_SYNC
    sync auto_checkpoint checkpoint_threshold load_peers add_peer force verbose
    approve_peer_request peer_must_exist reject_peer_request create_dataset name mock_path
    private_path users upload_private sync=True share_dataset tag delete_dataset
    submit_python_job submit_bash_job user script description force_submission
    process_approved_jobs stream_output timeout force_execution share_outputs_with_submitter
    share_logs_with_submitter SYFT_DEFAULT_JOB_TIMEOUT_SECONDS create_checkpoint file_hashes
    should_create_checkpoint try_create_checkpoint delete_syftbox broadcast_delete_events
    DatasiteWatcherSyncer on_file_change process_now process_file_changes_queue sync_down
    DatasiteOwnerSyncer peer_emails recompute_hashes check_write_permission check_read_permissions
    handle_proposed_filechange_events_message pull_and_process_next_proposed_filechange
    ConnectionRouter send_proposed_file_changes_message get_next_proposed_filechange_message
    ProposedFileChangesMessage FileChangeEvent JobClient get_client job_name code_path dependencies
    compacting_threshold .syftbox-events/ SyftPermContext grant_read_access grant_write_access
    job.status job.name job.submitted_by job.location job.approve job.stderr.text client.jobs
    outputs run.sh config.yaml approved done";

/// The table: its cells, row by row.
fn rows() -> Vec<Vec<&'static str>> {
    let lines = TABLE.lines().filter(|line| line.starts_with("| `"));
    lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect()).collect()
}

#[test]
fn no_name_is_missing() {
    let rows = rows();
    let known: Vec<&str> = rows.iter().flat_map(|row| row.first().unwrap().split(", ")).collect();
    for name in NAMES.split_whitespace() {
        assert!(known.contains(&format!("`{name}`").as_str()), "{name} is not in the table");
    }
}

#[test]
fn each_test_is_there() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    for row in rows() {
        let cell = *row.last().unwrap();
        if cell == "later" {
            continue;
        }
        let (test, file) = cell.strip_prefix("[`").unwrap().split_once("`](../").unwrap();
        let file = file.strip_suffix(')').unwrap();
        let text = fs::read_to_string(root.join(file)).unwrap_or_default();
        assert!(text.contains(&format!("fn {test}(")), "{file} has no test {test}");
    }
}
