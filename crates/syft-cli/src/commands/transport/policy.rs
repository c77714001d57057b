use serde::Serialize;
use syft_sync::PeerState;
use syft_sync::core::Email;
use syft_sync::transport::StoreUrl;
use syft_sync::transport::store_url::IamPolicy;

use crate::args::TransportUrlArgs;
use crate::context::Context;
use crate::errors::CliError;
use crate::output::{Page, Report};

/// The least that each of us must be let do in a store.
#[derive(Debug, Serialize)]
pub(crate) struct Policy {
    transport: String,
    /// Where it has rules for the administrator to enter.
    policies: Vec<Of>,
    /// What is to be done where there are none, a sentence each.
    advice: Vec<String>,
}

/// What one of us must be let do.
#[derive(Debug, Serialize)]
struct Of {
    email: Email,
    policy: IamPolicy,
}

pub(crate) async fn run(context: &Context, args: &TransportUrlArgs) -> Result<Policy, CliError> {
    let everybody = everybody(context).await?;
    let of_a_store = |url: &StoreUrl| match url {
        StoreUrl::S3(s3) => (policies(&everybody, |who| IamPolicy::new(s3, who)), Vec::new()),
        StoreUrl::Gs(_) | StoreUrl::Azblob(_) => (Vec::new(), prefixes(url, &everybody)),
        _ => (Vec::new(), one_folder(&url.to_string(), &everybody)),
    };
    let (transport, (policies, advice)) = match StoreUrl::parse(&args.url) {
        Ok(url) => (url.to_string(), of_a_store(&url)),
        Err(_) if args.url.starts_with("file://") => {
            (args.url.clone(), (Vec::new(), one_folder(&args.url, &everybody)))
        }
        Err(_) if args.url == syft_sync::GOOGLE_DRIVE => {
            let advice = "Nothing is to be set up: each keeps what is theirs in an own Drive, \
                          and shares it with one peer at a time.";
            (args.url.clone(), (Vec::new(), vec![advice.to_owned()]))
        }
        Err(_) if context.brings(&args.url) => {
            (args.url.clone(), (Vec::new(), one_folder(&args.url, &everybody)))
        }
        Err(error) => return Err(CliError::usage(error.to_string())),
    };
    Ok(Policy { transport, policies, advice })
}

/// Me and my peers.
async fn everybody(context: &Context) -> Result<Vec<Email>, CliError> {
    let mut all = vec![context.somebody()?];
    if context.known()?.is_some() {
        let peers = context.open()?.peers().await?;
        let accepted = peers.iter().filter(|peer| peer.state == PeerState::Accepted);
        all.extend(accepted.map(|peer| peer.email.clone()));
    }
    Ok(all)
}

fn policies(everybody: &[Email], of: impl Fn(&Email) -> IamPolicy) -> Vec<Of> {
    everybody.iter().map(|email| Of { email: email.clone(), policy: of(email) }).collect()
}

/// Where rules are written in another language.
fn prefixes(url: &StoreUrl, everybody: &[Email]) -> Vec<String> {
    let at = url.prefix().key("syft-1");
    let mut advice = vec![format!("All lies below {at}/; rules for it:")];
    for who in everybody {
        advice.push(format!(
            "{who} reads, writes and deletes below {at}/PLACE/{who}/, where PLACE is one of \
             profile, state, log, checkpoints, rolling, archive, collections and outbox, and \
             below {at}/inbox/ANYBODY/{who}/; reads and deletes below {at}/inbox/{who}/; reads \
             below {at}/outbox/ANYBODY/{who}/, {at}/profile/ and {at}/collections/; and lists."
        ));
    }
    advice
}

/// Where there are no rules finer than who may open a folder.
fn one_folder(url: &str, everybody: &[Email]) -> Vec<String> {
    let names: Vec<String> = everybody.iter().map(ToString::to_string).collect();
    vec![
        format!("Whoever may open {url} may read and write all of it: there is no finer rule."),
        format!("Share it, for writing, with exactly these: {}.", names.join(", ")),
        "Take one folder for each pair of peers if a third is not to see who writes to whom, \
         and how much."
            .to_owned(),
    ]
}

impl Report for Policy {
    const VERB: &'static str = "transport-policy";

    fn write(&self, page: &mut Page) {
        page.title(&self.transport);
        for line in &self.advice {
            page.sentence("", line);
        }
        for of in &self.policies {
            page.gap();
            page.line(format!("For {}:", of.email));
            // Nothing in it can fail to be written.
            page.line(serde_json::to_string_pretty(&of.policy).unwrap_or_default());
        }
    }
}
