//! The memo of verified access tokens: bounded, concurrent, and empty again with the keys that it
//! belongs to.

use cookiejwt_core::{
    Config, Core,
    driver::{VerifiedAccess, VerifiedField, VerifiedMemo},
};
use quick_cache::{Weighter, sync::Cache};

/// What an entry counts for at least, in bytes, so that a limit of bytes is one of entries too.
const ENTRY: u64 = 1024;
/// The same for a whole field, with its token.
const FIELD: u64 = 2048;

/// A core with the memo that its settings ask for.
pub(crate) fn core_with_memo(config: Config) -> Core {
    match config.memo_entries() {
        0 => Core::new(config),
        entries => Core::with_memo(config, Memo::new(entries)),
    }
}

struct Memo {
    /// Found by the end of the token, which is the end of a valid signature, so no client can
    /// choose it. The core compares the rest.
    tokens: Cache<[u8; END], VerifiedAccess, Bytes>,
    /// Found by a sample. Fields that only differ elsewhere take each other's place, so they cannot
    /// make a search long.
    fields: Cache<Sample, VerifiedField, Bytes>,
}

const END: usize = 32;

/// The length of a text and words from all over it, mixed into one.
type Sample = u64;

const WORDS: usize = 8;
const WORD: usize = size_of::<u64>();

impl Memo {
    fn new(entries: u32) -> Self {
        let (most, entries) = (entries as usize, u64::from(entries));
        Self {
            tokens: Cache::with_weighter(most, entries * ENTRY, Bytes),
            fields: Cache::with_weighter(most, entries * FIELD, Bytes),
        }
    }
}

impl VerifiedMemo for Memo {
    fn recall(&self, token: &[u8]) -> Option<VerifiedAccess> {
        self.tokens.get(token.last_chunk::<END>()?)
    }

    fn remember(&self, access: VerifiedAccess) {
        if let Some(end) = access.token().last_chunk::<END>().copied() {
            self.tokens.insert(end, access);
        }
    }

    fn forget(&self, token: &[u8]) {
        if let Some(end) = token.last_chunk::<END>() {
            self.tokens.remove(end);
        }
    }

    fn recall_field(&self, field: &[u8]) -> Option<VerifiedField> {
        self.fields.get(&sample(field)?)
    }

    fn remember_field(&self, field: VerifiedField) {
        if let Some(sample) = sample(field.text()) {
            self.fields.insert(sample, field);
        }
    }

    fn forget_field(&self, field: &[u8]) {
        if let Some(sample) = sample(field) {
            self.fields.remove(&sample);
        }
    }
}

/// To hash a whole field would cost more than to compare it. Most of it are tokens, in which any
/// word is different for every user.
///
/// Mixed without a key: a client that makes two of its own fields collide replaces one with the
/// other, and to replace a field of another user it has to know that user's token.
fn sample(field: &[u8]) -> Option<Sample> {
    /// 2^64 divided by the golden ratio, which is odd.
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    let stride = field.len().checked_sub(WORD)? / (WORDS - 1);
    let mix = |mixed: u64, word: u64| (mixed ^ word).wrapping_mul(SPREAD).rotate_right(29);
    // Two chains, because a processor multiplies several numbers at once.
    let (mut left, mut right) = (field.len() as u64, SPREAD);
    let (mut first, mut second) = (field, field.get(stride * (WORDS / 2)..)?);
    for _ in 1..WORDS / 2 {
        (left, right) = (mix(left, word(first)?), mix(right, word(second)?));
        (first, second) = (first.get(stride..)?, second.get(stride..)?);
    }
    (left, right) = (mix(left, word(first)?), mix(right, word(second)?));
    Some((left ^ right.rotate_right(32)).wrapping_mul(SPREAD))
}

fn word(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk::<WORD>().map(|word| u64::from_le_bytes(*word))
}

#[derive(Clone)]
struct Bytes;

impl Weighter<[u8; END], VerifiedAccess> for Bytes {
    fn weight(&self, _: &[u8; END], access: &VerifiedAccess) -> u64 {
        (access.size() as u64).max(ENTRY)
    }
}

