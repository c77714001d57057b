//! Who one is at Google.

use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::common::ALICE;
use crate::{OnDrive, login};

#[test]
fn a_login_by_the_token_file_of_the_python_client() {
    let on = OnDrive::empty();
    let file = on.token_of(&on.alice);
    let said = on.alice(&login(ALICE, &["--token-path", &file]));
    assert_snapshot!(said.all(), @r"
    Logged in as alice@hospital.org
      home   $BOX/alice
      role   both
      store  gdrive:
      words  <WORDS>

    Your keys were made. Keep what they come from, since a lost key is a lost identity:
        syft keys export FILE

    Next, ask a data owner to become a peer:
        syft peer add EMAIL
    ");
    let who = on.alice(&["whoami", "--json"]).ok().json();
    assert_eq!((&who["transport"], &who["layout"]), (&"gdrive:".into(), &"pysyft".into()));
    assert_eq!(on.kept("alice"), std::fs::read_to_string(&file).unwrap());
    let mode = |path: &str| on.it.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("alice/.syft/keys/google.json"), 0o600);
    assert_eq!(mode("alice/.syft/keys"), 0o700);
    on.alice(&["sync"]).ok();
}
