//! The memo of verified access tokens: bounded, concurrent, and empty again with the keys that it
//! belongs to.

use std::{
    borrow::Borrow,
    hash::{Hash, Hasher},
};

use cookiejwt_core::{
    Config, Core,
    driver::{VerifiedAccess, VerifiedMemo},
};
use quick_cache::{Weighter, sync::Cache};

/// What an entry counts for at least, in bytes, so that a limit of bytes is one of entries too.
const ENTRY: u64 = 1024;

/// A core with the memo that its settings ask for.
pub(crate) fn core_with_memo(config: Config) -> Core {
    match config.memo_entries() {
        0 => Core::new(config),
        entries => Core::with_memo(config, Memo::new(entries)),
    }
}

struct Memo(Cache<Entry, VerifiedAccess, Bytes>);

impl Memo {
    fn new(entries: u32) -> Self {
        Self(Cache::with_weighter(entries as usize, u64::from(entries) * ENTRY, Bytes))
    }
}

impl VerifiedMemo for Memo {
    fn recall(&self, token: &[u8]) -> Option<VerifiedAccess> {
        self.0.get(token)
    }

    fn remember(&self, access: VerifiedAccess) {
        self.0.insert(Entry(access.clone()), access);
    }

    fn forget(&self, token: &[u8]) {
        self.0.remove(token);
    }
}

/// An entry is found by its whole token.
#[derive(Clone)]
struct Entry(VerifiedAccess);

impl Borrow<[u8]> for Entry {
    fn borrow(&self) -> &[u8] {
        self.0.token()
    }
}

impl Hash for Entry {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.token().hash(state);
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.0.token() == other.0.token()
    }
}

impl Eq for Entry {}

#[derive(Clone)]
struct Bytes;

impl Weighter<Entry, VerifiedAccess> for Bytes {
    fn weight(&self, _: &Entry, access: &VerifiedAccess) -> u64 {
        (access.size() as u64).max(ENTRY)
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
        }
        let config = testing::config().revocation(RevocationLevel::AtRefresh).build().unwrap();
        let core = Core::with_memo(config, Shared(memo.clone()));
        for number in 0..tokens {
            let token = testing::access(number.to_string()).claim("text", "x".repeat(text));
            let (parts, ()) = http::Request::get("/")
                .header("authorization", token.bearer())
                .body(())
                .unwrap()
                .into_parts();
            assert!(core.authenticate(&parts, testing::NOW).is_authenticated());
        }
    }

    #[test]
    fn it_is_bounded_in_entries_and_in_bytes() {
        for (rule, tokens, text, most_entries) in
            [("small tokens", 500, 0, 100), ("tokens of 4 KiB take the place of several", 200, 3000, 20)]
        {
            let memo = std::sync::Arc::new(Memo::new(100));
            fill(&memo, tokens, text);
            assert!(memo.0.len() <= most_entries, "{rule}: {} entries", memo.0.len());
            assert!(!memo.0.is_empty(), "{rule}");
            assert!(memo.0.weight() <= 100 * ENTRY, "{rule}: {} bytes", memo.0.weight());
        }
    }

    #[test]
    fn an_entry_is_found_by_its_token_and_forgotten_by_it() {
        let memo = std::sync::Arc::new(Memo::new(100));
        fill(&memo, 3, 0);
        let token = testing::access("1").claim("text", "").token();
        assert_eq!(memo.recall(token.as_bytes()).unwrap().token(), token.as_bytes());
        assert!(memo.recall(&token.as_bytes()[1..]).is_none());
        memo.forget(token.as_bytes());
        assert!(memo.recall(token.as_bytes()).is_none());
        assert_eq!(memo.0.len(), 2);
    }
}
