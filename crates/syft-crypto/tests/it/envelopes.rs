//! What is sealed can be opened by those it is for and by nobody else, as it was, and
//! nothing that a stranger makes of it does harm.

use std::io::Read;
use std::sync::LazyLock;

use proptest::prelude::*;
use syft_core::testing::SeededEntropy;
use syft_core::{Email, Entropy};
use syft_crypto::{Bundle, Error, KeyFile, Keys, Limits, Opened, Party, RecoveryKey, Sealer};

const MIB: usize = 1024 * 1024;

static PEOPLE: LazyLock<[Keys; 3]> = LazyLock::new(|| {
    let entropy = SeededEntropy::new(7);
    ["alice@hospital.org", "bob@uni.edu", "carol@uni.edu"].map(|email| {
        let email = Email::parse(email).unwrap();
        RecoveryKey::generate(&entropy).unwrap().keys(&email).unwrap()
    })
});

fn as_party(keys: &Keys) -> Party<'_> {
    Party { email: keys.email(), bundle: keys.bundle() }
}

fn seal(from: &Keys, to: &[&Keys], plain: &[u8], seed: u64) -> Vec<u8> {
    let to: Vec<Party<'_>> = to.iter().map(|keys| as_party(keys)).collect();
    let mut sealed = Vec::new();
    let size = plain.len() as u64;
    let entropy = SeededEntropy::new(seed);
    let written = from.seal(&to, Some("place"), (size, &mut &*plain), &mut sealed, &entropy);
    assert_eq!(written.unwrap(), sealed.len() as u64);
    sealed
}

fn open(sealed: &[u8], from: &Keys, to: &Keys) -> Result<(Vec<u8>, Opened), Error> {
    let mut plain = Vec::new();
    let opened = to.open(as_party(from), &Limits::default(), &mut &*sealed, &mut plain)?;
    Ok((plain, opened))
}

#[test]
fn bytes_of_any_size_arrive_as_they_were() {
    let [alice, bob, carol] = &*PEOPLE;
    for size in [0, 1, MIB - 1, MIB, MIB + 1, 3 * MIB, 9 * MIB + 5] {
        let plain: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
        let sealed = seal(alice, &[bob, carol], &plain, size as u64);
        for to in [bob, carol] {
            let (found, opened) = open(&sealed, alice, to).unwrap();
            assert!(found == plain, "{size}");
            assert_eq!((opened.label.as_deref(), opened.bytes), (Some("place"), size as u64));
        }
        assert!(matches!(open(&sealed, alice, alice), Err(Error::NotForMe { .. })), "{size}");
        assert!(matches!(open(&sealed, carol, bob), Err(Error::Forged { .. })), "{size}");
    }
}

/// Of one piece and of several: what is cut is told from what was changed.
#[test]
fn f10_an_envelope_whose_end_is_missing_is_told_from_a_forged_one() {
    let [alice, bob, carol] = &*PEOPLE;
    let open_there = |sealed: &[u8], from: &Keys| {
        let there = Some(sealed.len() as u64);
        let limits = Limits { there, ..Limits::default() };
        bob.open(as_party(from), &limits, &mut &*sealed, &mut Vec::new())
    };
    for plain in [vec![7; 5_000], vec![7; 2 * MIB + 9]] {
        let sealed = seal(alice, &[bob], &plain, 3);
        assert!(open_there(&sealed, alice).is_ok());
        for at in [0, 1, 4, 5, 8, 9, 2_000, 4_170, 4_171, 4_200, sealed.len() - 1] {
            let cut = open_there(&sealed[..at], alice);
            assert!(matches!(cut, Err(Error::Cut)), "{at}: {cut:?}");
        }
        // All that is in the open is there, so that it is known whose it is not.
        let forged = open_there(&sealed[..4_200], carol);
        assert!(matches!(forged, Err(Error::Forged { .. })), "{forged:?}");
        let mut changed = sealed[..4_200].to_vec();
        changed[100] ^= 1;
        assert!(!matches!(open_there(&changed, alice), Err(Error::Cut) | Ok(_)));
        let other = [b"SYD".as_slice(), &sealed[3..100]].concat();
        assert!(matches!(open_there(&other, alice), Err(Error::NotSealed)));
    }
}

#[test]
fn the_same_bytes_are_never_sealed_alike() {
    let [alice, bob, _] = &*PEOPLE;
    assert_ne!(seal(alice, &[bob], b"same", 1), seal(alice, &[bob], b"same", 2));
}

