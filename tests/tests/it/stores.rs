//! The walk-through of two people over each kind of store: another address, another login,
//! and not a word else.

use syft_dropbox_emulator::DropboxEmulator;
use syft_test_stores::{Azblob, Gs, S3, Sftp, WebDav, if_there_or_noted, required_or_noted};
use syft_tests::{Page, People};

/// Plays it, and looks at what the whole log tells.
fn play(store: &str, login: &[(&str, &str)]) -> People {
    let mut people = People::over(store, login);
    let page = Page::read(include_str!("../../../examples/two-people/README.md"));
    super::walkthrough::run(&mut people, store, &page);
    people
}

/// What the page of the stores says of one is what trying it shows.
fn promises(people: &People, store: &str) {
    let run = people.types("syft transport check \"$STORE\" --json");
    assert_eq!(run.code, Some(0), "{run:#?}");
    let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let kept = |name: &str| {
        let all = told["promises"].as_array().unwrap();
        let promise = all.iter().find(|it| it["promise"] == name).unwrap();
        promise["kept"].as_str().unwrap().replace('_', " ")
    };
    let largest = match told["largest"].as_u64() {
        Some(bytes) => format!("{} MiB", bytes >> 20),
        None => "any".to_owned(),
    };
    let (kind, _) = store.split_once(':').unwrap();
    let kind = if kind == "file" { "folder" } else { kind };
    let [wins, replaced] = [kept("one_of_many_writers_wins"), kept("a_version_is_replaced_once")];
    let line = format!("{kind:<9}{wins:<26}{replaced:<28}{largest}");
    let page = Page::read(include_str!("../../../docs/transports.md"));
    let (_, table) = page.shown.iter().find(|(mark, _)| mark == "promises").unwrap();
    assert!(table.lines().any(|it| it == line), "{line}\n{table}");
}

#[test]
fn what_is_said_of_a_folder_is_so() {
    let people = People::over("file:///", &[]);
    let folder = format!("file://{}", people.shared().display());
    promises(&People::over(&folder, &[]), &folder);
}

fn over_s3(server: &S3) -> (People, String) {
    server.create_bucket("hospital");
    let login = [
        ("AWS_ACCESS_KEY_ID", server.access_key()),
        ("AWS_SECRET_ACCESS_KEY", server.secret_key()),
    ];
    let url = format!("s3://hospital/syft?endpoint={}", server.endpoint());
    let people = play(&url, &login);
    // Nobody is asked whether; nobody can do without.
    let open = people.types("syft --home \"$ALICE_HOME\" login --encrypt off");
    assert_eq!(open.code, Some(4), "{open:#?}");
    // The secret is nowhere but where it was given.
    let found =
        people.types(&format!("grep -rl {} \"$ALICE_HOME\" \"$BOB_HOME\"", server.secret_key()));
    assert_eq!(found.stdout, "", "the secret was written down");
    (people, url)
}

#[test]
fn two_people_over_s3() {
    let Some(server) = required_or_noted(S3::moto()) else { return };
    let (people, url) = over_s3(&server);
    promises(&people, &url);
}

#[test]
fn two_people_over_s3_that_ignores_conditions() {
    let Some(server) = required_or_noted(S3::rclone()) else { return };
    let _ = over_s3(&server);
}

/// As the tools of AWS have it with `--profile`.
#[test]
fn a_profile_that_is_named_is_taken_whatever_else_there_is() {
    let Some(server) = required_or_noted(S3::rclone()) else { return };
    server.create_bucket("hospital");
    let url = format!("s3://hospital/syft?endpoint={}", server.endpoint());
    let somebody_else =
        [("AWS_ACCESS_KEY_ID", "AKIDOFSOMEBODYELSE00"), ("AWS_SECRET_ACCESS_KEY", "no secret")];
    let people = People::over(&url, &somebody_else);
    let profile = format!(
        "[study]\\naws_access_key_id = {}\\naws_secret_access_key = {}\\n",
        server.access_key(),
        server.secret_key()
    );
    let kept = people
        .types(&format!("mkdir \"$HOME/.aws\" && printf '{profile}' > \"$HOME/.aws/credentials\""));
    assert_eq!(kept.code, Some(0), "{kept:#?}");
    let check = |more: &str| people.types(&format!("syft transport check '{url}{more}'"));
    assert_eq!(check("").code, Some(4), "{:#?}", check(""));
    assert_eq!(check("&profile=study").code, Some(0), "{:#?}", check("&profile=study"));
    let unknown = check("&profile=another");
    assert_eq!(unknown.code, Some(4), "{unknown:#?}");
    assert!(unknown.stderr.contains("there is no login for it"), "{unknown:#?}");
}

#[test]
fn two_people_over_azblob() {
    let Some(server) = if_there_or_noted(Azblob::start("hospital")) else { return };
    let (account, endpoint) = (server.account(), server.endpoint());
    let url = format!("azblob://hospital/syft?account={account}&endpoint={endpoint}");
    promises(&play(&url, &[("AZURE_STORAGE_KEY", server.key())]), &url);
}

#[test]
fn two_people_over_gs() {
    let Some(server) = required_or_noted(Gs::start()) else { return };
    server.create_bucket("hospital");
    let credentials = server.credentials();
    let url = format!("gs://hospital/syft?endpoint={}", server.endpoint());
    let login = [("GOOGLE_APPLICATION_CREDENTIALS", credentials.to_str().unwrap())];
    // What it promises, this server does not: the page says nothing of it.
    play(&url, &login);
}

#[test]
fn two_people_over_webdav() {
    let Some(server) = required_or_noted(WebDav::start()) else { return };
    let host = server.url().strip_prefix("http://").unwrap().trim_end_matches('/');
    let login = [("SYFT_WEBDAV_USER", server.user()), ("SYFT_WEBDAV_PASSWORD", server.password())];
    let url = &format!("webdav://{host}/syft?tls=no");
    promises(&play(url, &login), url);
}

#[test]
fn two_people_over_sftp() {
    let Some(server) = required_or_noted(Sftp::start()) else { return };
    let (user, port, folder) = (server.user(), server.port(), server.folder());
    let at = format!("{user}@127.0.0.1:{port}{}/syft", folder.display());
    let key = server.key();
    let url = format!("sftp://{at}?key={}&host_key=accept", key.display());
    promises(&play(&url, &[]), &url);
}

#[test]
fn two_people_over_dropbox() {
    let emulator = DropboxEmulator::start().unwrap();
    let account = emulator.add_account("team@example.org");
    let login = [
        ("DROPBOX_APP_KEY", account.app_key()),
        ("DROPBOX_REFRESH_TOKEN", account.refresh_token()),
        ("SYFT_DROPBOX_ENDPOINT", emulator.url()),
    ];
    let url = "dropbox:///Apps/syft";
    let people = play(url, &login);
    promises(&people, url);
    // What could never be sent is refused while nothing is.
    let before = emulator.entries_of(account.email()).len();
    let large = people.types(
        "truncate -s 90M \"$HOME/large.csv\" && syft --home \"$ALICE_HOME\" dataset create large \
         --private crates/syft-cli/demo/patients.csv --mock \"$HOME/large.csv\" --share any",
    );
    assert_eq!(large.code, Some(4), "{large:#?}");
    assert!(large.stderr.contains("takes files of up to 79 MiB"), "{large:#?}");
    assert_eq!(emulator.entries_of(account.email()).len(), before);
}
