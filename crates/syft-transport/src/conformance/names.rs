use super::{Cast, Verdict, ensure, name};
use crate::{Error, ListOptions, PutMode, TransportExt, Version};

const LIMIT: u64 = 1024;

pub(super) async fn names_may_hold_what_a_path_component_may(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let long = "n".repeat(200);
    let mut names = [
        "msgv2_1732185600.25_0190a.tar.gz",
        "grant_a.b+c@example.org.json",
        "with blank & 100% #1 = 'x' ~ ü 数据.csv",
        "_",
        long.as_str(),
    ];
    for text in names {
        let object = cast.owner.put_bytes(&log, &name(text)?, text.as_bytes().to_vec()).await?;
        let back = cast.owner.get_bytes(&object, LIMIT).await?;
        ensure!(back == text.as_bytes(), "the object {text:?} came back changed");
    }
    names.sort_unstable();
    let listed = cast.owner.list_all(&log).await?;
    let listed: Vec<&str> = listed.iter().map(|object| object.name.as_str()).collect();
    ensure!(listed == names, "listed are {listed:?}");
    Ok(())
}

pub(super) async fn create_never_overwrites(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let first = cast.owner.put_bytes(&log, &name("once")?, b"first".to_vec()).await?;
    for other in [b"other".to_vec(), b"firs".to_vec(), b"first!".to_vec(), Vec::new()] {
        let again = cast.owner.put_bytes(&log, &name("once")?, other).await;
        let refused = matches!(again, Err(Error::AlreadyExists { .. }));
        ensure!(refused, "creating a taken name gave {again:?}");
    }
    ensure!(cast.owner.get_bytes(&first, LIMIT).await? == b"first", "it was overwritten");
    ensure!(cast.owner.list_all(&log).await?.len() == 1, "there are twins");
    Ok(())
}

pub(super) async fn repeating_a_put_is_success(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    for body in [b"same".to_vec(), Vec::new()] {
        let name = name(&format!("repeat_{}", body.len()))?;
        let first = cast.owner.put_bytes(&log, &name, body.clone()).await?;
        let second = cast.owner.put_bytes(&log, &name, body).await?;
        ensure!(first.id == second.id, "it is {} and then {}", first.id, second.id);
    }
    ensure!(cast.owner.list_all(&log).await?.len() == 2, "there are twins");
    Ok(())
}

pub(super) async fn replace_overwrites_exactly_one_version_or_is_unsupported(
    cast: &Cast,
) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let name = name("replaced")?;
    let first = cast.owner.put_bytes(&log, &name, b"1".to_vec()).await?;
    let version = first.version.clone().unwrap_or_else(|| Version("none".to_owned()));
    let replace = |version: Version, body: &'static [u8]| {
        cast.owner.put(&log, &name, body.to_vec().into(), PutMode::Replace(version))
    };
    let replaced = replace(version.clone(), b"2").await;
    if !cast.owner.info().capabilities.replace {
        let refused = matches!(replaced, Err(Error::Unsupported { .. }));
        ensure!(refused, "a store without replace answered {replaced:?}");
        let left = cast.owner.get_bytes(&first, LIMIT).await?;
        ensure!(left == b"1", "a store without replace replaced");
        return Ok(());
    }
    let second = replaced?;
    ensure!(second.version != first.version, "the version stays the same");
    let stale = replace(version, b"3").await;
    ensure!(matches!(stale, Err(Error::Precondition { .. })), "a stale version gave {stale:?}");
    ensure!(cast.owner.get_bytes(&second, LIMIT).await? == b"2", "a stale version overwrote");
    Ok(())
}

pub(super) async fn copy_is_a_create_or_is_unsupported(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let object = cast.owner.put_bytes(&log, &name("original")?, b"x".to_vec()).await?;
    let target = name("copy")?;
    let copied = cast.owner.copy(&object, &log, &target).await;
    if !cast.owner.info().capabilities.copy {
        let refused = matches!(copied, Err(Error::Unsupported { .. }));
        ensure!(refused, "a store without copy answered {copied:?}");
        return Ok(());
    }
    ensure!(cast.owner.get_bytes(&copied?, LIMIT).await? == b"x", "the copy differs");
    let taken = cast.owner.put_bytes(&log, &name("taken")?, b"y".to_vec()).await?;
    let over = cast.owner.copy(&object, &log, &taken.name).await;
    ensure!(matches!(over, Err(Error::AlreadyExists { .. })), "copying over gave {over:?}");
    ensure!(cast.owner.get_bytes(&taken, LIMIT).await? == b"y", "the copy overwrote");
    Ok(())
}

pub(super) async fn a_listing_tells_name_size_and_space(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    for i in 0..25_usize {
        cast.owner.put_bytes(&log, &name(&format!("e{i:02}"))?, vec![7; i]).await?;
    }
    let listing = cast.owner.list_with_skipped(&log, &ListOptions::default()).await?;
    ensure!(listing.skipped.is_empty(), "passed over: {:?}", listing.skipped);
    ensure!(listing.objects.len() == 25, "{} of 25 are listed", listing.objects.len());
    for (i, object) in listing.objects.iter().enumerate() {
        let right = object.name.as_str() == format!("e{i:02}")
            && object.size == i as u64
            && object.space == log;
        ensure!(right, "listed is {object:?}");
        ensure!(cast.owner.get_bytes(object, LIMIT).await?.len() == i, "{object} has another size");
    }
    Ok(())
}

pub(super) async fn a_prefix_selects(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    for text in ["a1", "a2", "b1", "ab"] {
        cast.owner.put_bytes(&log, &name(text)?, b"x".to_vec()).await?;
    }
    let options = ListOptions::with_prefix("a");
    let listed = cast.owner.list_with_skipped(&log, &options).await?.objects;
    let names: Vec<&str> = listed.iter().map(|object| object.name.as_str()).collect();
    ensure!(names == ["a1", "a2", "ab"], "listed are {names:?}");
    let found = cast.owner.find(&log, &name("a2")?).await?;
    ensure!(found.is_some_and(|object| object.name.as_str() == "a2"), "a2 is not found");
    Ok(())
}

pub(super) async fn delete_is_idempotent(cast: &Cast) -> Verdict {
    let log = cast.log();
    cast.owner.open(&log).await?;
    let gone = cast.owner.put_bytes(&log, &name("gone")?, b"x".to_vec()).await?;
    let kept = cast.owner.put_bytes(&log, &name("kept")?, b"y".to_vec()).await?;
    cast.owner.delete(std::slice::from_ref(&gone)).await?;
    cast.owner.delete(&[gone.clone(), gone.clone()]).await?;
    cast.owner.delete(&[]).await?;
    let listed = cast.owner.list_all(&log).await?;
    ensure!(listed.len() == 1 && listed.iter().all(|o| o.name == kept.name), "left: {listed:?}");
    let got = cast.owner.get_bytes(&gone, LIMIT).await;
    ensure!(matches!(got, Err(Error::NotFound { .. })), "reading what is gone gave {got:?}");
    Ok(())
}
