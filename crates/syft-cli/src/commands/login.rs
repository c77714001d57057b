#[cfg(feature = "drive")]
mod browser;
#[cfg(feature = "drive")]
mod google;

use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use syft_sync::core::{Email, LayoutKind, safe_text};
use syft_sync::job::PackageSource;
use syft_sync::transport::{Probe, SpaceKind, Transport};
use syft_sync::{Config, Encrypt, FirstKeys, NO_STORE, Restored, Role, SyftboxManager, one_form};

use super::keys::read_source;
use crate::args::LoginArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::exit::Exit;
use crate::output::{Page, Report, count};

/// A home that is ready.
#[derive(Debug, Serialize)]
pub(crate) struct Login {
    email: Email,
    home: String,
    role: Role,
    transport: String,
    /// The store of my datasets, if they have one of their own.
    data: Option<String>,
    /// Whether they were elsewhere before.
    #[serde(skip)]
    data_moves: bool,
    layout: LayoutKind,
    /// What is sealed.
    encrypt: Encrypt,
    /// Where the packages of jobs come from.
    packages: PackageSource,
    /// Whether others than those for whom it is can read what is not.
    #[serde(skip)]
    is_open: bool,
    /// The layout that the datasite had before.
    converted_from: Option<LayoutKind>,
    /// Whether nobody had used the store before.
    store_is_new: bool,
    /// Whether the login at Google went that the home had kept.
    google_login_removed: bool,
    /// What came back from the backup in the store.
    restored: Option<Restored>,
    /// The words by which my peers know my keys.
    words: Option<String>,
    /// Whether these keys were made just now.
    keys_are_new: bool,
}

pub(crate) async fn run(context: &Context, args: LoginArgs) -> Result<Login, CliError> {
    #[cfg(feature = "drive")]
    let files = google::Files::of(context, &args);
    let LoginArgs { email, transport, data_transport, role, layout, encrypt, packages, .. } = args;
    let (event_cache, recovery_key_file) = (args.event_cache, args.recovery_key_file);
    let known = context.known()?;
    let email = said("--email", email, known.as_ref().map(|known| &known.email))?;
    if let Some(known) = known.as_ref().filter(|known| known.email != email) {
        let (owner, asked) = (known.email.clone(), email);
        return Err(syft_sync::Error::OtherIdentity { owner, asked }.into());
    }
    let transport = said("--transport", transport, known.as_ref().map(|known| &known.transport))?;
    let role = role.map(Role::from).or(known.as_ref().map(|known| known.role)).unwrap_or_default();
    context.check_identity(&email)?;
    let keys =
        recovery_key_file.map(|file| read_source(&context.path(&file), &email)).transpose()?;
    #[cfg(feature = "drive")]
    let google = google::login(context, files, &transport, &email).await?;
    #[cfg(feature = "drive")]
    let of_google = google.as_ref().map(|google| google.store(context, &email)).transpose()?;
    #[cfg(not(feature = "drive"))]
    let of_google = None;
    let First { store, is_new: store_is_new, tried } = match of_google {
        Some(store) => First { store, is_new: false, tried: None },
        None => first_store(context, &transport, &email)
            .await
            .map_err(|error| with_scheme(error, &transport, &email, "--transport"))?,
    };
    let tried_data = first_data_store(context, data_transport.as_deref(), &email).await?;
    let had_data = known.as_ref().map(|known| known.data.clone());
    let data = data_transport.as_deref().or(had_data.as_ref().and_then(Option::as_deref));
    let stores = context.opener(&email, [Some(&transport), data])?;
    let mut config = Config::new(email, context.home(), store, &transport).role(role);
    config.stores = stores;
    config.data.clone_from(&data_transport);
    config.event_cache = event_cache || known.as_ref().is_some_and(|known| known.event_cache);
    config.layout = layout;
    config.encrypt = encrypt;
    config.packages = packages.map(|typed| package_source(context, &typed)).transpose()?;
    if let Some(keys) = keys {
        config.keys = FirstKeys::Of(keys);
    }
    #[cfg(feature = "drive")]
    {
        config.google = google.map(google::NewLogin::into_login);
    }
    let had = known.map(|known| known.layout);
    let are_new = matches!(config.keys, FirstKeys::New) && !context.has_keys()?;
    let manager = SyftboxManager::login(context.with_options(config)).await?;
    let tried_data = data_transport.as_deref().zip(tried_data.as_ref());
    for (url, tried) in tried.iter().map(|tried| (transport.as_str(), tried)).chain(tried_data) {
        context.stores(manager.email())?.remember(url, tried)?;
    }
    let layout = manager.layout();
    Ok(Login {
        email: manager.email().clone(),
        home: context.home().display().to_string(),
        role: manager.role(),
        transport,
        data: manager.data_store().map(str::to_owned),
        data_moves: had_data.is_some_and(|had| had.as_deref() != manager.data_store()),
        layout,
        encrypt: manager.encrypt(),
        packages: manager.packages().clone(),
        is_open: !manager.store_info().capabilities.access_control,
        converted_from: had.filter(|had| *had != layout),
        store_is_new,
        #[cfg(feature = "drive")]
        google_login_removed: manager.forgot_google_login(),
        #[cfg(not(feature = "drive"))]
        google_login_removed: false,
        restored: manager.restored().cloned(),
        words: manager.keys().map(|keys| keys.bundle().words(keys.email())),
        keys_are_new: are_new,
    })
}

