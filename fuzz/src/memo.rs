//! A memo that remembers everything, of few tokens and fields.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use cookiejwt_core::driver::{VerifiedAccess, VerifiedField, VerifiedMemo};

/// With more entries than this it begins again.
const MOST: usize = 1000;

#[derive(Default)]
/// Keeps what was verified, until there is too much of it.
pub struct Memo(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    tokens: HashMap<Vec<u8>, VerifiedAccess>,
    fields: HashMap<Vec<u8>, VerifiedField>,
}

impl Memo {
    fn entries(&self) -> MutexGuard<'_, Entries> {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.fields.len() > MOST {
            *entries = Entries::default();
        }
        entries
    }
}

impl VerifiedMemo for Memo {
    fn recall(&self, token: &[u8]) -> Option<VerifiedAccess> {
        self.entries().tokens.get(token).cloned()
    }

    fn remember(&self, access: VerifiedAccess) {
        self.entries().tokens.insert(access.token().to_vec(), access);
    }

    fn forget(&self, token: &[u8]) {
        self.entries().tokens.remove(token);
    }

    fn recall_field(&self, field: &[u8]) -> Option<VerifiedField> {
        self.entries().fields.get(field).cloned()
    }

    fn remember_field(&self, field: VerifiedField) {
        self.entries().fields.insert(field.text().to_vec(), field);
    }

    fn forget_field(&self, field: &[u8]) {
        self.entries().fields.remove(field);
    }
}
