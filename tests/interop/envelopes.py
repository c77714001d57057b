"""Seals and opens with the peer's own cryptography, and reads and writes its bundles and key files.

`person`: from a recovery key, what the peer has of somebody: words, secret keys, bundle, fingerprint.
`seal`, `open`: envelopes, in one piece or in several.
`bundle`: whether the peer takes a bundle, and its fingerprint.
`load`: a key file, as the peer's own store of keys writes it again.
"""

import os
import tempfile

import syft_crypto_python as syc

import peer

peer.without_its_start("syft")

from syft.sync.peers.peer_store import PeerStore  # noqa: E402


def answer(asked):
    try:
        return DO[asked["do"]](asked)
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}"[:300]}


def keys_of(digits):
    return syc.SyftRecoveryKey.from_hex_string(digits).derive_keys()


def person(asked):
    recovery = syc.SyftRecoveryKey.from_hex_string(asked["recovery"])
    keys = recovery.derive_keys()
    bundle = keys.to_public_bundle()
    return {
        "words": recovery.to_mnemonic(),
        "secret": keys.to_jwks(),
        "bundle": bundle.to_did_document(f"did:syft:{asked['email']}"),
        "fingerprint": bundle.identity_fingerprint(),
    }


def seal(asked):
    recipients = [
        syc.EncryptionRecipient(to["email"], syc.SyftPublicKeyBundle.from_did_document(to["bundle"]))
        for to in asked["to"]
    ]
    keys, plain = keys_of(asked["recovery"]), peer.from_text(asked["plain"])
    if asked["segment"] is None:
        sealed = syc.encrypt_message(asked["email"], keys, recipients, plain, asked["label"])
        return {"bytes": peer.to_text(bytes(sealed))}
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "plain"), os.path.join(folder, "sealed")
        with open(source, "wb") as file:
            file.write(plain)
        syc.encrypt_file(asked["email"], keys, recipients, source, target, asked["label"], asked["segment"])
        with open(target, "rb") as file:
            return {"bytes": peer.to_text(file.read())}


def opened(asked):
    envelope = syc.parse_envelope(peer.from_text(asked["sealed"]))
    bundle = syc.SyftPublicKeyBundle.from_did_document(asked["from"])
    syc.verify_envelope_signature(envelope, bundle.identity_key_bytes)
    plain = syc.decrypt_message(asked["email"], keys_of(asked["recovery"]), bundle, envelope)
    return {"bytes": peer.to_text(bytes(plain))}


def bundle(asked):
    read = syc.SyftPublicKeyBundle.from_did_document(asked["bundle"])
    return {"fingerprint": read.identity_fingerprint()}


def load(asked):
    """What the peer's store of keys takes out of a file, as it would write it."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "crypto_keys.json")
        with open(path, "w") as file:
            file.write(asked["file"])
        store = PeerStore.load_keys(path)
        again = os.path.join(folder, "again.json")
        store.save_keys(again)
        with open(again) as file:
            return {"file": file.read()}


DO = {"person": person, "seal": seal, "open": opened, "bundle": bundle, "load": load}

peer.serve(answer)
