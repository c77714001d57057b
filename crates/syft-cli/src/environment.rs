//! The only place that looks at the environment.

use std::ffi::OsString;
#[cfg(feature = "opendal")]
use std::fmt;
use std::path::PathBuf;

#[cfg(feature = "opendal")]
use syft_sync::transport::{self, StoreLogin};
#[cfg(feature = "opendal")]
use zeroize::Zeroizing;

/// What the environment says; an empty variable says nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    /// `SYFTBOX_FOLDER`: the home.
    pub(crate) folder: Option<PathBuf>,
    /// `SYFTBOX_EMAIL`: who the home must belong to.
    pub(crate) email: Option<String>,
    /// `PRE_SYNC`: whether lists sync first.
    pub(crate) pre_sync: Option<String>,
    /// `SYFT_DEFAULT_JOB_TIMEOUT_SECONDS`.
    pub(crate) job_timeout: Option<String>,
    /// `SYFT_UV`: the uv that installs the packages of jobs, instead of the one that is
    /// found, or of pip.
    pub(crate) uv: Option<PathBuf>,
    /// `SYFT_PACKAGE_INDEX`: another package index than the usual one.
    pub(crate) package_index: Option<String>,
    /// `SYFT_RECORD`: the file to which all is appended that goes over the wire.
    #[cfg(feature = "record")]
    pub(crate) record: Option<PathBuf>,
    /// What is of use with Google Drive alone.
    #[cfg(feature = "drive")]
    pub(crate) google: GoogleVariables,
    /// What lets me in to the stores that are known by their addresses.
    #[cfg(feature = "opendal")]
    pub(crate) stores: StoreVariables,
    /// Whether `NO_COLOR` is set, or the terminal is a dumb one.
    pub(crate) no_color: bool,
    /// The person's own folder.
    pub(crate) user_home: Option<PathBuf>,
    /// The folder in which the command was typed.
    pub(crate) here: Option<PathBuf>,
}

/// What the environment says about Google, and about the browser in which one logs in.
#[cfg(feature = "drive")]
#[derive(Debug, Clone, Default)]
pub(crate) struct GoogleVariables {
    /// `SYFT_TOKEN_PATH`: the file of a login, where the home has none.
    pub(crate) token_path: Option<PathBuf>,
    /// `SYFT_DRIVE_ENDPOINT`: another server than Google's.
    pub(crate) endpoint: Option<String>,
    /// Whether there is a screen on which a browser can be opened.
    pub(crate) has_display: bool,
}

/// What the environment says of logins to stores, under the names by which their own tools
/// know it where they do. What of S3 and Google Cloud Storage is not here is read by their
/// clients, as `AWS_ACCESS_KEY_ID` is.
#[cfg(feature = "opendal")]
#[derive(Clone, Default)]
pub(crate) struct StoreVariables {
    /// `AWS_REGION`, or `AWS_DEFAULT_REGION`.
    pub(crate) aws_region: Option<String>,
    /// `AZURE_STORAGE_KEY`.
    pub(crate) azure_key: Option<Zeroizing<String>>,
    /// `AZURE_STORAGE_SAS_TOKEN`.
    pub(crate) azure_sas: Option<Zeroizing<String>>,
    /// `SYFT_WEBDAV_USER`.
    pub(crate) webdav_user: Option<String>,
    /// `SYFT_WEBDAV_PASSWORD`.
    pub(crate) webdav_password: Option<Zeroizing<String>>,
    /// `SYFT_WEBDAV_TOKEN`.
    pub(crate) webdav_token: Option<Zeroizing<String>>,
    /// `DROPBOX_ACCESS_TOKEN`.
    pub(crate) dropbox_token: Option<Zeroizing<String>>,
    /// `DROPBOX_REFRESH_TOKEN`.
    pub(crate) dropbox_refresh: Option<Zeroizing<String>>,
    /// `DROPBOX_APP_KEY`.
    pub(crate) dropbox_app: Option<String>,
    /// `DROPBOX_APP_SECRET`.
    pub(crate) dropbox_secret: Option<Zeroizing<String>>,
    /// `SYFT_DROPBOX_ENDPOINT`: another server than Dropbox's.
    pub(crate) dropbox_endpoint: Option<String>,
}

