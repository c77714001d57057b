//! One who misbehaves in Google Drive disturbs nobody else: with all that Google lets an
//! account do, the jobs of the others go there and back in the same syncs, and whoever
//! is bothered is told by whom, with what, and what to do.

use futures::future::join_all;
use syft_core::Email;
use syft_drive_emulator::DriveEmulator;
use syft_job::{JobId, Status};
use syft_sync::SyncReport;

use crate::common::drive::{answer, create_dataset, store};
use crate::common::forge;
use crate::common::raw_drive::{FOLDER, RawDrive};
use crate::common::{Member, Secrecy, alice, bob, carol, email};

const MALLORY: &str = "mallory@elsewhere.net";
const DOCUMENT: &str = "application/vnd.google-apps.document";
const SHORTCUT: &str = "application/vnd.google-apps.shortcut";
const MESSAGE: &str = "msgv2_1790000000.5_6d61696c-0000-4000-8000-000000000001.tar.gz";
const EVENTS: &str = "syfteventsmessagev3_1790000000.5_6d61696c-0000-4000-8000-000000000001.tar.gz";

/// Alice, Bob and Carol keep to the rules, Mallory does not.
struct Scene {
    drive: DriveEmulator,
    alice: Member,
    bob: Member,
    carol: Member,
    mallory: Member,
    raw: RawDrive,
}

impl Scene {
    async fn set(secrecy: Secrecy) -> Scene {
        let drive = DriveEmulator::start().unwrap();
        let emails = [alice(), bob(), carol(), email(MALLORY)];
        let members = emails.into_iter().zip(1..).map(|(of, seed)| {
            let store = store(&drive, &of);
            Member::join_as(of, store, seed, secrecy)
        });
        let members: [Member; 4] = join_all(members).await.try_into().ok().unwrap();
        let [alice, bob, carol, mallory] = members;
        let raw = RawDrive::of(&drive, MALLORY);
        Scene { drive, alice, bob, carol, mallory, raw }
    }

    async fn connect(&self, scientist: &Member, owner: &Member) {
        scientist.manager.add_peer(&owner.email, false).await.unwrap();
        owner.manager.approve_peer_request(&scientist.email, true).await.unwrap();
    }

    async fn settle(&self) {
        for member in [&self.alice, &self.mallory, &self.bob, &self.carol, &self.alice] {
            member.sync().await;
        }
    }

    /// All three are scientists with Alice.
    async fn with_a_bad_scientist(secrecy: Secrecy) -> Scene {
        let scene = Scene::set(secrecy).await;
        for scientist in [&scene.bob, &scene.carol, &scene.mallory] {
            scene.connect(scientist, &scene.alice).await;
        }
        scene.settle().await;
        scene
    }

    /// Bob works with Alice and with Mallory.
    async fn with_a_bad_owner(secrecy: Secrecy) -> Scene {
        let scene = Scene::set(secrecy).await;
        for owner in [&scene.alice, &scene.mallory] {
            scene.connect(&scene.bob, owner).await;
        }
        scene.settle().await;
        scene
    }

    fn folder(&self, owner: &str, name: &str) -> String {
        let found = self.drive.files_of(owner).into_iter().find(|file| file.name == name);
        found.unwrap_or_else(|| panic!("{owner} has no {name}")).id
    }

    /// Where Mallory puts what is for Alice.
    fn inbox(&self) -> String {
        self.folder(MALLORY, &format!("syft_datasite#0.10.0#{}#inbox#{MALLORY}", alice()))
    }

    /// Where Alice puts what is for Mallory.
    fn outbox(&self) -> String {
        self.folder(MALLORY, &format!("syft_datasite#0.10.0#{}#outbox#{MALLORY}", alice()))
    }

    /// Where Mallory puts what is for Bob.
    fn outbox_of_bob(&self) -> String {
        let bob = bob();
        self.folder(bob.as_str(), &format!("syft_datasite#0.10.0#{MALLORY}#outbox#{bob}"))
    }

    /// Takes away all of Mallory's own files of this name. Where they were.
    fn take_away(&self, name: &str) -> Option<String> {
        let files = self.drive.files_of(MALLORY).into_iter().filter(|file| file.name == name);
        files.fold(None, |_, file| {
            self.raw.delete(&file.id);
            file.parent
        })
    }

    /// Two jobs go to Alice, and their answers back, in the syncs that they always take.
    async fn work(&self) -> [SyncReport; 2] {
        self.alice.write(&format!("{}/public/news.txt", alice()), "for all");
        let mut ids: Vec<JobId> = Vec::new();
        for scientist in [&self.bob, &self.carol] {
            let script = format!("echo {} > $SYFT_OUTPUTS/answer.txt", scientist.email);
            ids.push(scientist.submit(&script, "census").await.id);
            scientist.sync().await;
        }
        let taken = self.alice.sync().await;
        ids.iter().for_each(|id| answer(&self.alice, id));
        let answered = self.alice.sync().await;
        for scientist in [&self.bob, &self.carol] {
            let report = scientist.sync().await;
            assert_eq!(report.store, None);
            let (owner, me) = (alice(), &scientist.email);
            let answer = scientist.read(&format!("{owner}/jobs/{me}/census/outputs/answer.txt"));
            assert_eq!(answer, Some(format!("{me}\n")));
        }
        [taken, answered]
    }
}