/// A sender whose key is known, and who signs an envelope in the name of another.
#[test]
fn whom_an_envelope_names_is_who_signed_it() {
    let [alice, bob, carol] = &*PEOPLE;
    let text = KeyFile { keys: carol.clone(), peers: Default::default() }.to_json().unwrap();
    let text = text.replace(carol.email().as_str(), alice.email().as_str());
    let posing = KeyFile::parse(&text, alice.email()).unwrap().keys;
    let sealed = seal(&posing, &[bob], b"from alice?", 1);
    let refused = open(&sealed, carol, bob).unwrap_err();
    assert!(matches!(&refused, Error::Forged { reason, .. } if reason.contains("alice")));
    assert!(matches!(open(&sealed, alice, bob), Err(Error::Forged { .. })));
}

#[test]
fn what_is_shorter_or_longer_than_said_is_not_sealed() {
    let [alice, bob, _] = &*PEOPLE;
    for size in [0, 3, 2 * MIB] {
        let plain = vec![7_u8; size];
        for said in [size + 1, size.saturating_sub(1)] {
            if said == size {
                continue;
            }
            let to = [as_party(bob)];
            let plain = (said as u64, &mut plain.as_slice() as &mut dyn Read);
            let made = alice.seal(&to, None, plain, &mut Vec::new(), &SeededEntropy::new(1));
            assert!(matches!(made, Err(Error::NotMade { .. })), "{said} for {size}: {made:?}");
        }
    }
    let nobody =
        alice.seal(&[], None, (0, &mut std::io::empty()), &mut Vec::new(), &SeededEntropy::new(1));
    assert!(matches!(nobody, Err(Error::NotMade { .. })), "{nobody:?}");
}

/// Of what it says of its size nothing is believed beyond the limits, before room is
/// made for it.
#[test]
fn an_envelope_that_is_too_large_is_refused_by_what_it_says() {
    let [alice, bob, _] = &*PEOPLE;
    let small = seal(alice, &[bob], &[1; 1000], 1);
    let large = seal(alice, &[bob], &vec![1; 3 * MIB], 1);
    let all = Limits::default();
    let cases = [
        (&small, Limits { open_bytes: 500, ..all }),
        (&small, Limits { one_piece: 500, ..all }),
        (&small, Limits { sealed_bytes: 500, ..all }),
        (&large, Limits { sealed_bytes: 2 * MIB as u64, ..all }),
        (&large, Limits { segment: 500, ..all }),
    ];
    for (sealed, limits) in cases {
        // Nothing is read of what is sealed.
        let mut header = &sealed[..4 + 5 + 4096 + 66];
        let refused = bob.open(as_party(alice), &limits, &mut header, &mut Vec::new());
        assert!(matches!(refused, Err(Error::TooLarge { .. })), "{limits:?}: {refused:?}");
    }
}

#[test]
fn a_recovery_key_is_read_as_a_person_writes_it() {
    let entropy = SeededEntropy::new(3);
    let key = RecoveryKey::generate(&entropy).unwrap();
    let words = key.words();
    let written = format!("# of alice\n  {}\n", words.to_uppercase().replace(' ', "\n"));
    assert_eq!(RecoveryKey::parse(&written).unwrap(), key);
    assert_eq!(format!("{key:?}"), "RecoveryKey(secret)");
    let changed = words.replacen(words.split(' ').next().unwrap(), "zoo", 1);
    for bad in ["", "abandon", &changed, &"00".repeat(32), "zz", &words[1..]] {
        assert!(matches!(RecoveryKey::parse(bad), Err(Error::Invalid { .. })), "{bad}");
    }
}

#[test]
fn secrets_are_not_in_what_is_shown() {
    let [alice, ..] = &*PEOPLE;
    let file = KeyFile { keys: alice.clone(), peers: Default::default() };
    let written: serde_json::Value = serde_json::from_str(&file.to_json().unwrap()).unwrap();
    let shown = format!("{file:?}");
    for key in ["identity_key", "identity_dh", "signed_prekey"] {
        assert!(!shown.contains(written["keys_jwk"][key]["d"].as_str().unwrap()), "{shown}");
    }
    // An error about a file quotes nothing of it.
    let broken = file.to_json().unwrap().replace("\"d\": \"", "\"d\": [\"");
    let error = KeyFile::parse(&broken, alice.email()).unwrap_err().to_string();
    assert!(error.len() < 100, "{error}");
}

