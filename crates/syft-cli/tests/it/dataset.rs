use crate::common::{ALICE, BOB, TestBox};
use insta::assert_snapshot;

#[test]
fn a_dataset_is_created_shared_seen_and_deleted() {
    let it = TestBox::connected();
    let mock = it.write("mock.csv", "age\n1\n");
    let private = it.write("real.csv", "age\n31\n");
    let create = ["dataset", "create", "census", "--mock", &mock, "--private", &private];
    assert_snapshot!(it.alice(&create).all(), @r"
    alice@hospital.org/census
      shared   with nobody
      mock     1 file, 6 B
      private  1 file, 7 B, stays here
      created  <TIME>
      updated  <TIME>

    Nobody sees it yet. To share its mock:
        syft dataset share census EMAIL
    ");
    assert_snapshot!(it.bob(&["dataset", "list"]).all(), @r"
    No datasets: none of yours, and no peer shares one with you.

    Publish one:
        syft dataset create NAME --mock PATH --private PATH
    ");
    assert_snapshot!(it.alice(&["dataset", "share", "census", BOB]).all(), @"The mock of census is shared with bob@uni.org.");
    assert_snapshot!(it.alice(&["dataset", "list"]).all(), @r"
    DATASET                    MOCK         SHARED            SUMMARY
    alice@hospital.org/census  1 file, 6 B  with bob@uni.org
    ");
    assert_snapshot!(it.bob(&["dataset", "list"]).all(), @r"
    DATASET                    MOCK         SHARED    SUMMARY
    alice@hospital.org/census  1 file, 6 B  with you
    ");
    assert_snapshot!(it.bob(&["dataset", "show", "alice@hospital.org/census"]).all(), @r"
    alice@hospital.org/census
      shared   with you
      mock     1 file, 6 B
      created  <TIME>
      updated  <TIME>

    PART  FILE      SIZE  SHA-256
    mock  mock.csv  6 B   <ID>

    Where the mock lies:
        syft dataset path alice@hospital.org/census
    ");
    let path = it.bob(&["dataset", "path", "alice@hospital.org/census"]).ok();
    assert_eq!(std::fs::read_to_string(path.raw.trim_end()).unwrap(), "age\n1\n");
    assert_snapshot!(it.alice(&["dataset", "unshare", "census", BOB]).all(), @r"
    The mock of census is shared with nobody.
    Copies that were fetched before cannot be recalled.
    ");
    assert_snapshot!(it.alice(&["dataset", "delete", "census"]).all(), @r"
    Deleted census, the mock and the private copy.
    Mocks that were fetched before cannot be recalled.
    ");
    assert_eq!(
        it.alice(&["dataset", "list", "--json"]).ok().json()["datasets"],
        serde_json::json!([])
    );
}

#[test]
fn only_the_owner_sees_what_is_private() {
    let it = TestBox::connected();
    it.census("any");
    let show = ["dataset", "show", "alice@hospital.org/census", "--json"];
    assert_snapshot!(it.alice(&show).ok().stdout, @r#"
    {
      "schema": "syft/dataset-show/1",
      "name": "census",
      "owner": "alice@hospital.org",
      "summary": "who lives here",
      "tags": [
        "people"
      ],
      "shared_with": [
        "any"
      ],
      "mock": [
        {
          "path": "census_mock.csv",
          "size": 16,
          "sha256": "<HASH>"
        }
      ],
      "private": [
        {
          "path": "census.csv",
          "size": 48,
          "sha256": "<HASH>"
        }
      ],
      "created_at": "<TIME>",
      "updated_at": "<TIME>"
    }
    "#);
    assert_snapshot!(it.bob(&show).ok().stdout, @r#"
    {
      "schema": "syft/dataset-show/1",
      "name": "census",
      "owner": "alice@hospital.org",
      "summary": "who lives here",
      "tags": [
        "people"
      ],
      "shared_with": null,
      "mock": [
        {
          "path": "census_mock.csv",
          "size": 16,
          "sha256": "<HASH>"
        }
      ],
      "created_at": "<TIME>",
      "updated_at": "<TIME>"
    }
    "#);
}

#[test]
fn mistakes_with_datasets_say_what_to_do() {
    let it = TestBox::new();
    let private = it.write("real.csv", "age\n31\n");
    let create = ["dataset", "create", "census", "--private", &private];
    assert_snapshot!(it.alice(&create).all(), @r"
    error: dataset census needs a mock: a file or folder like the private one, with invented rows, which others write and try their jobs on
     next: syft dataset create census --mock PATH --private PATH
    [exit 2]
    ");
    let same = [&create[..], &["--mock", &private]].concat();
    assert_snapshot!(it.alice(&same).all(), @r"
    error: mock file real.csv has the same content as private file real.csv: it must be invented
    [exit 4]
    ");
    let missing = ["dataset", "create", "census", "--mock", "nowhere.csv"];
    assert_snapshot!(it.alice(&missing).all(), @r"
    error: $BOX/nowhere.csv cannot be part of a dataset: No such file or directory (os error 2)
    [exit 2]
    ");
    it.alice(&["dataset", "share", "census", "Bob"]).exits(2);
    assert_snapshot!(it.alice(&["dataset", "share", "census", "any"]).all(), @r"
    error: dataset alice@hospital.org/census does not exist here
     next: syft dataset list
    [exit 3]
    ");
    assert_snapshot!(it.alice(&["dataset", "show", "nothing"]).all(), @r"
    error: dataset alice@hospital.org/nothing does not exist here
     next: syft dataset list
    [exit 3]
    ");
    it.census(BOB);
    let mock = it.write("mock.csv", "age\n1\n");
    it.alice(&["dataset", "create", "census", "--mock", &mock]).exits(6);
    it.alice(&["dataset", "share", "census", "any"]).ok();
    assert_snapshot!(it.alice(&["dataset", "unshare", "census", BOB]).all(), @r"
    error: dataset census is shared with any peer: stop that first, then name those who keep it
     next: syft dataset unshare census any
    [exit 6]
    ");
}

#[test]
fn a_role_narrows_what_can_be_done() {
    let it = TestBox::empty();
    let url = it.url();
    it.bob(&["login", "--email", BOB, "--transport", &url, "--role", "scientist"]).ok();
    let mock = it.write("mock.csv", "age\n1\n");
    assert_snapshot!(it.bob(&["dataset", "create", "census", "--mock", &mock]).all(), @r"
    error: only a data owner can do this, and this home is logged in as scientist
     next: syft login --email YOU@EXAMPLE.ORG --transport file:///SHARED/FOLDER --role both
    [exit 4]
    ");
}

#[test]
fn a_change_reaches_the_others_at_once_unless_told_otherwise() {
    let it = TestBox::connected();
    it.census("any");
    let names = || it.bob(&["dataset", "list", "--json"]).ok().json()["datasets"].clone();
    assert_eq!(names()[0]["name"], "census");
    assert_eq!(names()[0]["owner"], ALICE);
    it.alice(&["dataset", "delete", "census", "--no-sync"]).ok();
    assert_eq!(names()[0]["name"], "census");
    it.alice(&["sync"]).ok();
    assert_eq!(names(), serde_json::json!([]));
}

#[test]
fn real_data_are_not_uploaded_where_others_could_read_them() {
    let it = TestBox::in_the_open();
    let mock = it.write("mock.csv", "age\n1\n");
    let private = it.write("real.csv", "age\n31\n");
    let create = ["dataset", "create", "census", "--mock", &mock, "--private", &private];
    let upload = [&create[..], &["--upload-private"]].concat();
    assert_snapshot!(it.alice(&upload).all(), @r"
    error: the private part is not uploaded to folder $BOX/shared: whoever can open that store could read it, since it is neither owner-only nor sealed
     next: syft dataset create census --mock PATH --private PATH
    [exit 4]
    ");
    assert_eq!(
        it.alice(&["dataset", "list", "--json"]).ok().json()["datasets"],
        serde_json::json!([])
    );
    it.alice(&["dataset", "create", "census", "--mock", &mock, "--upload-private"]).exits(2);
}
