use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Arc;

use crate::support::{Home, alice, email, name, users};
use syft_core::testing::ManualClock;
use syft_core::{HomePath, Timestamp};
use syft_dataset::{Audience, Error, Limits, NewDataset};

#[test]
fn a_dataset_lies_where_the_layout_says() {
    let home = Home::new();
    let new = NewDataset {
        users: users(&["bob@uni.org"]),
        summary: Some("A census".to_owned()),
        tags: vec!["t1".to_owned()],
        readme: Some(home.source("About.md", "# census\n")),
        ..home.census()
    };
    let dataset = home.store.create(new).unwrap();

    let public = "alice@hospital.org/public/datasets/census";
    let private = "alice@hospital.org/private/datasets/census";
    let files: Vec<String> = home.datasites().into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        files,
        [
            format!("{private}/private.csv"),
            format!("{private}/private_metadata.yaml"),
            format!("{public}/dataset.yaml"),
            format!("{public}/mock.csv"),
            format!("{public}/readme.md"),
            format!("{public}/syft.pub.yaml"),
        ]
    );
    assert_eq!(home.text(&format!("{public}/mock.csv")), "a\n1\n");
    assert_eq!(home.text(&format!("{private}/private.csv")), "a\n2\n");
    assert!(home.staging_is_empty());

    assert_eq!(dataset.audience, Some(users(&["bob@uni.org"])));
    assert_eq!(dataset.summary.as_deref(), Some("A census"));
    assert_eq!(dataset.tags, ["t1"]);
    assert_eq!(dataset.mock[0].path.as_str(), "mock.csv");
    assert_eq!(dataset.mock[0].size, 4);
    assert_eq!(dataset.private.as_ref().unwrap()[0].path.as_str(), "private.csv");
    assert_eq!(dataset.readme.as_ref().unwrap().as_str(), "readme.md");
    assert_eq!(dataset.created_at.unwrap().seconds(), 1_773_480_413.5);
    assert_eq!(home.store.get(&name("census")).unwrap(), dataset);
}

#[test]
fn the_metadata_has_the_python_peers_keys_in_its_order() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let text = home.text("alice@hospital.org/public/datasets/census/dataset.yaml");
    let keys: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with(['-', ' ']))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "uid",
            "created_at",
            "updated_at",
            "name",
            "summary",
            "tags",
            "location",
            "mock_url",
            "private_url",
            "readme_url",
            "mock_files_urls"
        ]
    );
    assert!(
        text.contains("mock_url: syft://alice@hospital.org/public/datasets/census\n"),
        "{text}"
    );
    assert!(text.contains("2026-03-14T09:26:53.500000Z"), "{text}");
    assert!(text.contains("- syft://alice@hospital.org/public/datasets/census/mock.csv"), "{text}");
    // No path of this machine leaves it.
    assert!(!text.contains(home.sources.path().to_str().unwrap()));
    let private = home.text("alice@hospital.org/private/datasets/census/private_metadata.yaml");
    assert!(!private.contains('/'), "{private}");
}

#[test]
fn the_real_data_are_for_the_owner_alone() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let mode = |path: &str| home.path(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("alice@hospital.org/private/datasets/census"), 0o700);
    assert_eq!(mode("alice@hospital.org/private/datasets/census/private.csv"), 0o600);
}

#[test]
fn folders_keep_their_sub_folders() {
    let home = Home::new();
    home.source("m/a.csv", "1");
    home.source("m/sub/b.csv", "2");
    home.source("p/sub/b.csv", "3");
    home.source("p/.hidden", "4");
    let new = NewDataset {
        mock: Some(home.sources.path().join("m")),
        private: Some(home.sources.path().join("p")),
        ..NewDataset::named(name("nested"))
    };
    let dataset = home.store.create(new).unwrap();
    let paths: Vec<&str> = dataset.mock.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["a.csv", "sub/b.csv"]);
    let private = dataset.private.unwrap();
    let paths: Vec<&str> = private.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, [".hidden", "sub/b.csv"]);
}