/// What Mallory does, and what is told of it.
struct Case {
    what: &'static str,
    does: fn(&Scene),
    told: &'static [&'static str],
    /// Whether somebody seems to pose as somebody else: the program ends with 9.
    alarm: bool,
}

const fn case(what: &'static str, does: fn(&Scene), told: &'static [&'static str]) -> Case {
    Case { what, does, told, alarm: false }
}

const fn alarm(what: &'static str, does: fn(&Scene), told: &'static [&'static str]) -> Case {
    Case { what, does, told, alarm: true }
}

/// What a report says of somebody, in words.
fn told(report: &SyncReport, of: &Email) -> String {
    let problems = report.peers.iter().filter(|peer| peer.email == *of).map(|peer| {
        let quarantined = match peer.quarantined {
            0 => String::new(),
            n => format!("quarantined {n}; "),
        };
        format!("{quarantined}{}", peer.problem.clone().unwrap_or_default())
    });
    let notes = report.notes.iter().chain(&report.alarms);
    let notes = notes.filter(|note| note.contains(of.as_str())).cloned();
    problems.chain(notes).collect::<Vec<_>>().join("\n")
}

/// That a report tells of Mallory and of nobody else.
fn tells_of_one(case: &Case, report: &SyncReport) {
    let what = case.what;
    assert_eq!(report.store, None, "{what}: the store is there");
    for other in [alice(), bob(), carol()] {
        assert_eq!(told(report, &other).trim(), "", "{what}");
    }
    let mallory = email(MALLORY);
    let said = told(report, &mallory);
    for part in case.told {
        assert!(said.contains(part), "{what}: {part:?} is not in {said:?}\n{report:#?}");
    }
    assert_eq!(said.trim().is_empty(), case.told.is_empty(), "{what}: {said:?}");
    let is_alarm = report.alarms.len() + report.peers.iter().filter(|peer| peer.alarm).count() > 0;
    assert_eq!(is_alarm, case.alarm, "{what}: {report:#?}");
}

async fn bad_scientist(secrecy: Secrecy, cases: &[Case]) {
    for case in cases {
        let scene = Scene::with_a_bad_scientist(secrecy).await;
        (case.does)(&scene);
        let [taken, _] = scene.work().await;
        tells_of_one(case, &taken);
        let jobs = scene.alice.manager.job_store().jobs().unwrap();
        let done = jobs.iter().filter(|job| job.status() == Status::Done);
        assert_eq!((done.count(), jobs.iter().count()), (2, 2), "{}", case.what);
    }
}

fn odd_names(scene: &Scene, folder: &str) {
    for name in ["..", "a/b", &"x".repeat(300), "msgv2_junk.tar.gz", "hello\u{202e}"] {
        scene.raw.file(name, folder, b"junk");
    }
}

fn odd_things(scene: &Scene, folder: &str) {
    scene.raw.entry(MESSAGE, DOCUMENT, folder);
    scene.raw.entry("link", SHORTCUT, folder);
    let within = scene.raw.entry("folder", FOLDER, folder);
    scene.raw.file(MESSAGE, &within, b"junk");
}

#[tokio::test]
async fn what_is_no_message_in_an_inbox_disturbs_nobody() {
    let cases = [
        case(
            "names that are none",
            |scene| odd_names(scene, &scene.inbox()),
            &["5 things", "no messages", "left alone", "ask"],
        ),
        case(
            "things that are no files",
            |scene| odd_things(scene, &scene.inbox()),
            &["3 things", "it is a folder", "left alone"],
        ),
    ];
    bad_scientist(Secrecy::Sealed, &cases).await;
}

#[tokio::test]
async fn messages_of_junk_disturb_nobody() {
    let junk = |scene: &Scene| drop(scene.raw.file(MESSAGE, &scene.inbox(), b"junk"));
    let of_another = |scene: &Scene| {
        let body = forge::pack_json(&forge::from(7, &bob()));
        scene.raw.file(&forge::name(7), &scene.inbox(), &body);
    };
    let copied = |scene: &Scene| {
        let of_bob = scene.drive.files_of(bob().as_str());
        let file = of_bob.into_iter().find(|file| file.name == "hello").unwrap();
        scene.raw.file(MESSAGE, &scene.inbox(), &file.content.unwrap());
    };
    let open =
        [case("junk", junk, &["quarantined 1"]), case("as Bob", of_another, &["quarantined 1"])];
    bad_scientist(Secrecy::Open, &open).await;
    let sealed = [
        alarm("junk", junk, &[MESSAGE, "in the open", "syft doctor --repair"]),
        alarm("as Bob", of_another, &["in the open"]),
        alarm("what Bob wrote", copied, &[MESSAGE]),
    ];
    bad_scientist(Secrecy::Sealed, &sealed).await;
}

#[tokio::test]
async fn a_hello_or_an_advert_of_junk_disturbs_nobody() {
    fn advert(scene: &Scene, put: impl Fn(&str)) {
        scene.take_away("hello").unwrap();
        let place = scene.take_away("SYFT_version.json").unwrap();
        put(&place);
        let file = scene.drive.files_of(MALLORY).into_iter().next_back().unwrap();
        scene.raw.share(&file.id, alice().as_str(), "reader");
    }
    let unreadable = &["its advert cannot be read", "until you have asked them"];
    let cases = [
        alarm(
            "a hello of junk",
            |scene| {
                let place = scene.take_away("hello").unwrap();
                scene.raw.file("hello", &place, b"\xff{junk");
            },
            unreadable,
        ),
        alarm(
            "an advert of junk",
            |scene| advert(scene, |place| drop(scene.raw.file("SYFT_version.json", place, b"]"))),
            unreadable,
        ),
        alarm(
            "an advert without end",
            |scene| {
                let huge = vec![b'['; 3 << 20];
                advert(scene, |place| drop(scene.raw.file("SYFT_version.json", place, &huge)));
            },
            unreadable,
        ),
        case(
            "an advert that is a document",
            |scene| {
                advert(scene, |place| {
                    scene.raw.entry("SYFT_version.json", DOCUMENT, place);
                });
            },
            &[],
        ),
    ];
    bad_scientist(Secrecy::Sealed, &cases).await;
}

/// Who takes an own folder away takes nothing of anybody else's, and may do so: what is due
/// goes into a folder of the owner's.
#[tokio::test]
async fn folders_that_are_gone_or_there_twice_disturb_nobody() {
    fn twin(scene: &Scene, direction: &str) -> String {
        let root = scene.folder(MALLORY, "SyftBox");
        let name = format!("syft_datasite#0.10.0#{}#{direction}#{MALLORY}", alice());
        let twin = scene.raw.entry(&name, FOLDER, &root);
        scene.raw.share(&twin, alice().as_str(), "writer");
        twin
    }
    let cases = [
        case("no inbox", |scene| scene.raw.delete(&scene.inbox()), &[]),
        case("no outbox", |scene| scene.raw.delete(&scene.outbox()), &[]),
        case("nothing at all", |scene| scene.raw.delete(&scene.folder(MALLORY, "SyftBox")), &[]),
        case(
            "twins",
            |scene| {
                let inbox = twin(scene, "inbox");
                scene.raw.file("odd", &inbox, b"junk");
                twin(scene, "outbox");
            },
            &["1 thing"],
        ),
    ];
    bad_scientist(Secrecy::Sealed, &cases).await;
}

fn collection(scene: &Scene, name: &str, fill: impl Fn(&str)) {
    let root = scene.folder(MALLORY, "SyftBox");
    let folder = scene.raw.entry(name, FOLDER, &root);
    fill(&folder);
    scene.raw.share(&folder, bob().as_str(), "reader");
}

#[tokio::test]
async fn an_owner_who_misbehaves_disturbs_no_other() {
    let cases = [
        case(
            "names that are none",
            |scene| odd_names(scene, &scene.outbox_of_bob()),
            &["5 things", "left alone"],
        ),
        case(
            "things that are no files",
            |scene| odd_things(scene, &scene.outbox_of_bob()),
            &["3 things", "left alone"],
        ),
        alarm(
            "events of junk",
            |scene| drop(scene.raw.file(EVENTS, &scene.outbox_of_bob(), b"junk")),
            &[EVENTS, "in the open"],
        ),
        alarm(
            "a dataset of junk",
            |scene| {
                collection(scene, "syft_datasetcollection_census_0a1b2c3d4e5f", |folder| {
                    scene.raw.file("dataset.yaml", folder, b"\xff: [");
                    odd_names(scene, folder);
                    odd_things(scene, folder);
                });
                collection(scene, "syft_datasetcollection_..", |_| ());
                collection(scene, "syft_datasetcollection_census_zz", |_| ());
            },
            &["a dataset census in the open", "it is not taken"],
        ),
    ];
    for case in &cases {
        let scene = Scene::with_a_bad_owner(Secrecy::Sealed).await;
        create_dataset(&scene.alice, "patients");
        (case.does)(&scene);
        let submitted = scene.bob.submit("echo 42 > $SYFT_OUTPUTS/answer.txt", "study").await;
        scene.bob.sync().await;
        scene.alice.sync().await;
        answer(&scene.alice, &submitted.id);
        scene.alice.sync().await;
        let report = scene.bob.sync().await;
        tells_of_one(case, &report);
        let place = format!("{}/jobs/{}/study/outputs/answer.txt", alice(), bob());
        assert_eq!(scene.bob.read(&place).as_deref(), Some("42\n"), "{}", case.what);
        let datasets = scene.bob.manager.list_datasets().unwrap();
        let names: Vec<&str> = datasets.iter().map(|dataset| dataset.name.as_str()).collect();
        assert_eq!(names, ["patients"], "{}", case.what);
    }
}
