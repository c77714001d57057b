//! What sealing costs, to be measured from outside: `cost seal 100` seals 100 MiB and throws
//! them away, `cost cipher 100` does what no sealing can do without, the cipher alone.
#![expect(clippy::print_stderr, reason = "a program")]

use std::error::Error;
use std::io::{self, Read};

use chacha20poly1305::aead::AeadInPlace;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use syft_core::{Email, SystemEntropy};
use syft_crypto::{Party, RecoveryKey, Sealer as _};

const MIB: usize = 1024 * 1024;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["seal", mib] => seal(mib.parse()?),
        ["cipher", mib] => cipher(mib.parse()?),
        _ => {
            eprintln!("usage: cost seal|cipher MIB");
            Err("nothing was measured".into())
        }
    }
}

fn seal(mib: u64) -> Result<(), Box<dyn Error>> {
    let keys = RecoveryKey::generate(&SystemEntropy)?.keys(&Email::parse("alice@example.org")?)?;
    let to = [Party { email: keys.email(), bundle: keys.bundle() }];
    let size = mib * MIB as u64;
    let mut plain = io::repeat(7).take(size);
    keys.seal(&to, Some("place"), (size, &mut plain), &mut io::sink(), &SystemEntropy)?;
    Ok(())
}

fn cipher(mib: u64) -> Result<(), Box<dyn Error>> {
    let cipher = XChaCha20Poly1305::new(&[7; 32].into());
    let mut piece = vec![7; MIB];
    for number in 0..mib {
        let mut nonce = [0; 24];
        nonce.iter_mut().zip(number.to_le_bytes()).for_each(|(to, from)| *to = from);
        let sealed = cipher.encrypt_in_place_detached(XNonce::from_slice(&nonce), b"", &mut piece);
        sealed.map_err(|error| error.to_string())?;
    }
    Ok(())
}
