//! A memo that keeps every `Cookie` field.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::token::{VerifiedAccess, VerifiedField, VerifiedMemo};

/// Keeps every field, counts, and gives what a test wants.
#[derive(Clone, Default)]
pub(crate) struct Fields(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    entries: HashMap<Vec<u8>, VerifiedField>,
    hits: usize,
    /// Given for every field: a memo that mixes its entries up.
    always: Option<VerifiedField>,
}

impl VerifiedMemo for Fields {
    fn recall(&self, _: &[u8]) -> Option<VerifiedAccess> {
        None
    }

    fn remember(&self, _: VerifiedAccess) {}

    fn forget(&self, _: &[u8]) {}

    fn recall_field(&self, field: &[u8]) -> Option<VerifiedField> {
        let mut kept = self.0.lock().unwrap();
        let found = kept.always.clone().or_else(|| kept.entries.get(field).cloned());
        kept.hits += usize::from(found.is_some());
        found
    }

    fn remember_field(&self, field: VerifiedField) {
        self.0.lock().unwrap().entries.insert(field.text().to_vec(), field);
    }

    fn forget_field(&self, field: &[u8]) {
        self.0.lock().unwrap().entries.remove(field);
    }
}

impl Fields {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().entries.len()
    }

    pub(crate) fn hits(&self) -> usize {
        self.0.lock().unwrap().hits
    }

    /// From now on, gives one of the kept entries for every field.
    pub(crate) fn mix_up(&self) {
        let mut kept = self.0.lock().unwrap();
        kept.always = kept.entries.values().next().cloned();
    }
}
