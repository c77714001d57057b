//! Stores that speak S3.

use std::fs;
use std::process::Command;

use crate::process::{self, Process, port_behind};
use crate::{Error, Objects, Result, places};

/// Keys of the form that Amazon gives out: rclone takes no others.
const ACCESS_KEY: &str = "AKIASYFTTESTSTORE001";
const SECRET_KEY: &str = "c3lmdC10ZXN0LXN0b3Jlcy1zZWNyZXQta2V5LTAwMDE";

/// A server of S3, at one address for all buckets (path style). It ends on drop.
#[derive(Debug)]
pub struct S3 {
    process: Process,
    endpoint: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Moto,
    Rclone,
}

impl S3 {
    /// Starts moto. It holds the conditions of writes, one request after the other, and
    /// takes any key and signature until it is told otherwise: `POST /moto-api/reset-auth`
    /// with a number, and after so many more requests it asks its IAM.
    ///
    /// # Errors
    /// [`Error::Missing`] where it is not installed; what it said if it does not come up.
    pub fn moto() -> Result<Self> {
        let store = "s3 (moto)";
        let mut command = Command::new(places::program(store, "python")?);
        command.arg(places::script("moto_server.py"));
        let folder = process::folder(store)?;
        let find = |line: &str| port_behind("listening on 127.0.0.1:", line);
        Ok(Self::of(Kind::Moto, Process::start(store, folder, &command, find)?))
    }

    /// Starts `rclone serve s3`. It refuses a wrong secret, and ignores the conditions of writes.
    ///
    /// # Errors
    /// [`Error::Missing`] where it is not installed; what it said if it does not come up.
    pub fn rclone() -> Result<Self> {
        let store = "s3 (rclone)";
        let mut command = Command::new(places::program(store, "rclone")?);
        let folder = process::folder(store)?;
        let buckets = folder.path().join(BUCKETS);
        fs::create_dir(&buckets)
            .map_err(|error| Error::Failed { store, why: error.to_string() })?;
        command.args(["serve", "s3", "--addr", "127.0.0.1:0", "--config", "/dev/null"]);
        // Its folders are looked at anew each second, for buckets that are made meanwhile; not
        // at each moment, which would keep a processor busy.
        command.args(["--dir-cache-time", "1s"]);
        command.args(["--auth-key", &format!("{ACCESS_KEY},{SECRET_KEY}")]).arg(buckets);
        let find = |line: &str| port_behind("s3 server on [http://127.0.0.1:", line);
        Ok(Self::of(Kind::Rclone, Process::start(store, folder, &command, find)?))
    }

    fn of(kind: Kind, process: Process) -> Self {
        let endpoint = format!("http://127.0.0.1:{}", process.port());
        S3 { process, endpoint, kind }
    }

    /// Where it is, as `http://127.0.0.1:4000`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The access key of its only account.
    #[must_use]
    pub fn access_key(&self) -> &str {
        ACCESS_KEY
    }

    /// The secret of that account.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        SECRET_KEY
    }

    /// The region that requests are signed for; both servers take any.
    #[must_use]
    pub fn region(&self) -> &str {
        "us-east-1"
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// If it does not work, with what the server said.
    #[track_caller]
    pub fn create_bucket(&self, name: &str) {
        let made = match self.kind {
            Kind::Moto => ureq::put(format!("{}/{name}", self.endpoint))
                .send_empty()
                .map(drop)
                .map_err(|error| error.to_string()),
            Kind::Rclone => fs::create_dir(self.process.folder().join(BUCKETS).join(name))
                .map_err(|error| error.to_string()),
        };
        if let Err(error) = made {
            panic!("bucket {name}: {error}; the server said:\n{}", self.said());
        }
    }

    /// What lies in a bucket, in the hands of whoever has its login.
    ///
    /// # Panics
    /// If that is no name of a bucket.
    #[must_use]
    pub fn objects(&self, bucket: &str) -> Objects {
        Objects::new(&self.endpoint, bucket, self.region(), (ACCESS_KEY, SECRET_KEY))
    }

    /// From here on moto answers whoever lists as it did the last time before; or, with
    /// `false`, as things are.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn show_old_listings(&self, are_old: bool) {
        let url = format!("{}/old-listings", self.endpoint);
        let told = if are_old { ureq::put(url).send_empty() } else { ureq::delete(url).call() };
        told.map(drop).unwrap_or_else(|error| panic!("{error}; it said:\n{}", self.said()));
    }

    /// Makes a user whom moto lets do what policies of IAM say, and gives its two keys. It
    /// matters from [`S3::enforce`] on.
    ///
    /// # Panics
    /// If it cannot be made.
    #[must_use]
    pub fn add_user(&self, name: &str, policies: &[String]) -> (String, String) {
        self.iam(&[("Action", "CreateUser"), ("UserName", name)]);
        for (number, policy) in policies.iter().enumerate() {
            let number = format!("policy-{number}");
            let put = [("Action", "PutUserPolicy"), ("UserName", name), ("PolicyName", &number)];
            self.iam(&[&put[..], &[("PolicyDocument", policy)]].concat());
        }
        let key = self.iam(&[("Action", "CreateAccessKey"), ("UserName", name)]);
        let field = |tag: &str| {
            let (_, rest) = key.split_once(&format!("<{tag}>"))?;
            rest.split_once("</").map(|(value, _)| value.to_owned())
        };
        match (field("AccessKeyId"), field("SecretAccessKey")) {
            (Some(id), Some(secret)) => (id, secret),
            _ => panic!("no keys of {name} in {key}"),
        }
    }

    /// From here on moto asks who signs each request, and what that one may do.
    ///
    /// # Panics
    /// If it does not answer.
    pub fn enforce(&self) {
        let url = format!("{}/moto-api/reset-auth", self.endpoint);
        let told = ureq::post(url).header("Content-Type", "text/plain").send("0");
        told.map(drop).unwrap_or_else(|error| panic!("{error}; it said:\n{}", self.said()));
    }

    fn iam(&self, form: &[(&str, &str)]) -> String {
        let form = form.iter().copied().chain([("Version", "2010-05-08")]);
        // Which service is meant is read from who signs.
        let signed = "AWS4-HMAC-SHA256 Credential=X/20260101/us-east-1/iam/aws4_request, \
                      SignedHeaders=host, Signature=0";
        let answer = ureq::post(format!("{}/", self.endpoint))
            .header("Authorization", signed)
            .send_form(form)
            .and_then(|mut answer| answer.body_mut().read_to_string());
        answer.unwrap_or_else(|error| panic!("{error}; it said:\n{}", self.said()))
    }

    /// All that the server said so far, for the message of a test that fails.
    #[must_use]
    pub fn said(&self) -> String {
        self.process.said()
    }
}

/// The folder that rclone serves: each folder in it is a bucket.
const BUCKETS: &str = "buckets";
