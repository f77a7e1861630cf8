//! Ids that count instead of being random, so that they are the same on every framework: `#1`,
//! `#2`, …

use std::sync::atomic::{AtomicU64, Ordering};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

const ID_BYTES: usize = 16;
const NAMED: u64 = 99;

#[derive(Debug, Default)]
pub struct Counting(AtomicU64);

impl Counting {
    pub fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(ID_BYTES) {
            let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
            let id = u128::from(number).to_be_bytes();
            chunk.copy_from_slice(&id[ID_BYTES - chunk.len()..]);
        }
    }
}

/// The id as it is in tokens and bodies.
pub fn id(number: u64) -> String {
    URL_SAFE_NO_PAD.encode(u128::from(number).to_be_bytes())
}

/// The same text with `#1` for the first id that was drawn, and so on.
pub fn named(text: &str) -> String {
    (1..=NAMED).fold(text.to_owned(), |text, number| text.replace(&id(number), &format!("#{number}")))
}
