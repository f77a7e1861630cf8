//! The credentials of a request that were not accepted or came more than once.

use crate::{
    decide::decision::Decision,
    request::{CredentialFault, CredentialName, DuplicateCookie},
    response::Twins,
    token::TokenFault,
};

/// What was noticed about the credentials of a request.
///
/// Boxed: hardly any request has one, and every decision has the field.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults(Option<Box<Noticed>>);

#[derive(Clone, Debug, Default)]
struct Noticed {
    list: Vec<CredentialFault>,
    duplicated: Option<Duplicated>,
}

#[derive(Clone, Debug)]
struct Duplicated {
    cookie: DuplicateCookie,
    twins: Twins,
}

impl Faults {
    pub(super) fn add(&mut self, credential: CredentialName, fault: TokenFault) {
        self.0.get_or_insert_default().list.push(CredentialFault { credential, fault });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &CredentialFault> {
        self.0.iter().flat_map(|noticed| &noticed.list)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub(super) fn report(&mut self, cookie: DuplicateCookie, twins: Twins) {
        self.0.get_or_insert_default().duplicated = Some(Duplicated { cookie, twins });
    }
}

impl Decision {
    /// Adds what was noticed about the credentials; cookies that are set or cleared delete their
    /// twins.
    pub(super) fn with_faults(mut self, faults: Faults) -> Self {
        let Some(noticed) = faults.0 else { return self };
        let Noticed { list, duplicated } = *noticed;
        if !list.is_empty() {
            self.notes.write().faults = list;
        }
        if let Some(Duplicated { cookie, twins }) = duplicated {
            self.notes.write().duplicate = Some(cookie);
            self.cookies = self.cookies.with_twins(twins);
        }
        self
    }
}