#[test]
fn a_location_is_the_file_or_the_folder_of_several() {
    let home = Home::new();
    home.source("m/a.csv", "1");
    home.source("m/b.csv", "2");
    home.store.create(home.census()).unwrap();
    let several = NewDataset {
        mock: Some(home.sources.path().join("m")),
        ..NewDataset::named(name("several"))
    };
    home.store.create(several).unwrap();

    let at = |path: &str| HomePath::parse(path).unwrap();
    let census = home.store.resolve(&alice(), &name("census")).unwrap();
    assert_eq!(census.mock, at("alice@hospital.org/public/datasets/census/mock.csv"));
    assert_eq!(census.private, Some(at("alice@hospital.org/private/datasets/census/private.csv")));
    let several = home.store.resolve(&alice(), &name("several")).unwrap();
    assert_eq!(several.mock, at("alice@hospital.org/public/datasets/several"));
    assert_eq!(several.private, None);
    assert!(matches!(home.store.private_location(&name("several")), Err(Error::NoPrivate(_))));
    assert!(matches!(home.store.private_location(&name("nothing")), Err(Error::NotFound { .. })));
    assert!(matches!(
        home.store.resolve(&email("bob@uni.org"), &name("census")),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn a_dataset_needs_a_mock_and_the_error_says_what_to_give() {
    let home = Home::new();
    let error = home.store.create(NewDataset { mock: None, ..home.census() }).unwrap_err();
    assert!(matches!(error, Error::NoMock(_)));
    assert!(error.to_string().contains("needs a mock: a file or folder"), "{error}");
    assert!(home.datasites().is_empty() && home.staging_is_empty());
}

#[test]
fn a_mock_that_is_the_private_data_is_refused_by_name() {
    let home = Home::new();
    home.source("m/ok.csv", "invented");
    home.source("m/oops.csv", "real");
    home.source("p/deep/real.csv", "real");
    let new = NewDataset {
        mock: Some(home.sources.path().join("m")),
        private: Some(home.sources.path().join("p")),
        ..NewDataset::named(name("census"))
    };
    let error = home.store.create(new).unwrap_err();
    assert_eq!(
        error.to_string(),
        "mock file oops.csv has the same content as private file deep/real.csv: \
         it must be invented"
    );
    assert!(home.datasites().is_empty() && home.staging_is_empty());

    // Empty files give nothing away beside others, but are no mock by themselves.
    home.source("m2/a", "x");
    home.source("m2/empty", "");
    home.source("p2/a", "y");
    home.source("p2/empty", "");
    let folders = |mock: &str, private: &str| NewDataset {
        mock: Some(home.sources.path().join(mock)),
        private: Some(home.sources.path().join(private)),
        ..NewDataset::named(name("empties"))
    };
    home.store.create(folders("m2", "p2")).unwrap();
    home.source("m3/empty", "");
    home.source("p3/empty", "");
    let new = NewDataset { name: name("hollow"), ..folders("m3", "p3") };
    assert!(matches!(home.store.create(new), Err(Error::MockIsPrivate { .. })));
}

#[test]
fn p10_links_and_odd_names_are_refused_and_named() {
    let home = Home::new();
    let secret = home.source("secret.csv", "secret");
    let linked = home.sources.path().join("linked");
    std::fs::create_dir(&linked).unwrap();
    symlink(&secret, linked.join("innocent.csv")).unwrap();
    symlink(&secret, home.sources.path().join("link.csv")).unwrap();
    home.source("dots/.git/config", "x");
    home.source("own/dataset.yaml", "uid: x");
    home.source("rules/sub/syft.pub.yaml", "rules: []");
    home.source("folded/run.csv", "1");
    home.source("folded/RUN.csv", "2");
    home.source("colon/a:b", "1");
    std::fs::create_dir(home.sources.path().join("empty")).unwrap();

    for (mock, word) in [
        ("linked", "innocent.csv"),
        ("link.csv", "link.csv"),
        ("dots", ".git/config"),
        ("own", "dataset.yaml"),
        ("rules", "syft.pub.yaml"),
        ("folded", "case"),
        ("colon", "a:b"),
        ("empty", "no file"),
        ("absent", "absent"),
    ] {
        let mock = Some(home.sources.path().join(mock));
        let error = home.store.create(NewDataset { mock, ..home.census() }).unwrap_err();
        assert!(matches!(error, Error::Source { .. }), "{error}");
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
    for private in ["linked", "link.csv", "rules", "folded"] {
        let private = Some(home.sources.path().join(private));
        let error = home.store.create(NewDataset { private, ..home.census() }).unwrap_err();
        assert!(matches!(error, Error::Source { .. }), "{error}");
    }
    assert!(home.datasites().is_empty() && home.staging_is_empty());
}

#[test]
fn a_mock_has_limits() {
    let home = Home::new();
    home.source("many/1", "1");
    home.source("many/2", "2");
    let store = home.store.clone().with_limits(Limits { files: 1, bytes: 3 });
    let many = Some(home.sources.path().join("many"));
    let error = store.create(NewDataset { mock: many, ..home.census() }).unwrap_err();
    assert!(error.to_string().contains("number of files"), "{error}");
    let error = store.create(home.census()).unwrap_err();
    assert!(error.to_string().contains("size of the mock"), "{error}");
    assert!(home.datasites().is_empty() && home.staging_is_empty());
}

#[test]
fn names_that_jobs_could_not_tell_apart_are_taken() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    for text in ["census", "Census", "CENSUS"] {
        let error = home.store.create(NewDataset { name: name(text), ..home.census() });
        assert!(matches!(error, Err(Error::NameTaken { .. })), "{text}");
    }
    home.store.create(NewDataset { name: name("census.2"), ..home.census() }).unwrap();
    let error = home.store.create(NewDataset { name: name("census-2"), ..home.census() });
    assert!(error.unwrap_err().to_string().contains("SYFT_DATASET_CENSUS_2"));
}

/// What a Python client made may have any name.
#[test]
fn p9_names_that_are_one_where_case_and_accents_do_not_count_are_taken() {
    let taken = [("stra\u{df}e", "Strasse"), ("\u{ff41}ge", "Age")];
    for (existing, new) in taken {
        let home = Home::new();
        let folder = format!("alice@hospital.org/public/datasets/{existing}");
        std::fs::create_dir_all(home.path(&folder)).unwrap();
        let error = home.store.create(NewDataset { name: name(new), ..home.census() });
        let error = error.unwrap_err();
        assert!(matches!(error, Error::NameFolds { .. }), "{error}");
        assert!(error.to_string().contains(existing), "{error}");
        assert!(error.to_string().contains("choose a name"), "{error}");
    }
}

#[test]
fn what_a_person_put_there_is_not_overwritten() {
    let home = Home::new();
    let folder = home.path("alice@hospital.org/private/datasets/census");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("years of work.csv"), "precious").unwrap();
    assert!(matches!(home.store.create(home.census()), Err(Error::NameTaken { .. })));
    home.store.recover().unwrap();
    assert_eq!(
        home.text("alice@hospital.org/private/datasets/census/years of work.csv"),
        "precious"
    );
}

#[test]
fn sharing_adds_and_takes_away() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let census = name("census");
    let file = "alice@hospital.org/public/datasets/census/syft.pub.yaml";
    assert!(home.text(file).starts_with("rules: []"), "{}", home.text(file));

    let shared = home.store.share(&census, users(&["bob@uni.org"])).unwrap();
    assert_eq!(shared.audience, Some(users(&["bob@uni.org"])));
    let shared = home.store.share(&census, users(&["carol@lab.org"])).unwrap();
    assert_eq!(shared.audience, Some(users(&["bob@uni.org", "carol@lab.org"])));
    let shared = home.store.unshare(&census, &users(&["bob@uni.org"])).unwrap();
    assert_eq!(shared.audience, Some(users(&["carol@lab.org"])));

    let shared = home.store.share(&census, Audience::Any).unwrap();
    assert_eq!(shared.audience, Some(Audience::Any));
    assert!(shared.audience.unwrap().includes(&email("approved@later.org")));
    assert!(matches!(
        home.store.unshare(&census, &users(&["bob@uni.org"])),
        Err(Error::SharedWithAny(_))
    ));
    let shared = home.store.unshare(&census, &Audience::Any).unwrap();
    assert_eq!(shared.audience, Some(Audience::Nobody));
    assert!(matches!(
        home.store.share(&name("nothing"), Audience::Any),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn a_permission_file_of_other_rules_is_reported_and_kept() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let file = "alice@hospital.org/public/datasets/census/syft.pub.yaml";
    let text = "rules:\n- pattern: mock.csv\n  access:\n    read: ['*']\n";
    std::fs::write(home.path(file), text).unwrap();
    let error = home.store.share(&name("census"), Audience::Any).unwrap_err();
    assert!(error.to_string().contains("syft.pub.yaml"), "{error}");
    assert_eq!(home.text(file), text);
    assert_eq!(home.store.list().unwrap().unreadable[0].folder, "census");
}

#[test]
fn a_deleted_dataset_is_gone_and_the_source_is_not() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    home.store.delete(&name("census")).unwrap();
    assert!(home.datasites().is_empty() && home.staging_is_empty());
    assert!(home.sources.path().join("private.csv").exists());
    assert!(matches!(home.store.delete(&name("census")), Err(Error::NotFound { .. })));
    home.store.create(home.census()).unwrap();
}

#[test]
fn one_bad_dataset_hides_no_other() {
    let home = Home::new();
    home.store.create(home.census()).unwrap();
    let public = home.path("alice@hospital.org/public/datasets");
    std::fs::write(public.join("syft.pub.yaml"), "rules: []\n").unwrap();
    for folder in ["no metadata", "bad yaml", "linked", "v1"] {
        std::fs::create_dir(public.join(folder)).unwrap();
    }
    std::fs::write(public.join("bad yaml/dataset.yaml"), "uid: [").unwrap();
    std::fs::write(public.join("linked/dataset.yaml"), "uid: x").unwrap();
    symlink("/etc/hostname", public.join("linked/mock.csv")).unwrap();

    let listing = home.store.list().unwrap();
    assert_eq!(listing.datasets.len(), 1);
    assert_eq!(listing.datasets[0].name, name("census"));
    let bad: Vec<&str> = listing.unreadable.iter().map(|it| it.folder.as_str()).collect();
    assert_eq!(bad, ["bad yaml", "linked", "no metadata", "v1"]);
    assert!(listing.unreadable[1].reason.to_string().contains("symbolic link"));
}

#[test]
fn listing_again_reads_no_data_and_the_cache_can_go() {
    let home = Home::new();
    let later = Timestamp::new(4e9).unwrap();
    let store = home.store.clone().with_clock(Arc::new(ManualClock::at(later)));
    let long = "1,2,3\n".repeat(10_000);
    let private = Some(home.source("long.csv", &long));
    store.create(NewDataset { private, ..home.census() }).unwrap();
    let first = store.list().unwrap().datasets;
    let collection = store.collection(&name("census")).unwrap();

    home.disk.reset_counts();
    assert_eq!(store.list().unwrap().datasets, first);
    assert_eq!(store.collection(&name("census")).unwrap(), collection);
    assert!(home.disk.counts().bytes_read < 10_000, "{:?}", home.disk.counts());

    std::fs::remove_dir_all(home.path(".syft/cache")).unwrap();
    assert_eq!(store.list().unwrap().datasets, first);
    std::fs::write(home.path(CACHED), "{").unwrap();
    assert_eq!(store.list().unwrap().datasets, first);

    // Another content of the same size is another file.
    let file = home.path("alice@hospital.org/private/datasets/census/long.csv");
    std::fs::write(&file, long.replace('2', "9")).unwrap();
    assert_ne!(store.list().unwrap().datasets, first);
}

const CACHED: &str = ".syft/cache/datasets/alice@hospital.org/private/datasets/census.json";
