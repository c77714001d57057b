//! Over Google Drive: the main job.

use crate::common::Secrecy;
use crate::common::drive::World;

const ANSWER: &str = "alice@hospital.org/jobs/bob@university.org/census/outputs/answer.txt";

async fn a_job_goes_there_and_its_answer_back(secrecy: Secrecy) {
    let world = World::connected(secrecy).await;
    world.create_dataset("patients");
    world.sync_both().await;
    let names: Vec<_> = world.bob.manager.list_datasets().unwrap();
    assert_eq!(names[0].name.as_str(), "patients");
    let submitted = world.bob.submit("echo 42 > $SYFT_OUTPUTS/answer.txt", "census").await;
    world.bob.sync().await;
    world.alice.sync().await;
    world.answer(&submitted.id);
    world.sync_both().await;
    assert_eq!(world.bob.read(ANSWER).unwrap(), "42\n");
    let leaks = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).contains("REAL PERSON");
    assert!(!world.drive.files().iter().filter_map(|file| file.content.as_ref()).any(leaks));
}

#[tokio::test]
async fn the_main_job_over_drive_in_the_open() {
    a_job_goes_there_and_its_answer_back(Secrecy::Open).await;
}

#[tokio::test]
async fn the_main_job_over_drive_sealed() {
    a_job_goes_there_and_its_answer_back(Secrecy::Sealed).await;
}

#[tokio::test]
async fn a_peer_request_is_told_by_mail_once() {
    let world = World::connected(Secrecy::Open).await;
    world.create_dataset("patients");
    world.sync_both().await;
    let mails = world.drive.mails();
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, [world.alice.email.as_str()]);
}