#[cfg(feature = "opendal")]
impl StoreVariables {
    fn read() -> Self {
        let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
        let secret = |name| text(name).map(Zeroizing::new);
        StoreVariables {
            aws_region: text("AWS_REGION").or_else(|| text("AWS_DEFAULT_REGION")),
            azure_key: secret("AZURE_STORAGE_KEY"),
            azure_sas: secret("AZURE_STORAGE_SAS_TOKEN"),
            webdav_user: text("SYFT_WEBDAV_USER"),
            webdav_password: secret("SYFT_WEBDAV_PASSWORD"),
            webdav_token: secret("SYFT_WEBDAV_TOKEN"),
            dropbox_token: secret("DROPBOX_ACCESS_TOKEN"),
            dropbox_refresh: secret("DROPBOX_REFRESH_TOKEN"),
            dropbox_app: text("DROPBOX_APP_KEY"),
            dropbox_secret: secret("DROPBOX_APP_SECRET"),
            dropbox_endpoint: text("SYFT_DROPBOX_ENDPOINT"),
        }
    }

    /// Each kind of store with what lets me in.
    ///
    /// # Errors
    /// What stands in the place of Dropbox is no address.
    pub(crate) fn logins(&self) -> transport::Result<[(&'static str, StoreLogin); 6]> {
        let login = |user: &Option<String>, password: Option<&Zeroizing<String>>| {
            let login = StoreLogin::none();
            let login = user.iter().fold(login, |login, user| login.with_user(user));
            let password = password.map(|password| password.to_string());
            password.into_iter().fold(login, StoreLogin::with_password)
        };
        let token = |login: StoreLogin, token: Option<&Zeroizing<String>>| {
            let token = token.map(|token| token.to_string());
            token.into_iter().fold(login, StoreLogin::with_token)
        };
        let s3 = StoreLogin::none().ambient(true);
        let s3 = self.aws_region.iter().fold(s3, |login, region| login.with_region(region));
        let dropbox = login(&self.dropbox_app, self.dropbox_secret.as_ref());
        let refresh = self.dropbox_refresh.as_ref().map(|token| token.to_string());
        let mut dropbox = refresh.into_iter().fold(dropbox, StoreLogin::with_refresh_token);
        if let Some(root) = &self.dropbox_endpoint {
            dropbox = dropbox.with_service_at(root)?;
        }
        Ok([
            ("s3", s3),
            ("gs", StoreLogin::none().ambient(true)),
            ("azblob", token(login(&None, self.azure_key.as_ref()), self.azure_sas.as_ref())),
            (
                "webdav",
                token(
                    login(&self.webdav_user, self.webdav_password.as_ref()),
                    self.webdav_token.as_ref(),
                ),
            ),
            ("sftp", StoreLogin::none()),
            ("dropbox", token(dropbox, self.dropbox_token.as_ref())),
        ])
    }
}

/// Nothing of it: most of it is secret.
#[cfg(feature = "opendal")]
impl fmt::Debug for StoreVariables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreVariables").finish_non_exhaustive()
    }
}

impl Environment {
    #[expect(clippy::disallowed_methods, reason = "this is the place that looks at it")]
    pub(crate) fn read() -> Self {
        let path = |name| variable(name).map(PathBuf::from);
        let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
        let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
        Environment {
            folder: path("SYFTBOX_FOLDER"),
            email: text("SYFTBOX_EMAIL"),
            pre_sync: text("PRE_SYNC"),
            job_timeout: text("SYFT_DEFAULT_JOB_TIMEOUT_SECONDS"),
            uv: path("SYFT_UV"),
            package_index: text("SYFT_PACKAGE_INDEX"),
            #[cfg(feature = "record")]
            record: path("SYFT_RECORD"),
            #[cfg(feature = "drive")]
            google: GoogleVariables {
                token_path: path("SYFT_TOKEN_PATH"),
                endpoint: text("SYFT_DRIVE_ENDPOINT"),
                has_display: variable("DISPLAY").or(variable("WAYLAND_DISPLAY")).is_some(),
            },
            #[cfg(feature = "opendal")]
            stores: StoreVariables::read(),
            no_color: variable("NO_COLOR").is_some() || is_dumb,
            user_home: std::env::home_dir().filter(|home| !home.as_os_str().is_empty()),
            here: std::env::current_dir().ok(),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the place that looks at it")]
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
