//! Memos that keep everything of one kind.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::token::{VerifiedAccess, VerifiedField, VerifiedMemo};

/// A memo of tokens, and of no field.
pub(crate) type Tokens = Kept<VerifiedAccess>;
/// A memo of whole `Cookie` fields, and of no token.
pub(crate) type Fields = Kept<VerifiedField>;

/// Keeps every entry, counts, and gives what a test wants.
pub(crate) struct Kept<V>(Arc<Mutex<Inner<V>>>);

struct Inner<V> {
    entries: HashMap<Vec<u8>, V>,
    hits: usize,
    /// Given for every key: a memo that mixes its entries up.
    always: Option<V>,
}

impl<V> Default for Kept<V> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Inner { entries: HashMap::new(), hits: 0, always: None })))
    }
}

impl<V> Clone for Kept<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: Clone> Kept<V> {
    fn find(&self, key: &[u8]) -> Option<V> {
        let mut inner = self.0.lock().unwrap();
        let found = inner.always.clone().or_else(|| inner.entries.get(key).cloned());
        inner.hits += usize::from(found.is_some());
        found
    }

    fn keep(&self, key: &[u8], value: V) {
        self.0.lock().unwrap().entries.insert(key.to_vec(), value);
    }

    fn remove(&self, key: &[u8]) {
        self.0.lock().unwrap().entries.remove(key);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().entries.len()
    }

    pub(crate) fn hits(&self) -> usize {
        self.0.lock().unwrap().hits
    }

    /// From now on, gives one of the kept entries for every key.
    pub(crate) fn mix_up(&self) {
        let mut inner = self.0.lock().unwrap();
        inner.always = inner.entries.values().next().cloned();
    }
}

impl VerifiedMemo for Tokens {
    fn recall(&self, token: &[u8]) -> Option<VerifiedAccess> {
        self.find(token)
    }

    fn remember(&self, access: VerifiedAccess) {
        self.keep(access.token(), access.clone());
    }

    fn forget(&self, token: &[u8]) {
        self.remove(token);
    }
}

impl VerifiedMemo for Fields {
    fn recall(&self, _: &[u8]) -> Option<VerifiedAccess> {
        None
    }

    fn remember(&self, _: VerifiedAccess) {}

    fn forget(&self, _: &[u8]) {}

    fn recall_field(&self, field: &[u8]) -> Option<VerifiedField> {
        self.find(field)
    }

    fn remember_field(&self, field: VerifiedField) {
        self.keep(field.text(), field.clone());
    }

    fn forget_field(&self, field: &[u8]) {
        self.remove(field);
    }
}