#[test]
fn words_are_of_a_key_and_an_address() {
    let [alice, bob, _] = &*PEOPLE;
    let words = alice.bundle().words(alice.email());
    assert_eq!(words.split(' ').count(), 6, "{words}");
    assert_ne!(words, alice.bundle().words(bob.email()));
    assert_ne!(words, bob.bundle().words(alice.email()));
    // Each of them stands for bits of the key.
    let entropy = SeededEntropy::new(1);
    let mut seen = vec![std::collections::BTreeSet::new(); 6];
    for _ in 0..8 {
        let keys = RecoveryKey::generate(&entropy).unwrap().keys(alice.email()).unwrap();
        let words = keys.bundle().words(alice.email());
        words.split(' ').zip(&mut seen).for_each(|(word, seen)| seen.extend([word.to_owned()]));
    }
    assert!(seen.iter().all(|seen| seen.len() > 5), "{seen:?}");
}

#[test]
fn a_signature_is_for_one_purpose() {
    let [alice, bob, _] = &*PEOPLE;
    let signature = alice.sign("hello", b"text");
    assert!(alice.bundle().has_signed("hello", b"text", &signature));
    assert!(!alice.bundle().has_signed("head", b"text", &signature));
    assert!(!alice.bundle().has_signed("hello", b"texts", &signature));
    assert!(!bob.bundle().has_signed("hello", b"text", &signature));
    for bad in ["", "AAAA", &signature[1..], "!"] {
        assert!(!alice.bundle().has_signed("hello", b"text", bad), "{bad}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// One bit anywhere, or a cut: never other bytes, never a panic.
    #[test]
    fn a_damaged_envelope_gives_nothing_else(
        plain in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        cut in any::<bool>(),
    ) {
        let [alice, bob, _] = &*PEOPLE;
        let mut sealed = seal(alice, &[bob], &plain, 5);
        let at = at.index(sealed.len());
        if cut { sealed.truncate(at) } else { sealed[at] ^= 1 << bit }
        if let Ok((found, _)) = open(&sealed, alice, bob) {
            // What fills up what is in the open is of no meaning.
            prop_assert_eq!(found, plain);
            prop_assert!((900..4105).contains(&at) && !cut, "{}", at);
        }
    }

    #[test]
    fn no_text_is_more_than_refused(text in "\\PC{0,300}", bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let [alice, bob, _] = &*PEOPLE;
        prop_assert!(RecoveryKey::parse(&text).is_err());
        prop_assert!(Bundle::parse(&text).is_err());
        prop_assert!(KeyFile::parse(&text, alice.email()).is_err());
        prop_assert!(open(&bytes, alice, bob).is_err());
        let as_one = [b"SYC2\x01", bytes.as_slice()].concat();
        prop_assert!(open(&as_one, alice, bob).is_err());
    }

    #[test]
    fn a_header_that_says_anything_of_its_size_is_survived(
        count in any::<u32>(), last in any::<u64>(), length in any::<u64>(), stream in any::<bool>(),
    ) {
        let [alice, bob, _] = &*PEOPLE;
        let sealed = seal(alice, &[bob], b"x", 5);
        let text = String::from_utf8_lossy(&sealed[9..]);
        let end = text.find('\0').unwrap();
        let mut open_part: serde_json::Value = serde_json::from_str(&text[..end]).unwrap();
        let cipher = &mut open_part["cipher"];
        cipher["segment_count"] = count.into();
        cipher["last_segment_bytes"] = (last >> 12).into();
        cipher["ciphertext_len"] = (length >> 12).into();
        if stream { cipher["suite"] = "xchacha20poly1305-stream-v1".into() }
        let bytes = serde_json::to_vec(&open_part).unwrap();
        let mut forged = sealed[..5].to_vec();
        forged.extend((bytes.len() as u32).to_le_bytes());
        forged.extend(&bytes);
        forged.resize(9 + bytes.len().div_ceil(4096) * 4096, 0);
        forged.extend(&sealed[9 + 4096..]);
        prop_assert!(open(&forged, alice, bob).is_err());
    }
}

#[test]
fn a_generator_that_is_broken_is_told() {
    #[derive(Debug)]
    struct Broken;
    impl Entropy for Broken {
        fn fill(&self, _: &mut [u8]) -> syft_core::Result<()> {
            Err(syft_core::Error::NotFound("randomness".to_owned()))
        }
    }
    assert!(matches!(RecoveryKey::generate(&Broken), Err(Error::Core(_))));
    let [alice, bob, _] = &*PEOPLE;
    let to = [as_party(bob)];
    let made = alice.seal(&to, None, (0, &mut std::io::empty()), &mut Vec::new(), &Broken);
    assert!(matches!(made, Err(Error::Core(_))), "{made:?}");
}