impl Weighter<Sample, VerifiedField> for Bytes {
    fn weight(&self, _: &Sample, field: &VerifiedField) -> u64 {
        (field.size() as u64).max(FIELD)
    }
}

#[cfg(test)]
mod tests {
    use cookiejwt_core::{RevocationLevel, testing};

    use super::*;

    /// Presents so many tokens of this much text to a core with this memo.
    fn fill(memo: &std::sync::Arc<Memo>, tokens: usize, text: usize) {
        struct Shared(std::sync::Arc<Memo>);
        impl VerifiedMemo for Shared {
            fn recall(&self, token: &[u8]) -> Option<VerifiedAccess> {
                self.0.recall(token)
            }

            fn remember(&self, access: VerifiedAccess) {
                self.0.remember(access);
            }

            fn forget(&self, token: &[u8]) {
                self.0.forget(token);
            }

            fn recall_field(&self, field: &[u8]) -> Option<VerifiedField> {
                self.0.recall_field(field)
            }

            fn remember_field(&self, field: VerifiedField) {
                self.0.remember_field(field);
            }
        }
        let config = testing::config().revocation(RevocationLevel::AtRefresh).build().unwrap();
        let core = Core::with_memo(config, Shared(memo.clone()));
        for number in 0..tokens {
            let token = testing::access(number.to_string()).claim("text", "x".repeat(text));
            let (parts, ()) =
                http::Request::get("/").header("cookie", token.cookie()).body(()).unwrap().into_parts();
            assert!(core.authenticate(&parts, testing::NOW).is_authenticated());
        }
    }

    #[test]
    fn it_is_bounded_in_entries_and_in_bytes() {
        for (rule, tokens, text, most_entries) in
            [("small tokens", 500, 0, 100), ("large tokens take the place of several", 200, 2600, 30)]
        {
            let memo = std::sync::Arc::new(Memo::new(100));
            fill(&memo, tokens, text);
            assert!(memo.tokens.len() <= most_entries, "{rule}: {} entries", memo.tokens.len());
            assert!(!memo.tokens.is_empty(), "{rule}");
            assert!(memo.tokens.weight() <= 100 * ENTRY, "{rule}: {} bytes", memo.tokens.weight());
            assert!(memo.fields.len() <= most_entries, "{rule}: {} fields", memo.fields.len());
            assert!(!memo.fields.is_empty(), "{rule}");
            assert!(memo.fields.weight() <= 100 * FIELD, "{rule}: {} bytes", memo.fields.weight());
        }
    }

    #[test]
    fn an_entry_is_found_by_its_token_and_forgotten_by_it() {
        let memo = std::sync::Arc::new(Memo::new(100));
        fill(&memo, 3, 0);
        let token = testing::access("1").claim("text", "").token();
        assert_eq!(memo.recall(token.as_bytes()).unwrap().token(), token.as_bytes());
        assert!(memo.recall(&token.as_bytes()[..token.len() - 1]).is_none());
        assert!(memo.recall(b"short").is_none());
        memo.forget(token.as_bytes());
        assert!(memo.recall(token.as_bytes()).is_none());
        assert_eq!(memo.tokens.len(), 2);
    }

    #[test]
    fn a_field_is_found_by_itself_and_forgotten() {
        let memo = std::sync::Arc::new(Memo::new(100));
        fill(&memo, 3, 0);
        let field = testing::access("1").claim("text", "").cookie();
        assert_eq!(memo.recall_field(field.as_bytes()).unwrap().text(), field.as_bytes());
        assert!(memo.recall_field(&field.as_bytes()[1..]).is_none());
        assert!(memo.recall_field(b"a=1").is_none());
        memo.forget_field(field.as_bytes());
        assert!(memo.recall_field(field.as_bytes()).is_none());
    }

    #[test]
    fn fields_of_two_users_have_two_samples() {
        let field = |user: &str| testing::access(user).cookie();
        assert_ne!(sample(field("1").as_bytes()), sample(field("2").as_bytes()));
        for (rule, text, is_some) in [("shorter than a word", "1234567", false), ("a word", "12345678", true)]
        {
            assert_eq!(sample(text.as_bytes()).is_some(), is_some, "{rule}");
        }
    }
}
