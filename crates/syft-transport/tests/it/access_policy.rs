//! What `IamPolicy` lets a participant do in a bucket: judged by a server that enforces it,
//! and by the rules of the language for what that server leaves out.

use syft_core::Email;
use syft_test_stores::{S3, required_or_noted};
use syft_transport::store_url::IamPolicy;
use syft_transport::{
    Capabilities, Error, OpendalTransport, Result, Space, StoreLogin, StoreUrl, Transport,
    TransportExt as _,
};

const PEOPLE: [&str; 3] = ["alice@example.org", "bob@example.org", "eve@example.org"];

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn policy(url: &StoreUrl, who: &str) -> IamPolicy {
    let StoreUrl::S3(url) = url else { panic!("{url}") };
    IamPolicy::new(url, &email(who))
}

/// Objects alone: that server compares the signatures of listings in a way of its own.
#[tokio::test(flavor = "multi_thread")]
async fn with_the_policy_each_does_its_own_and_nothing_else() {
    let Some(server) = required_or_noted(S3::moto()) else { return };
    server.create_bucket("bucket");
    let url = StoreUrl::parse(&format!("s3://bucket/syft?endpoint={}", server.endpoint())).unwrap();
    let logins = PEOPLE.map(|who| {
        let policy = serde_json::to_string(&policy(&url, who)).unwrap();
        let (id, secret) = server.add_user(who, &[policy]);
        StoreLogin::none().with_user(id).with_password(secret)
    });
    server.enforce();
    // As one of them, with the login of another.
    let open = |who: usize, login: usize| {
        let (who, found) = (email(PEOPLE[who]), Capabilities::none());
        OpendalTransport::new(&url, who, &logins[login], found).unwrap()
    };
    let [alice, bob, eve] = [0, 1, 2].map(|who| open(who, who));
    let (owner, recipient) = (email(PEOPLE[0]), email(PEOPLE[1]));
    let log = Space::Log { owner: owner.clone() };
    let outbox = Space::Outbox { owner: owner.clone(), recipient: recipient.clone() };
    let inbox = Space::Inbox { owner, sender: recipient };
    let name = "a".parse().unwrap();
    let kept = alice.put_bytes(&log, &name, b"kept".to_vec()).await.unwrap();
    let event = alice.put_bytes(&outbox, &name, b"event".to_vec()).await.unwrap();
    let message = bob.put_bytes(&inbox, &name, b"message".to_vec()).await.unwrap();
    assert_eq!(alice.get_bytes(&kept, 10).await.unwrap(), b"kept");
    assert_eq!(bob.get_bytes(&event, 10).await.unwrap(), b"event");
    assert_eq!(alice.get_bytes(&message, 10).await.unwrap(), b"message");

    // Whoever holds the login of eve says whatever there is to be said.
    let denied = |done: Result<()>| assert!(matches!(done, Err(Error::Denied { .. })), "{done:?}");
    let (as_alice, as_bob) = (open(0, 2), open(1, 2));
    let other = "b".parse().unwrap();
    denied(as_alice.put_bytes(&log, &other, b"forged".to_vec()).await.map(drop));
    denied(as_alice.put_bytes(&outbox, &other, b"forged".to_vec()).await.map(drop));
    denied(as_bob.put_bytes(&inbox, &other, b"forged".to_vec()).await.map(drop));
    denied(as_alice.get_bytes(&kept, 10).await.map(drop));
    denied(as_bob.get_bytes(&event, 10).await.map(drop));
    denied(as_alice.get_bytes(&message, 10).await.map(drop));
    denied(eve.get_bytes(&event, 10).await.map(drop));
    denied(as_alice.delete(std::slice::from_ref(&message)).await);
    assert_eq!(alice.get_bytes(&kept, 10).await.unwrap(), b"kept");
    alice.retire(std::slice::from_ref(&message)).await.unwrap();
}

/// Whether a policy allows something, by the rules of its language: a statement whose
/// action, resource and condition hold. `*` is any text.
fn allows(policy: &IamPolicy, action: &str, key: Option<&str>, prefix: &str) -> bool {
    policy.statement.iter().any(|statement| {
        let resource = match key {
            Some(key) => format!("arn:aws:s3:::bucket/{key}"),
            None => "arn:aws:s3:::bucket".to_owned(),
        };
        let listed = statement.condition.as_ref().is_none_or(|condition| {
            condition.string_like.prefix.iter().any(|pattern| matches(pattern, prefix))
        });
        statement.action.contains(&action)
            && statement.resource.iter().any(|pattern| matches(pattern, &resource))
            && listed
    })
}

fn matches(pattern: &str, text: &str) -> bool {
    let pattern = pattern.replace("${$}", "$");
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(behind) = text.strip_prefix(start) else { return false };
    (0..=behind.len())
        .filter(|at| behind.is_char_boundary(*at))
        .any(|at| matches(rest, &behind[at..]))
}

#[test]
fn a_policy_is_about_what_is_mine_and_what_is_for_me() {
    let url = StoreUrl::parse("s3://bucket/at?region=x").unwrap();
    let [alice, bob, eve] = ["a$b@example.org", PEOPLE[1], PEOPLE[2]];
    let policy = policy(&url, alice);
    let put = |key: &str| allows(&policy, "s3:PutObject", Some(&format!("at/syft-1/{key}")), "");
    let get = |key: &str| allows(&policy, "s3:GetObject", Some(&format!("at/syft-1/{key}")), "");
    let gone =
        |key: &str| allows(&policy, "s3:DeleteObject", Some(&format!("at/syft-1/{key}")), "");
    let list = |key: &str| allows(&policy, "s3:ListBucket", None, &format!("at/syft-1/{key}"));
    for place in ["log", "state", "checkpoints", "rolling", "archive", "profile"] {
        let (mine, theirs) = (format!("{place}/{alice}/x"), format!("{place}/{bob}/x"));
        assert!(put(&mine) && get(&mine) && gone(&mine) && list(&format!("{place}/{alice}/")));
        assert!(!put(&theirs) && !gone(&theirs), "{theirs}");
        assert_eq!(get(&theirs), place == "profile", "{theirs}");
    }
    let to_bob = format!("inbox/{bob}/{alice}/x");
    assert!(put(&to_bob) && get(&to_bob) && gone(&to_bob));
    let to_me = format!("inbox/{alice}/{bob}/x");
    assert!(!put(&to_me) && get(&to_me) && gone(&to_me));
    let (for_me, for_eve) = (format!("outbox/{bob}/{alice}/x"), format!("outbox/{bob}/{eve}/x"));
    assert!(get(&for_me) && !put(&for_me) && !gone(&for_me));
    assert!(!get(&for_eve) && !list(&format!("outbox/{bob}/{eve}/")));
    for of_others in [format!("inbox/{bob}/{eve}/x"), format!("inbox/{eve}/{bob}/x")] {
        assert!(!put(&of_others) && !get(&of_others) && !gone(&of_others), "{of_others}");
    }
    let (mock, private) = (
        format!("collections/{bob}/mock/census/0a/x"),
        format!("collections/{bob}/private/census/0a/x"),
    );
    assert!(get(&mock) && !put(&mock) && !get(&private), "{mock}");
    // Another place in the bucket is nobody's business here.
    assert!(!allows(&policy, "s3:GetObject", Some("other/syft-1/log/a$b@example.org/x"), ""));
}