/// What is typed, else what holds already.
fn said<T: Clone>(option: &str, typed: Option<T>, known: Option<&T>) -> Result<T, CliError> {
    typed.or_else(|| known.cloned()).ok_or_else(|| {
        CliError::usage(format!("the first login in a home needs {option}"))
            .then("syft login --email EMAIL --transport URL")
    })
}

/// Where packages come from, as it is typed: a word, or a folder.
fn package_source(context: &Context, typed: &str) -> Result<PackageSource, CliError> {
    if let Ok(source @ (PackageSource::Index | PackageSource::None)) = typed.parse() {
        return Ok(source);
    }
    let folder = context.path(Path::new(typed));
    match folder.canonicalize() {
        Ok(folder) if folder.is_dir() => Ok(PackageSource::Folder(folder)),
        _ => {
            let problem = format!("{} is no folder of wheels", folder.display());
            Err(CliError::usage(problem).then("syft login --help"))
        }
    }
}

/// A store that is logged in to.
struct First {
    store: Arc<dyn Transport>,
    is_new: bool,
    /// What was found out about it.
    tried: Option<Probe>,
}

/// The store of an address, prepared if nobody has used it yet.
async fn first_store(context: &Context, url: &str, email: &Email) -> Result<First, CliError> {
    let store = context.store(url, email)?;
    let stores = context.stores(email)?;
    // A home that is bound to this store already waits for it: an empty one in
    // its place would take what is due to others.
    let known = context.known()?;
    let is_bound = known.is_some_and(|known| {
        one_form(&known.transport) == url || known.data.as_deref() == Some(url)
    });
    if context.is_offline() || is_bound {
        return Ok(First { store, is_new: false, tried: None });
    }
    if store.info().must_seal {
        // In somebody else's hands: what it keeps of what it promises is found out first.
        let (_, tried) = stores.check(url).await?;
        if let Some(broken) = tried.broken() {
            let problem = format!("{url} is not to be trusted with anything: {}", broken.detail);
            let told = CliError::new(Exit::Integrity, "broken_store", problem);
            return Err(told.then(format!("syft transport check {url}")));
        }
        let store = context.recorded(stores.create(url)?);
        return Ok(First { store, is_new: false, tried: Some(tried) });
    }
    if store.discover(SpaceKind::Inbox).await.is_ok() {
        return Ok(First { store, is_new: false, tried: None });
    }
    Ok(First { store: context.recorded(stores.create(url)?), is_new: true, tried: None })
}

/// Prepares the store of datasets alone, if one is named. Returns what was found out about it.
async fn first_data_store(
    context: &Context,
    named: Option<&str>,
    email: &Email,
) -> Result<Option<Probe>, CliError> {
    let Some(url) = named.filter(|url| *url != NO_STORE) else { return Ok(None) };
    let first = first_store(context, url, email).await;
    Ok(first.map_err(|error| with_scheme(error, url, email, "--data-transport"))?.tried)
}

/// A folder that was typed as a path only lacks the first word.
fn with_scheme(error: CliError, typed: &str, email: &Email, option: &str) -> CliError {
    if !typed.starts_with('/') {
        return error;
    }
    error.then(format!("syft login --email {email} {option} file://{typed}"))
}

fn write_restored(page: &mut Page, restored: &Restored) {
    if let Some(reason) = &restored.waits {
        page.warning(format!("Your datasite waits: {}", safe_text(reason)));
        return;
    }
    page.line(format!(
        "Restored from the store: {}, {}, {}, {}.",
        count(restored.files, "file", "files"),
        count(restored.peers, "peer", "peers"),
        count(restored.jobs, "job", "jobs"),
        count(restored.datasets, "dataset", "datasets"),
    ));
    for note in &restored.notes {
        page.line(format!("note: {}", safe_text(note)));
    }
}

impl Report for Login {
    const VERB: &'static str = "login";

    fn write(&self, page: &mut Page) {
        page.title(format!("Logged in as {}", self.email));
        page.fields([
            ("home", self.home.clone()),
            ("role", self.role.to_string()),
            ("store", self.transport.clone()),
            ("datasets", self.data.clone().unwrap_or_default()),
            ("words", self.words.clone().unwrap_or_default()),
        ]);
        if self.data_moves {
            page.line(match self.data {
                Some(_) => {
                    "The next sync puts your datasets there, and then takes them away where they were."
                }
                None => {
                    "The next sync puts your datasets where all else is, and then takes them away \
                     where they were."
                }
            });
        }
        if self.encrypt == Encrypt::Off && self.is_open {
            page.warning(
                "Nothing is sealed: whoever can open this store can read all that you send, \
                 and can write in anybody's name.",
            );
        }
        if let Some(had) = self.converted_from {
            page.line(format!(
                "Your datasite was moved from the layout {had} into the layout {}: \
                 jobs and datasets are where that one has them.",
                self.layout
            ));
        }
        if self.store_is_new {
            page.line(
                "The store is new: nobody has used it before. Your peers log in with the same.",
            );
        }
        if self.google_login_removed {
            page.line(
                "The login at Google that this home kept was removed: this store has no use for \
                 it. Your account at Google still lists the program among those with access.",
            );
        }
        if let Some(restored) = &self.restored {
            write_restored(page, restored);
        }
        if self.keys_are_new {
            page.hint("Your keys were made. Keep what they come from, since a lost key is a lost identity:", "syft keys export FILE");
        }
        match self.role {
            Role::Owner => page.hint(
                "Next, publish a dataset:",
                "syft dataset create NAME --mock PATH --private PATH",
            ),
            Role::Scientist | Role::Both => {
                page.hint("Next, ask a data owner to become a peer:", "syft peer add EMAIL");
            }
        }
    }
}
