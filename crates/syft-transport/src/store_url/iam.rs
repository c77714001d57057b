use serde::Serialize;
use syft_core::Email;

use super::S3Url;
use crate::keys::LAYOUT;

/// The least that one participant must be let do in a bucket of S3, as its administrator
/// enters it (an identity-based policy of IAM). All of it is about one bucket and one prefix
/// in it: what is its own is written, what is for it is read, and nothing else is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct IamPolicy {
    /// The version of the language.
    pub version: &'static str,
    /// What is allowed.
    pub statement: Vec<Statement>,
}

/// Something that is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// A name for it.
    pub sid: &'static str,
    /// Always `Allow`.
    pub effect: &'static str,
    /// The operations.
    pub action: Vec<&'static str>,
    /// What they may be done to.
    pub resource: Vec<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
}

/// When something is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Condition {
    /// The prefixes that may be listed.
    pub string_like: Prefixes,
}

/// The prefixes that may be listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Prefixes {
    /// With `*` for any text.
    #[serde(rename = "s3:prefix")]
    pub prefix: Vec<String>,
}

/// The places that a participant alone writes and reads.
const OWN: [&str; 8] =
    ["profile", "state", "log", "checkpoints", "rolling", "archive", "collections", "outbox"];
/// The places in which others are met: which of them there are may be seen.
const SHARED: [&str; 4] = ["inbox", "outbox", "profile", "collections"];

impl IamPolicy {
    /// What a participant must be let do in a bucket.
    #[must_use]
    pub fn new(url: &S3Url, who: &Email) -> Self {
        let me = who.as_str();
        let own = OWN.iter().map(|place| format!("{place}/{me}/*"));
        let writes: Vec<String> = own.chain([format!("inbox/*/{me}/*")]).collect();
        let reads =
            [format!("outbox/*/{me}/*"), "profile/*".to_owned(), "collections/*/mock/*".to_owned()];
        let inbox = format!("inbox/{me}/*");
        let lists = writes.iter().chain(&reads).chain([&inbox]).cloned();
        let lists = lists.chain(SHARED.iter().map(|place| format!("{place}/")));
        let lists = lists.chain(["collections/*/".to_owned()]);
        let objects = |keys: &[String]| keys.iter().map(|key| arn(url, key)).collect();
        let allow = |sid, action: &[&'static str], resource| Statement {
            sid,
            effect: "Allow",
            action: action.to_vec(),
            resource,
            condition: None,
        };
        let list = Condition {
            string_like: Prefixes { prefix: lists.map(|key| pattern(url, &key)).collect() },
        };
        IamPolicy {
            version: "2012-10-17",
            statement: vec![
                allow(
                    "Own",
                    &["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
                    objects(&writes),
                ),
                allow("Received", &["s3:GetObject", "s3:DeleteObject"], objects(&[inbox])),
                allow("Shared", &["s3:GetObject"], objects(&reads)),
                Statement {
                    condition: Some(list),
                    ..allow(
                        "List",
                        &["s3:ListBucket"],
                        vec![format!("arn:aws:s3:::{}", url.bucket)],
                    )
                },
            ],
        }
    }
}

fn arn(url: &S3Url, key: &str) -> String {
    format!("arn:aws:s3:::{}/{}", url.bucket, pattern(url, key))
}

/// A key in the bucket, in which `*` stands for any text. A dollar, which an address may
/// hold, begins a variable otherwise.
fn pattern(url: &S3Url, below: &str) -> String {
    url.prefix.key(&format!("{LAYOUT}/{below}")).replace('$', "${$}")
}
